package io.weir.dataplane.packet;

import io.weir.dataplane.memory.OffHeap;

/**
 * The packet memory of one worker: one off-heap slab of slots that are known by number (handle).
 *
 * <pre>
 *  slot of an ordinary packet:  | headroom 192 | frame, up to 2,176 |                2,368 bytes
 *  slot of a big packet (GSO):  | headroom 192 | frame, up to 65,728 |              65,920 bytes
 * </pre>
 *
 * <p>The headroom takes a tunnel header in front of the frame. Both strides are odd multiples of 64 bytes, so that the
 * same offset of different slots falls into different cache sets. Freed slots are used again last-in-first-out, while
 * they are still in the cache. Owned by one thread.
 */
public final class PacketPool implements AutoCloseable {
    /** Bytes before the frame. */
    public static final int HEADROOM = 192;

    /** Bytes of the longest frame in an ordinary slot. */
    public static final int FRAME_CAPACITY = 2176;

    /** Bytes of the longest frame in a big slot: 64 KiB of IP packet and the Ethernet header. */
    public static final int BIG_FRAME_CAPACITY = 65728;

    /** No slot. */
    public static final int NULL_HANDLE = -1;

    private static final int STRIDE = HEADROOM + FRAME_CAPACITY;
    private static final int BIG_STRIDE = HEADROOM + BIG_FRAME_CAPACITY;

    private final int count;
    private final long address;
    private final long bigAddress;
    private final int[] free;
    private final int[] freeBig;
    private int freeCount;
    private int freeBigCount;

    /**
     * @param count    ordinary slots
     * @param bigCount slots for packets of up to 64 KiB; 0 where no port offloads segmentation
     */
    public PacketPool(int count, int bigCount) {
        this.count = count;
        final long bigStart = ((long) count * STRIDE + 4095) & -4096L;
        address = OffHeap.allocate(bigStart + (long) bigCount * BIG_STRIDE);
        bigAddress = address + bigStart;
        free = new int[count];
        freeBig = new int[bigCount];
        for (int i = 0; i < count; i++) {
            free[i] = count - 1 - i;
        }
        for (int i = 0; i < bigCount; i++) {
            freeBig[i] = count + bigCount - 1 - i;
        }
        freeCount = count;
        freeBigCount = bigCount;
    }

    /** An ordinary slot, or {@link #NULL_HANDLE} when none is free. */
    public int acquire() {
        return freeCount == 0 ? NULL_HANDLE : free[--freeCount];
    }

    /** A slot for a packet of up to 64 KiB, or {@link #NULL_HANDLE} when none is free. */
    public int acquireBig() {
        return freeBigCount == 0 ? NULL_HANDLE : freeBig[--freeBigCount];
    }

    /** A slot that holds a frame of this many bytes. */
    public int acquireFor(int frameLength) {
        return frameLength <= FRAME_CAPACITY ? acquire() : acquireBig();
    }

    /** Less than half of the slots for frames of this many bytes are free. */
    public boolean isScarceFor(int frameLength) {
        return frameLength <= FRAME_CAPACITY ? freeCount * 2 < count : freeBigCount * 2 < freeBig.length;
    }

    public void release(int handle) {
        if (handle < count) {
            free[freeCount++] = handle;
        } else {
            freeBig[freeBigCount++] = handle;
        }
    }

    /** The slots of a burst, as by {@link #release(int)}. */
    void releaseAll(Burst burst) {
        final int[] slots = free;
        final int size = burst.size();
        int top = freeCount;
        for (int i = 0; i < size; i++) {
            final int handle = burst.handle(i);
            if (handle < count) {
                slots[top++] = handle;
            } else {
                freeBig[freeBigCount++] = handle;
            }
        }
        freeCount = top;
    }

    /** Where the frame of this slot starts when nothing has been put in front of it. */
    public long frameAddress(int handle) {
        return (handle < count ? address + (long) handle * STRIDE : bigAddress + (long) (handle - count) * BIG_STRIDE)
                + HEADROOM;
    }

    /** Bytes that fit behind {@link #frameAddress}. */
    public int capacity(int handle) {
        return handle < count ? FRAME_CAPACITY : BIG_FRAME_CAPACITY;
    }

    /** Slots of both kinds that are in use. */
    public int inUse() {
        return count + freeBig.length - freeCount - freeBigCount;
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
