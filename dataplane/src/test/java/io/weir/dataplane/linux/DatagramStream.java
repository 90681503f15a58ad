package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Numbered datagrams from one namespace to another. As many as can be, with at most a window of them on their way, so that no
 * socket's buffer overflows and every one that does not arrive was lost between; or at a steady rate, whatever becomes of them.
 */
public final class DatagramStream implements AutoCloseable {
    private static final int WINDOW = 64;

    /** A datagram that has not come after this long will not come. */
    private static final long PATIENCE_NS = 2_000_000_000L;

    private final DatagramChannel receiver;
    private final DatagramChannel sender;
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private final AtomicBoolean isOver = new AtomicBoolean();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong misplaced = new AtomicLong();
    private final Thread sending;
    private final Thread receiving;
    private volatile @Nullable Exception problem;

    /**
     * Starts to send.
     *
     * @param intervalNs between two datagrams; 0: as many as the window lets through
     */
    public DatagramStream(NetworkNamespace from, NetworkNamespace to, String destination, int port, long intervalNs) {
        final InetSocketAddress target =
                new InetSocketAddress(IpAddress.parse(destination).toInetAddress(), port);
        receiver = to.call(() -> DatagramChannel.open().bind(target));
        sender = from.call(() -> DatagramChannel.open().connect(target));
        receiving = start(this::receive);
        sending = start(() -> {
            if (intervalNs == 0) {
                flood();
            } else {
                pace(intervalNs);
            }
        });
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private Thread start(Work work) {
        return Thread.ofPlatform().daemon().name("datagrams").start(() -> {
            try {
                work.run();
            } catch (final IOException | RuntimeException e) {
                problem = e;
            }
        });
    }

    private void send(ByteBuffer datagram) throws IOException {
        datagram.clear().putLong(0, sent.get());
        try {
            sender.write(datagram);
            sent.incrementAndGet();
        } catch (final PortUnreachableException e) {
            // about an earlier one; this one was not sent
        }
    }

    private void flood() throws IOException {
        final ByteBuffer datagram = ByteBuffer.allocateDirect(64);
        long progressNs = System.nanoTime();
        long known = 0;
        while (!isEnding.get()) {
            final long arrived = received.get();
            if (arrived != known) {
                known = arrived;
                progressNs = System.nanoTime();
            }
            if (sent.get() - lost.get() - arrived < WINDOW) {
                send(datagram);
            } else if (System.nanoTime() - progressNs > PATIENCE_NS) {
                lost.set(sent.get() - arrived);
                progressNs = System.nanoTime();
            } else {
                LockSupport.parkNanos(10_000);
            }
        }
    }

    private void pace(long intervalNs) throws IOException {
        final ByteBuffer datagram = ByteBuffer.allocateDirect(64);
        while (!isEnding.get()) {
            send(datagram);
            LockSupport.parkNanos(intervalNs);
        }
    }

    private void receive() throws IOException {
        final ByteBuffer datagram = ByteBuffer.allocateDirect(128);
        receiver.configureBlocking(false);
        long highest = -1;
        while (!isOver.get()) {
            datagram.clear();
            if (receiver.receive(datagram) == null) {
                LockSupport.parkNanos(10_000);
                continue;
            }
            final long number = datagram.getLong(0);
            if (number <= highest) {
                misplaced.incrementAndGet();
            }
            highest = Math.max(number, highest);
            received.incrementAndGet();
        }
    }

    /** Sends no more, and waits for what is on its way; returns how many did not arrive. */
    public long finish() throws Exception {
        isEnding.set(true);
        sending.join();
        final long end = System.nanoTime() + PATIENCE_NS;
        while (received.get() < sent.get() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(1_000_000);
        }
        isOver.set(true);
        receiving.join();
        final Exception thrown = problem;
        if (thrown != null) {
            throw thrown;
        }
        return sent.get() - received.get();
    }

    public long sent() {
        return sent.get();
    }

    /** Datagrams that came twice, or behind one that was sent later. */
    public long misplaced() {
        return misplaced.get();
    }

    @Override
    public void close() throws IOException {
        isEnding.set(true);
        isOver.set(true);
        sender.close();
        receiver.close();
    }
}
