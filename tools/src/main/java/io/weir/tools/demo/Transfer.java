package io.weir.tools.demo;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.zip.CRC32C;

/**
 * Bytes that went from one pod to another by TCP.
 *
 * @param bytes            how many arrived
 * @param nanos            from the connection's start to the last byte
 * @param sentChecksum     CRC-32C of what was sent
 * @param receivedChecksum CRC-32C of what arrived
 */
public record Transfer(long bytes, long nanos, long sentChecksum, long receivedChecksum) {
    private static final int PORT = 5001;
    private static final int BLOCK_BYTES = 1 << 18;

    public boolean isWhole(long wanted) {
        return bytes == wanted && sentChecksum == receivedChecksum;
    }

    public double gigabitsPerSecond() {
        return 8.0 * bytes / nanos;
    }

    /** Sends so many bytes from one namespace to an address in another. */
    public static Transfer run(NetworkNamespace from, NetworkNamespace to, IpAddress destination, long bytes) {
        final InetSocketAddress address = new InetSocketAddress(destination.toInetAddress(), PORT);
        return run(from, to, address, address, bytes);
    }

    /**
     * The same by way of somebody who translates.
     *
     * @param address  whom the sender asks
     * @param listener address of the receiver
     */
    public static Transfer run(
            NetworkNamespace from,
            NetworkNamespace to,
            InetSocketAddress address,
            InetSocketAddress listener,
            long bytes) {
        try (ServerSocket server = to.call(() -> listen(listener))) {
            final CompletableFuture<long[]> received = new CompletableFuture<>();
            Thread.ofPlatform().daemon().name("receiving").start(() -> {
                try (Socket socket = server.accept()) {
                    received.complete(receive(socket.getInputStream()));
                } catch (final IOException | RuntimeException e) {
                    received.completeExceptionally(e);
                }
            });
            final long begin = System.nanoTime();
            final long sent = from.call(() -> {
                try (Socket socket = new Socket()) {
                    socket.connect(address, 10_000);
                    return send(socket.getOutputStream(), bytes);
                }
            });
            final long[] arrived = received.get();
            return new Transfer(arrived[0], System.nanoTime() - begin, sent, arrived[1]);
        } catch (final IOException | ExecutionException e) {
            throw new CompletionException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        }
    }

    private static ServerSocket listen(InetSocketAddress address) throws IOException {
        final ServerSocket server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(address);
        return server;
    }

    /** Every block differs from the one before, so that a lost or repeated one is seen. */
    private static long send(OutputStream out, long bytes) throws IOException {
        final byte[] block = new byte[BLOCK_BYTES];
        new SplittableRandom(1).nextBytes(block);
        final CRC32C checksum = new CRC32C();
        for (long left = bytes; left > 0; left -= block.length) {
            final int length = (int) Math.min(left, block.length);
            for (int i = 0; i < Long.BYTES; i++) {
                block[i] = (byte) (left >>> (8 * i));
            }
            checksum.update(block, 0, length);
            out.write(block, 0, length);
        }
        return checksum.getValue();
    }

    private static long[] receive(InputStream in) throws IOException {
        final byte[] block = new byte[BLOCK_BYTES];
        final CRC32C checksum = new CRC32C();
        long bytes = 0;
        for (int read = in.read(block); read >= 0; read = in.read(block)) {
            checksum.update(block, 0, read);
            bytes += read;
        }
        return new long[] {bytes, checksum.getValue()};
    }
}
