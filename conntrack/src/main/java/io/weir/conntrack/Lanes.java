package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A line of counters and an allocation cursor for each thread, so that workers do not write to each other's cache lines.
 *
 * <p>A thread that asks gets a lane of its own: a free one, or that of a thread that has ended, whose counts stay in it.
 * While {@value #EXCLUSIVE} other threads live that have one, a further thread uses the shared lane: it counts there by
 * compare-and-set and allocates without a cursor, which is slower and as safe.
 */
final class Lanes implements AutoCloseable {
    static final int EXCLUSIVE = 63;
    private static final int SHARED = EXCLUSIVE;
    private static final int LENGTH = 256;
    private static final int CURSOR = 8 * 16;
    private static final int PRESSED = CURSOR + 4;
    private static final int CHUNK = PRESSED + 4;
    private static final int START = CHUNK + 8;
    private static final int TOUCHED = START + 4;
    private static final int HIDDEN_HIGH = TOUCHED + 4;
    private static final int HIDDEN_LOW = HIDDEN_HIGH + 8;

    /** Of a stamp, below the lane's number: see {@link #created}. */
    private static final int STAMP_BITS = 26;

    private final long address = OffHeap.allocate((EXCLUSIVE + 1L) * LENGTH);
    private final AtomicReferenceArray<@Nullable Thread> owners = new AtomicReferenceArray<>(EXCLUSIVE);

    /** The lane of the calling thread, as an address. */
    long mine() {
        final Thread thread = Thread.currentThread();
        final int home = (int) (thread.threadId() % EXCLUSIVE);
        int lane = home;
        do {
            final Thread owner = owners.getOpaque(lane);
            if (owner == thread) {
                return address + (long) lane * LENGTH;
            }
            if (owner == null) {
                return take(thread, home);
            }
            lane = lane + 1 == EXCLUSIVE ? 0 : lane + 1;
        } while (lane != home);
        return take(thread, home);
    }

    /** A lane that is free by now; the thread has none. Lanes are never freed, so the way from home to its own has no gap. */
    private long take(Thread thread, int home) {
        for (int probe = 0; probe < EXCLUSIVE; probe++) {
            final int lane = (home + probe) % EXCLUSIVE;
            final Thread owner = owners.get(lane);
            if ((owner == null || !owner.isAlive()) && owners.compareAndSet(lane, owner, thread)) {
                final long at = address + (long) lane * LENGTH;
                cursor(at, ConntrackTable.NONE); // what its last owner had begun with belongs to others by now
                return at;
            }
        }
        return address + (long) SHARED * LENGTH;
    }

    boolean isShared(long lane) {
        return lane == address + (long) SHARED * LENGTH;
    }

    /** The counter's value in this lane. */
    long add(long lane, ConntrackCounter counter, long amount) {
        final long at = lane + 8L * counter.id();
        if (!isShared(lane)) {
            final long value = OffHeap.getLongOpaque(at) + amount;
            OffHeap.putLongOpaque(at, value);
            return value;
        }
        long seen;
        do {
            seen = OffHeap.getLongAcquire(at);
        } while (!OffHeap.compareAndSetLong(at, seen, seen + amount));
        return seen + amount;
    }

    /**
     * Counts a new connection.
     *
     * @return a stamp that no other creation had during the last 67 million of this lane
     */
    int created(long lane) {
        final int count = (int) add(lane, ConntrackCounter.CREATED, 1);
        final int number = (int) (lane - address) / LENGTH;
        return (number << STAMP_BITS) | (count & ((1 << STAMP_BITS) - 1));
    }

    long sum(ConntrackCounter counter) {
        long sum = 0;
        for (int lane = 0; lane <= SHARED; lane++) {
            sum += OffHeap.getLongOpaque(address + (long) lane * LENGTH + 8L * counter.id());
        }
        return sum;
    }

    /** The next entry that this lane looks at; {@link ConntrackTable#NONE} when it has done with its chunk. */
    int cursor(long lane) {
        return OffHeap.getIntOpaque(lane + CURSOR);
    }

    void cursor(long lane, int next) {
        OffHeap.putIntOpaque(lane + CURSOR, next);
    }

    /**
     * The lane has taken a chunk.
     *
     * @param number  in the order in which chunks are handed out
     * @param start   its first entry
     * @param pressed the table is nearly full
     */
    void begin(long lane, long number, int start, boolean pressed) {
        OffHeap.putLongOpaque(lane + CHUNK, number);
        OffHeap.putIntOpaque(lane + START, start);
        OffHeap.putIntOpaque(lane + PRESSED, pressed ? 1 : 0);
    }

    long chunk(long lane) {
        return OffHeap.getLongOpaque(lane + CHUNK);
    }

    int start(long lane) {
        return OffHeap.getIntOpaque(lane + START);
    }

    /** The table was nearly full when this lane took its chunk. */
    boolean isPressed(long lane) {
        return OffHeap.getIntOpaque(lane + PRESSED) != 0;
    }

    /** Where the owner hides the senders of new connections, by its last one: a guess that is worth a load ahead of time. */
    void hidden(long lane, long high, long low) {
        OffHeap.putLongOpaque(lane + HIDDEN_HIGH, high);
        OffHeap.putLongOpaque(lane + HIDDEN_LOW, low);
    }

    long hiddenHigh(long lane) {
        return OffHeap.getLongOpaque(lane + HIDDEN_HIGH);
    }

    long hiddenLow(long lane) {
        return OffHeap.getLongOpaque(lane + HIDDEN_LOW);
    }

    /** Takes what was loaded only to have it in the cache, so that the loads are not optimised away. */
    void touched(long lane, int sum) {
        OffHeap.putIntOpaque(lane + TOUCHED, sum);
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
