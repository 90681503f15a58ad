package io.weir.conntrack;

import java.util.concurrent.atomic.AtomicLong;

/** Shares the walk over all entries among the workers: one lap a second, whoever has time takes the next piece. */
final class Sweep {
    private static final long LAP_NS = 1_000_000_000L;

    private final int capacity;
    private final AtomicLong taken = new AtomicLong();
    private volatile long startNs = Long.MIN_VALUE;

    Sweep(int capacity) {
        this.capacity = capacity;
    }

    /**
     * The next piece that is due by now; a lap that was missed is not made up for.
     *
     * @return {@link #first} entry and {@link #count}; 0 when nothing is due or another worker was faster
     */
    long take(long nowNs, int budget) {
        if (startNs == Long.MIN_VALUE) {
            startNs = nowNs;
        }
        final long passedNs = nowNs - startNs;
        final long due = passedNs / LAP_NS * capacity + passedNs % LAP_NS * capacity / LAP_NS;
        final long seen = taken.get();
        final long from = Math.max(seen, due - capacity);
        final long count = Math.min(budget, due - from);
        if (count <= 0 || !taken.compareAndSet(seen, from + count)) {
            return 0;
        }
        return count << 32 | from % capacity;
    }

    static int first(long piece) {
        return (int) piece;
    }

    static int count(long piece) {
        return (int) (piece >>> 32);
    }
}
