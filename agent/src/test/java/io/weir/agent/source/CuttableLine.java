package io.weir.agent.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP relay on loopback that can be cut, mended, and made so slow that nothing comes through. */
public final class CuttableLine implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();
    private final Set<Socket> servers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean isCut;
    private volatile boolean isStopped;

    /** @param listening its network namespace may be another than the target's */
    CuttableLine(int target, ServerSocket listening) {
        this.target = target;
        this.listening = listening;
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Connections that came so far, also in vain. */
    public int accepted() {
        return accepted.get();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                final Socket client = listening.accept();
                accepted.incrementAndGet();
                if (isCut) {
                    client.close();
                    continue;
                }
                final Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                clients.add(client);
                servers.add(server);
                Thread.ofVirtual().start(() -> up(client, server));
                Thread.ofVirtual().start(() -> down(server, client));
            } catch (final IOException e) {
                if (listening.isClosed()) {
                    return;
                }
            }
        }
    }

    /** To the server, which does not hear of the client's end: its far side goes silent, as that of a cut line does. */
    private void up(Socket client, Socket server) {
        final byte[] block = new byte[1 << 16];
        try (client) {
            final InputStream in = client.getInputStream();
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                awaitGoing();
                server.getOutputStream().write(block, 0, read);
            }
        } catch (final IOException e) {
            // cut, or one side has ended
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From the server; what comes after the cut is lost. */
    private void down(Socket server, Socket client) {
        final byte[] block = new byte[1 << 16];
        try (server;
                client) {
            final InputStream in = server.getInputStream();
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                awaitGoing();
                if (!client.isClosed()) {
                    client.getOutputStream().write(block, 0, read);
                }
            }
        } catch (final IOException e) {
            // one side has ended
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitGoing() throws InterruptedException {
        while (isStopped) {
            Thread.sleep(5);
        }
    }

    /** Ends all connections; new ones end at once. */
    public void cut() {
        isCut = true;
        closeAll(clients);
    }

    /** Ends all connections, and the server hears of it as of a client that closes. */
    void hangUp() {
        cut();
        closeAll(servers);
    }

    private static void closeAll(Set<Socket> sockets) {
        for (final Socket socket : sockets) {
            try {
                socket.close();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        sockets.clear();
    }

    /** New connections work again. */
    public void mend() {
        isCut = false;
    }

    /** Connections stay, and nothing moves. */
    public void stop() {
        isStopped = true;
    }

    /** It moves again. */
    public void go() {
        isStopped = false;
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        hangUp();
    }
}
