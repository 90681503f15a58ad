package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.putShort;

import io.weir.dataplane.memory.OffHeap;
import java.nio.ByteOrder;

/**
 * A few bits of each entry's hash, close together: sixteen entries' tags lie in half a cache line, their keys in sixteen.
 * Four tags are compared at once, as lanes of a long.
 *
 * <pre>
 *  15     14                1   0
 *  | drop | bits of the hash | 1 |        0: the entry is empty
 * </pre>
 */
final class FlowTags implements AutoCloseable {
    /** Tags that are compared at once; a result has the top bit of a lane set for each that fits. */
    static final int LANES = 4;

    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long ONES = 0x0001_0001_0001_0001L;
    private static final long TOPS = 0x8000_8000_8000_8000L;
    private static final int DROP = 0x8000;

    private final long tags;

    FlowTags(int slots) {
        tags = OffHeap.allocate(2L * (slots + LANES));
    }

    /** The hash's upper bits say where the entry lies; these are lower ones. */
    private static int tag(int hash) {
        return (hash & 0x7FFF) | 1;
    }

    /** Of four entries from a slot on, those that may hold a flow of this hash. */
    long matches(int slot, int hash) {
        return zeroLanes((getLong(tags + 2L * slot) & ~TOPS) ^ tag(hash) * ONES);
    }

    /** Of four entries from a slot on, those that are empty or hold a dropped flow. */
    long replaceable(int slot) {
        final long four = getLong(tags + 2L * slot);
        return zeroLanes(four & ~TOPS) | (four & TOPS);
    }

    /** The top bit of each lane that is zero; no lane's own top bit is set. */
    private static long zeroLanes(long lanes) {
        return ~(lanes + ~TOPS) & TOPS;
    }

    /** One of the lanes in a result that is not 0: that of its lowest bit. */
    static int lane(long result) {
        final int lane = Long.numberOfTrailingZeros(result) >>> 4;
        return LITTLE ? lane : LANES - 1 - lane;
    }

    void put(int slot, int hash, boolean drop) {
        putShort(tags + 2L * slot, (short) (drop ? tag(hash) | DROP : tag(hash)));
    }

    void clear(int slot) {
        putShort(tags + 2L * slot, (short) 0);
    }

    @Override
    public void close() {
        OffHeap.free(tags);
    }
}
