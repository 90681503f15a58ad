package io.weir.tools.run;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/** Bytes by TCP at some 50 MB a second, so that things can be done in the middle. */
final class SlowTransfer implements AutoCloseable {
    private static final int PORT = 5003;
    private static final int BLOCK = 1 << 16;
    private static final long BLOCK_NS = 1_300_000;

    private final ServerSocket server;
    private final Socket client;
    private final Socket accepted;
    private final long bytes;
    private final AtomicLong received = new AtomicLong();
    private final CompletableFuture<Long> sentSum;
    private final CompletableFuture<Long> receivedSum;

    private SlowTransfer(ServerSocket server, Socket client, Socket accepted, long bytes) {
        this.server = server;
        this.client = client;
        this.accepted = accepted;
        this.bytes = bytes;
        sentSum = onThread(this::send);
        receivedSum = onThread(this::receive);
    }

    private static CompletableFuture<Long> onThread(Supplier<Long> work) {
        final CompletableFuture<Long> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                result.complete(work.get());
            } catch (final RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    static SlowTransfer start(NetworkNamespace from, NetworkNamespace to, IpAddress address, long bytes)
            throws IOException {
        final ServerSocket server = to.call(() -> new ServerSocket(PORT, 1, address.toInetAddress()));
        final Socket client = from.call(() -> {
            final Socket socket = new Socket();
            socket.connect(new InetSocketAddress(address.toInetAddress(), PORT), 10_000);
            return socket;
        });
        return new SlowTransfer(server, client, server.accept(), bytes);
    }

    private long send() {
        final CRC32C sum = new CRC32C();
        final SplittableRandom random = new SplittableRandom(1);
        final byte[] block = new byte[BLOCK];
        try (OutputStream out = client.getOutputStream()) {
            for (long left = bytes; left > 0; left -= block.length) {
                random.nextBytes(block);
                final int length = (int) Math.min(left, block.length);
                sum.update(block, 0, length);
                out.write(block, 0, length);
                LockSupport.parkNanos(BLOCK_NS);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return sum.getValue();
    }

    private long receive() {
        final CRC32C sum = new CRC32C();
        final byte[] block = new byte[BLOCK];
        try (InputStream in = accepted.getInputStream()) {
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                sum.update(block, 0, read);
                received.addAndGet(read);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return sum.getValue();
    }

    long received() {
        return received.get();
    }

    /** Waits for the end: everything has arrived and is what was sent. */
    boolean isWhole(long limit, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        return receivedSum.get(limit, unit).equals(sentSum.get(limit, unit)) && received.get() == bytes;
    }

    @Override
    public void close() throws IOException {
        client.close();
        accepted.close();
        server.close();
    }
}
