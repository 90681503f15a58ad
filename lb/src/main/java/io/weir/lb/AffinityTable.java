package io.weir.lb;

import io.weir.dataplane.memory.OffHeap;

/**
 * Which backend a client had last, for session affinity {@code ClientIP}: bounded, off-heap, shared by all workers and
 * kept over configuration changes.
 *
 * <p>The key is the client's address and the Service port, never the client's port. A set of seven entries and its lock
 * fill 256 bytes; a full set gives up its oldest entry, and that is counted. Only new connections come here, so a short
 * spin lock per set is all the order it needs.
 *
 * <pre>
 *  set:    0      4            32         64                        224
 *          | lock | unused     | entry 0  | entry 1 ...             | entry 6  |
 *  entry:  0              8              16          20          24             32
 *          | client high  | client low   | service   | backend   | last used ns |
 * </pre>
 *
 * An unused entry has service 0: version slot 0 belongs to no Service.
 */
public final class AffinityTable implements AutoCloseable {
    /** No backend is remembered. */
    public static final int MISSING = -1;

    private static final int SET_BYTES = 256;
    private static final int ENTRIES_PER_SET = 7;
    private static final int ENTRY_BYTES = 32;
    private static final int FIRST_ENTRY = 32;
    private static final int LOW_OFFSET = 8;
    private static final int SERVICE_OFFSET = 16;
    private static final int BACKEND_OFFSET = 20;
    private static final int USED_OFFSET = 24;
    private static final int EVICTIONS_OFFSET = 8;

    private final long address;
    private final int setMask;

    /** @param clients how many client and Service pairs to remember; rounded up to 7 times a power of two */
    public AffinityTable(int clients) {
        if (clients < 1 || clients > 1 << 26) {
            throw new IllegalArgumentException("affinity clients " + clients + " is outside 1..67108864");
        }
        final int sets = Math.max(
                1, Integer.highestOneBit(Math.max(1, (clients + ENTRIES_PER_SET - 1) / ENTRIES_PER_SET * 2 - 1)));
        setMask = sets - 1;
        address = OffHeap.allocate((long) sets * SET_BYTES);
    }

    /** Entries that fit. */
    public int capacity() {
        return (setMask + 1) * ENTRIES_PER_SET;
    }

    /** The backend that this client had last, if that was less than the timeout ago; else {@link #MISSING}. */
    public int find(long clientHigh, long clientLow, int service, long timeoutNs, long nowNs) {
        final long set = set(clientHigh, clientLow, service);
        lock(set);
        final long entry = entry(set, clientHigh, clientLow, service);
        final int backend = entry == 0 || nowNs - OffHeap.getLong(entry + USED_OFFSET) >= timeoutNs
                ? MISSING
                : OffHeap.getInt(entry + BACKEND_OFFSET);
        unlock(set);
        return backend;
    }

    /** From now on this client has this backend; the timeout starts anew. */
    public void remember(long clientHigh, long clientLow, int service, int backend, long nowNs) {
        final long set = set(clientHigh, clientLow, service);
        lock(set);
        long entry = entry(set, clientHigh, clientLow, service);
        if (entry == 0) {
            entry = leastUseful(set);
            if (OffHeap.getInt(entry + SERVICE_OFFSET) != 0) {
                OffHeap.putInt(set + EVICTIONS_OFFSET, OffHeap.getInt(set + EVICTIONS_OFFSET) + 1);
            }
            OffHeap.putLong(entry, clientHigh);
            OffHeap.putLong(entry + LOW_OFFSET, clientLow);
            OffHeap.putInt(entry + SERVICE_OFFSET, service);
        }
        OffHeap.putInt(entry + BACKEND_OFFSET, backend);
        OffHeap.putLong(entry + USED_OFFSET, nowNs);
        unlock(set);
    }

    /** How many clients were forgotten, expired or not, because their set was full. Reads all sets: for metrics. */
    public long evictions() {
        long sum = 0;
        for (int i = 0; i <= setMask; i++) {
            sum += OffHeap.getIntOpaque(address + (long) i * SET_BYTES + EVICTIONS_OFFSET) & 0xFFFF_FFFFL;
        }
        return sum;
    }

    private static long entry(long set, long clientHigh, long clientLow, int service) {
        for (int i = 0; i < ENTRIES_PER_SET; i++) {
            final long entry = set + FIRST_ENTRY + (long) i * ENTRY_BYTES;
            if (OffHeap.getInt(entry + SERVICE_OFFSET) == service
                    && OffHeap.getLong(entry + LOW_OFFSET) == clientLow
                    && OffHeap.getLong(entry) == clientHigh) {
                return entry;
            }
        }
        return 0;
    }

    private static long leastUseful(long set) {
        long oldest = set + FIRST_ENTRY;
        for (int i = 0; i < ENTRIES_PER_SET; i++) {
            final long entry = set + FIRST_ENTRY + (long) i * ENTRY_BYTES;
            if (OffHeap.getInt(entry + SERVICE_OFFSET) == 0) {
                return entry;
            }
            if (OffHeap.getLong(entry + USED_OFFSET) - OffHeap.getLong(oldest + USED_OFFSET) < 0) {
                oldest = entry;
            }
        }
        return oldest;
    }

    private long set(long clientHigh, long clientLow, int service) {
        final long hash = Maglev.mix(clientHigh ^ Maglev.mix(clientLow + 0x9E37_79B9_7F4A_7C15L * service));
        return address + (hash & setMask) * SET_BYTES;
    }

    private static void lock(long set) {
        while (!OffHeap.compareAndSetInt(set, 0, 1)) {
            Thread.onSpinWait();
        }
    }

    private static void unlock(long set) {
        OffHeap.putIntRelease(set, 0);
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
