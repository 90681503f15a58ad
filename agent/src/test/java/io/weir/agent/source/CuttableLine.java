package io.weir.agent.source;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP relay on loopback that can be cut, mended, and made so slow that nothing comes through. */
public final class CuttableLine implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean isCut;
    private volatile boolean isStopped;

    CuttableLine(int target) throws IOException {
        this.target = target;
        listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
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
                sockets.add(client);
                sockets.add(server);
                Thread.ofVirtual().start(() -> copy(client, server));
                Thread.ofVirtual().start(() -> copy(server, client));
            } catch (final IOException e) {
                if (listening.isClosed()) {
                    return;
                }
            }
        }
    }

    private void copy(Socket from, Socket to) {
        final byte[] block = new byte[1 << 16];
        try (from;
                to) {
            final InputStream in = from.getInputStream();
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                while (isStopped && !from.isClosed()) {
                    Thread.sleep(5);
                }
                to.getOutputStream().write(block, 0, read);
            }
        } catch (final IOException e) {
            // cut, or one side has ended
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(from);
        }
    }

    /** Ends all connections; new ones end at once. */
    public void cut() {
        isCut = true;
        for (final Socket socket : sockets) {
            try {
                socket.close();
            } catch (final IOException e) {
                throw new java.io.UncheckedIOException(e);
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
            throw new java.io.UncheckedIOException(e);
        }
        cut();
    }
}
