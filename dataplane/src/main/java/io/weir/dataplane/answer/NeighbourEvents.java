package io.weir.dataplane.answer;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * What the workers report to the conductor about neighbours: a bounded queue between threads, without allocation. A report
 * that finds it full is lost and counted: the worker asks again a second later.
 */
public final class NeighbourEvents {
    /** Takes reports out of the queue. */
    interface Reader {
        /** Packets wait for this neighbour. */
        void onWanted(int port, long high, long low);

        /** A station said that this address is its own. */
        void onHeard(int port, long high, long low, long mac);
    }

    private static final int CAPACITY = 64 * 1024;
    private static final int LENGTH = 32;
    private static final int WANTED = 1;
    private static final int HEARD = 2;

    private static final int HIGH = 0;
    private static final int LOW = 8;
    private static final int MAC = 16;
    private static final int PORT = 24;

    private final ManyToOneRingBuffer ring = new ManyToOneRingBuffer(
            new UnsafeBuffer(ByteBuffer.allocateDirect(CAPACITY + RingBufferDescriptor.TRAILER_LENGTH)));
    private final AtomicLong lost = new AtomicLong();
    private volatile Runnable bell = () -> {};

    /** What the reporting worker does after each report: it wakes whoever drains the queue. Allocates and waits for nothing. */
    public void bell(Runnable ring) {
        bell = ring;
    }

    /** Any worker. */
    void wanted(int port, long high, long low) {
        offer(WANTED, port, high, low, 0);
    }

    /** Any worker. */
    void heard(int port, long high, long low, long mac) {
        offer(HEARD, port, high, low, mac);
    }

    private void offer(int type, int port, long high, long low, long mac) {
        final int index = ring.tryClaim(type, LENGTH);
        if (index < 0) {
            lost.incrementAndGet();
            return;
        }
        final AtomicBuffer buffer = ring.buffer();
        buffer.putLong(index + HIGH, high);
        buffer.putLong(index + LOW, low);
        buffer.putLong(index + MAC, mac);
        buffer.putInt(index + PORT, port);
        ring.commit(index);
        bell.run();
    }

    /** Conductor: hands over up to {@code limit} reports. */
    int drain(Reader reader, int limit) {
        return ring.read(
                (type, buffer, index, length) -> {
                    final int port = buffer.getInt(index + PORT);
                    final long high = buffer.getLong(index + HIGH);
                    final long low = buffer.getLong(index + LOW);
                    if (type == WANTED) {
                        reader.onWanted(port, high, low);
                    } else {
                        reader.onHeard(port, high, low, buffer.getLong(index + MAC));
                    }
                },
                limit);
    }

    /** Reports that found the queue full. */
    public long lost() {
        return lost.get();
    }
}
