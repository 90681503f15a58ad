package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Finds entries by tuple: a hash table of one-line buckets.
 *
 * <pre>
 *  bucket, 64 bytes:  | header | slot 0 | slot 1 | … | slot 14 |    header: lock, entries that overflowed; 16 bits each
 *  slot, 32 bits:     | tag: top bits of the hash | entry index + 1, direction |                    0 is an empty slot
 * </pre>
 *
 * <p>A tuple is in its home bucket or, when that was full, in one of the next {@link #MAX_HOPS}; the home's header
 * counts those. A slot never moves while its entry lives, so a lookup without a lock cannot miss it. The lock of the
 * home bucket is taken to insert only: it makes "look for the tuple, then insert it" one step. Removal takes no lock:
 * the slot's value is unique until the entry is reused, which happens after the removal.
 */
final class TupleIndex implements AutoCloseable {
    static final long MISSING = -1;
    private static final int BUCKET = 64;

    /** With 3, a full table (8 of 15 slots taken) refused one tuple in some ten million; eight buckets in a row are never full. */
    private static final int MAX_HOPS = 7;

    // the header as one int, in which both halves are changed, and the lock's half alone, which its holder clears
    private static final int OVERFLOWED = 2;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final int LOCKED = LITTLE ? 1 : 1 << 16;
    private static final int ONE_OVERFLOWED = LITTLE ? 1 << 16 : 1;

    private final long buckets;
    private final long entries;
    private final int bucketMask;
    private final int refMask;
    private final int tagMask;
    private final long seedA;
    private final long seedB;
    private final long seedC;

    TupleIndex(int capacity, long entries, SplittableRandom random) {
        this.entries = entries;
        // two tuples an entry and 15 slots a bucket: at most 8/15 of the slots are taken
        final int count = Math.max(64, Integer.highestOneBit(capacity * 2 - 1) / 4);
        buckets = OffHeap.allocate((long) count * BUCKET);
        bucketMask = count - 1;
        refMask = (Integer.highestOneBit(capacity + 1) << 2) - 1;
        tagMask = ~refMask;
        seedA = random.nextLong() | 1;
        seedB = random.nextLong() | 1;
        seedC = random.nextLong() | 1;
    }

    long bytes() {
        return (bucketMask + 1L) * BUCKET;
    }

    /** Slots that are taken. */
    long count() {
        long count = 0;
        for (long at = buckets; at < buckets + bytes(); at += BUCKET) {
            for (int slot = 4; slot < BUCKET; slot += 4) {
                count += OffHeap.getIntOpaque(at + slot) == 0 ? 0 : 1;
            }
        }
        return count;
    }

    /** Seeded, so that no sender can aim at one bucket. */
    int hash(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta) {
        final long a = fold(sourceHigh ^ seedA, sourceLow ^ seedB);
        final long b = fold(destinationHigh ^ seedB, destinationLow ^ seedC);
        final long mixed = fold(a ^ meta ^ seedC, b ^ seedA);
        return (int) (mixed ^ mixed >>> 32);
    }

    private static long fold(long a, long b) {
        return a * b ^ Math.unsignedMultiplyHigh(a, b);
    }

    int hashOf(long tuple) {
        return hash(
                OffHeap.getLong(tuple + Entry.SOURCE_HIGH),
                OffHeap.getLong(tuple + Entry.SOURCE_LOW),
                OffHeap.getLong(tuple + Entry.DESTINATION_HIGH),
                OffHeap.getLong(tuple + Entry.DESTINATION_LOW),
                OffHeap.getLong(tuple + Entry.META));
    }

    /**
     * Lock-free. A match is confirmed by the entry's generation: odd before the tuple is read, and the same after, so the
     * tuple belonged to one living connection. (The writer makes the generation even, then changes the tuple, then makes
     * it odd, with release stores between; the acquire load and fence here pair with them.)
     *
     * @return generation << 32 | index << 1 | direction, or {@link #MISSING}
     */
    long find(int hash, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta) {
        final int tag = hash & tagMask;
        final long home = bucket(hash, 0);
        long at = home;
        for (int hop = 0; ; at = bucket(hash, hop)) {
            for (int slot = 4; slot < BUCKET; slot += 4) {
                final int value = OffHeap.getIntAcquire(at + slot);
                if ((value & tagMask) != tag || (value & refMask) == 0) {
                    continue;
                }
                final int reference = (value & refMask) - 2;
                final long entry = entries + (long) (reference >>> 1) * Entry.LENGTH;
                final long control = Entry.control(entry);
                final long tuple = entry + (reference & 1) * (long) Entry.REPLY;
                if (Entry.isLive(control)
                        && Entry.tupleIs(tuple, sourceHigh, sourceLow, destinationHigh, destinationLow, meta)) {
                    VarHandle.acquireFence();
                    final int generation = Entry.generation(control);
                    if (Entry.generation(Entry.control(entry)) == generation) {
                        return (long) generation << 32 | reference;
                    }
                }
            }
            if (hop == MAX_HOPS || (hop == 0 && OffHeap.getShortAcquire(home + OVERFLOWED) == 0)) {
                return MISSING;
            }
            hop++;
        }
    }

    /** Loads a tuple's bucket, so that the search that follows finds it in the cache. The result means nothing. */
    int touch(int hash) {
        return OffHeap.getInt(bucket(hash, 0));
    }

    private long bucket(int hash, int hop) {
        return buckets + (long) ((hash + hop) & bucketMask) * BUCKET;
    }

    /** Locks the home buckets of two hashes, in address order. */
    void lock(int hashA, int hashB) {
        final long a = bucket(hashA, 0);
        final long b = bucket(hashB, 0);
        lockBucket(Math.min(a, b));
        if (a != b) {
            lockBucket(Math.max(a, b));
        }
    }

    void unlock(int hashA, int hashB) {
        final long a = bucket(hashA, 0);
        final long b = bucket(hashB, 0);
        OffHeap.putShortRelease(a, (short) 0);
        if (a != b) {
            OffHeap.putShortRelease(b, (short) 0);
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // yielding is only for the case that the holder is not running
    private static void lockBucket(long bucket) {
        for (int spins = 0; ; spins++) {
            final int header = OffHeap.getIntAcquire(bucket);
            if ((header & LOCKED) == 0 && OffHeap.compareAndSetInt(bucket, header, header | LOCKED)) {
                return;
            }
            if (spins > 200) {
                Thread.yield(); // the holder was descheduled: it holds the lock for some 100 ns otherwise
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private static void addToHeader(long bucket, int amount) {
        while (true) {
            final int header = OffHeap.getIntAcquire(bucket);
            if (OffHeap.compareAndSetInt(bucket, header, header + amount)) {
                return;
            }
        }
    }

    private int value(int hash, int reference) {
        return (hash & tagMask) | (reference + 2);
    }

    /**
     * Under the lock of the hash's home bucket; buckets further on are shared with holders of other locks, so a slot is
     * taken by compare-and-set.
     *
     * @param reference index << 1 | direction
     * @return false when the home and its neighbours are full
     */
    boolean insert(int hash, int reference) {
        final int value = value(hash, reference);
        for (int hop = 0; hop <= MAX_HOPS; hop++) {
            final long at = bucket(hash, hop);
            for (int slot = 4; slot < BUCKET; slot += 4) {
                if (OffHeap.getIntOpaque(at + slot) != 0) {
                    continue;
                }
                if (hop != 0) {
                    // before the slot is visible: who finds it removed must find the count raised
                    addToHeader(bucket(hash, 0), ONE_OVERFLOWED);
                }
                if (OffHeap.compareAndSetInt(at + slot, 0, value)) {
                    return true;
                }
                if (hop != 0) {
                    addToHeader(bucket(hash, 0), -ONE_OVERFLOWED);
                }
            }
        }
        return false;
    }

    /** Takes no lock. */
    void remove(int hash, int reference) {
        final int value = value(hash, reference);
        for (int hop = 0; hop <= MAX_HOPS; hop++) {
            final long at = bucket(hash, hop);
            for (int slot = 4; slot < BUCKET; slot += 4) {
                if (OffHeap.getIntOpaque(at + slot) == value) {
                    OffHeap.putIntRelease(at + slot, 0);
                    if (hop != 0) {
                        addToHeader(bucket(hash, 0), -ONE_OVERFLOWED);
                    }
                    return;
                }
            }
        }
    }

    @Override
    public void close() {
        OffHeap.free(buckets);
    }
}
