package io.weir.bench.profile;

import io.weir.dataplane.memory.OffHeap;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What this machine's memory would allow if nothing were computed: packets copied from one place to another as the source copies
 * them, and a flow table's entries loaded and written in random order, a burst at a time so that misses overlap.
 *
 * @param copyNs  copying one packet
 * @param tableNs loading and writing one entry
 */
public record Ceiling(double copyNs, double tableNs) {
    private static final int BURST = 64;
    private static final int SLOTS = 1024;
    private static final int SLOT_BYTES = 2048;
    private static final int ENTRY_BYTES = 128;
    private static final int LOOK = 1024;
    private static final int ROUNDS = 4;
    private static final int MOST_BATCHES = 1 << 16;

    /** Millions of packets a second that this would be. */
    public double mpps() {
        return 1000 / (copyNs + tableNs);
    }

    /** Measures both, on the calling thread. */
    static Ceiling measure(int flows, int frameSize, double seconds) {
        double copy = Double.POSITIVE_INFINITY;
        double table = Double.POSITIVE_INFINITY;
        // the first rounds have the loops compiled
        for (int round = 0; round < ROUNDS; round++) {
            copy = Math.min(copy, copyNs(flows, frameSize, seconds / 2));
            table = Math.min(table, tableNs(flows, seconds / 2));
        }
        return new Ceiling(copy, table);
    }

    /** The median of what batches of packets took: what else had the core for a moment is no limit of the memory. */
    private static final class Batches {
        private final long[] ns = new long[MOST_BATCHES];
        private int count;

        void add(long took) {
            ns[count++ % MOST_BATCHES] = took;
        }

        double nsPerPacket(int packets) {
            final long[] sorted = Arrays.copyOf(ns, Math.min(count, MOST_BATCHES));
            Arrays.sort(sorted);
            return (double) sorted[sorted.length / 2] / packets;
        }
    }

    private static double copyNs(int flows, int frameSize, double seconds) {
        final int stride = frameSize + 63 & -64;
        final long source = OffHeap.allocate((long) flows * stride);
        final long slots = OffHeap.allocate((long) SLOTS * SLOT_BYTES);
        try {
            final Batches batches = new Batches();
            int next = 0;
            int slot = 0;
            final long start = System.nanoTime();
            final long end = start + (long) (seconds * 1e9);
            long now = start;
            while (now < end) {
                for (int i = 0; i < LOOK; i++) {
                    copy(source + (long) next * stride, slots + (long) slot * SLOT_BYTES, frameSize);
                    next = next + 1 == flows ? 0 : next + 1;
                    slot = slot + 1 & SLOTS - 1;
                }
                final long before = now;
                now = System.nanoTime();
                batches.add(now - before);
            }
            return batches.nsPerPacket(LOOK);
        } finally {
            OffHeap.free(source);
            OffHeap.free(slots);
        }
    }

    private static void copy(long source, long target, int length) {
        for (int at = 0; at < length; at += Long.BYTES) {
            OffHeap.putLong(target + at, OffHeap.getLong(source + at));
        }
    }

    private static double tableNs(int flows, double seconds) {
        final int entries = Integer.highestOneBit(Math.max(1, 2 * flows - 1)) << 1;
        final long table = OffHeap.allocate((long) entries * ENTRY_BYTES);
        final int[] order = new SplittableRandom(1).ints(flows, 0, entries).toArray();
        try {
            final Batches batches = new Batches();
            long sum = 0;
            int next = 0;
            final long start = System.nanoTime();
            final long end = start + (long) (seconds * 1e9);
            long now = start;
            while (now < end) {
                for (int burst = 0; burst < LOOK / BURST; burst++) {
                    final int first = next + BURST > flows ? 0 : next;
                    next = first + BURST;
                    sum += touch(table, order, first, Math.min(BURST, flows));
                }
                final long before = now;
                now = System.nanoTime();
                batches.add(now - before);
            }
            return sum == 42 ? 0 : batches.nsPerPacket(LOOK / BURST * Math.min(BURST, flows));
        } finally {
            OffHeap.free(table);
        }
    }

    private static long touch(long table, int[] order, int first, int count) {
        long sum = 0;
        for (int i = first; i < first + count; i++) {
            sum += OffHeap.getInt(table + (long) order[i] * ENTRY_BYTES);
        }
        for (int i = first; i < first + count; i++) {
            final long entry = table + (long) order[i] * ENTRY_BYTES;
            OffHeap.putLong(entry + 32, OffHeap.getLong(entry + 32) + 1);
        }
        return sum;
    }
}
