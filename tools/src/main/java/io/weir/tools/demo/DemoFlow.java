package io.weir.tools.demo;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A TCP connection from one pod to another that carries a few bytes every millisecond, and knows when the last arrived. */
final class DemoFlow implements AutoCloseable {
    private static final long PAUSE_NS = 1_000_000L;

    private final Socket sending;
    private final Socket receiving;
    private volatile long lastNs = System.nanoTime();
    private volatile long longestGapNs;
    private final AtomicLong arrived = new AtomicLong();

    /** Connects and begins to send. */
    DemoFlow(NetworkNamespace from, NetworkNamespace to, IpAddress destination, int port) throws IOException {
        try (ServerSocket server = to.call(() -> {
            final ServerSocket made = new ServerSocket();
            made.setReuseAddress(true);
            made.bind(new InetSocketAddress(destination.toInetAddress(), port));
            return made;
        })) {
            sending = from.call(() -> {
                final Socket socket = new Socket();
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(destination.toInetAddress(), port), 5_000);
                return socket;
            });
            receiving = server.accept();
        }
        Thread.ofPlatform().daemon().name("sending").start(this::send);
        Thread.ofPlatform().daemon().name("receiving").start(this::receive);
    }

    private void send() {
        final byte[] block = new byte[64];
        try {
            while (!sending.isClosed()) {
                sending.getOutputStream().write(block);
                LockSupport.parkNanos(PAUSE_NS);
            }
        } catch (final IOException e) {
            // closed, or cut off for so long that the kernel gave up
        }
    }

    private void receive() {
        final byte[] block = new byte[65_536];
        try {
            final InputStream in = receiving.getInputStream();
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                final long nowNs = System.nanoTime();
                longestGapNs = Math.max(longestGapNs, nowNs - lastNs);
                lastNs = nowNs;
                arrived.addAndGet(read);
            }
        } catch (final IOException e) {
            // closed
        }
    }

    /** When bytes arrived last. */
    long lastNs() {
        return lastNs;
    }

    long arrived() {
        return arrived.get();
    }

    /** Forgets the gaps so far. */
    void measureGaps() {
        longestGapNs = 0;
    }

    /** The longest time between two arrivals. */
    long longestGapNs() {
        return longestGapNs;
    }

    @Override
    public void close() {
        try {
            sending.close();
            receiving.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
