package io.weir.tools.run;

import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A connection that sends as fast as it can, and when its receiver read something last. */
final class EndlessStream implements AutoCloseable {
    private final ServerSocket server;
    private final Socket client;
    final AtomicLong bytes = new AtomicLong();
    volatile long lastNs;

    /** @param address of the receiver */
    EndlessStream(NodeRig rig, String from, String to, InetSocketAddress address) throws IOException {
        this(rig.namespace(from), rig.namespace(to), address);
    }

    /** @param address of the receiver */
    EndlessStream(NetworkNamespace from, NetworkNamespace to, InetSocketAddress address) throws IOException {
        server = to.call(() -> new ServerSocket(address.getPort()));
        client = from.call(() -> {
            final Socket socket = new Socket();
            socket.connect(address, 10_000);
            return socket;
        });
        final Socket accepted = server.accept();
        Thread.ofPlatform().daemon().start(() -> send(client));
        Thread.ofPlatform().daemon().start(() -> receive(accepted));
    }

    private static void send(Socket socket) {
        final byte[] block = new byte[1 << 14];
        try (OutputStream out = socket.getOutputStream()) {
            while (true) {
                out.write(block);
                LockSupport.parkNanos(500_000); // leaves the processor to weir and to the other connection
            }
        } catch (final IOException e) {
            LockSupport.parkNanos(100_000); // closed
        }
    }

    private void receive(Socket socket) {
        final byte[] block = new byte[1 << 16];
        try (InputStream in = socket.getInputStream()) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                lastNs = System.nanoTime();
                bytes.addAndGet(count);
            }
        } catch (final IOException e) {
            LockSupport.parkNanos(100_000); // closed
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        server.close();
    }
}
