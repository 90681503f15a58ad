package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A line of counters and an allocation cursor for each thread, so that workers do not write to each other's cache lines.
 *
 * <p>The first {@value #EXCLUSIVE} threads that ask get a lane of their own for ever; further ones share the last lane.
 * A value is written by its owner with plain arithmetic and opaque stores, and read by anyone; the shared lane adds with
 * compare-and-set.
 */
final class Lanes implements AutoCloseable {
    private static final int EXCLUSIVE = 63;
    private static final int SHARED = EXCLUSIVE;
    private static final int LENGTH = 256;
    private static final int CURSOR = 8 * 16;
    private static final int PRESSED = CURSOR + 4;

    private final long address = OffHeap.allocate((EXCLUSIVE + 1L) * LENGTH);
    private final AtomicLongArray owners = new AtomicLongArray(EXCLUSIVE);

    /** The lane of the calling thread, as an address. */
    long mine() {
        final long thread = Thread.currentThread().threadId();
        for (int probe = 0; probe < EXCLUSIVE; probe++) {
            final int lane = (int) ((thread + probe) % EXCLUSIVE);
            final long owner = owners.getOpaque(lane);
            if (owner == thread || (owner == 0 && owners.compareAndSet(lane, 0, thread))) {
                return address + (long) lane * LENGTH;
            }
        }
        return address + (long) SHARED * LENGTH;
    }

    void add(long lane, ConntrackCounter counter, long amount) {
        final long at = lane + 8L * counter.id();
        if (lane != address + (long) SHARED * LENGTH) {
            OffHeap.putLongOpaque(at, OffHeap.getLongOpaque(at) + amount);
            return;
        }
        long seen;
        do {
            seen = OffHeap.getLongAcquire(at);
        } while (!OffHeap.compareAndSetLong(at, seen, seen + amount));
    }

    long sum(ConntrackCounter counter) {
        long sum = 0;
        for (int lane = 0; lane <= SHARED; lane++) {
            if (lane == SHARED || owners.getOpaque(lane) != 0) {
                sum += OffHeap.getLongOpaque(address + (long) lane * LENGTH + 8L * counter.id());
            }
        }
        return sum;
    }

    /** The next entry that this lane looks at. */
    int cursor(long lane) {
        return OffHeap.getIntOpaque(lane + CURSOR);
    }

    /** The table was full when this lane took its chunk. */
    boolean isPressed(long lane) {
        return OffHeap.getIntOpaque(lane + PRESSED) != 0;
    }

    void cursor(long lane, int next) {
        OffHeap.putIntOpaque(lane + CURSOR, next);
    }

    void pressed(long lane, boolean pressed) {
        OffHeap.putIntOpaque(lane + PRESSED, pressed ? 1 : 0);
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
