package io.weir.bench.latency;

import java.util.Arrays;

/**
 * When the packets that are inside became due, oldest first. Used by one thread.
 *
 * <p>Packets leave in the order in which they came, because one worker forwards all of them, so that a queue of times suffices.
 */
final class Arrivals {
    private final long[] times;
    private final int mask;
    private long added;
    private long taken;

    /**
     * @param capacity packets inside at most, a power of two
     */
    Arrivals(int capacity) {
        times = new long[capacity];
        mask = capacity - 1;
        Arrays.fill(times, 0);
    }

    void add(long nanoTime) {
        times[(int) added++ & mask] = nanoTime;
    }

    /** When the oldest became due; it leaves now. */
    long take() {
        return times[(int) taken++ & mask];
    }
}
