package io.weir.dataplane.packet;

/**
 * Packets that are handled together: a structure of arrays, as ports fill and empty it. Owned by one thread.
 *
 * <p>Per packet: its slot in the pool, the raw address and length of its frame, and offload notes: the payload bytes per
 * segment of a big packet in bits 0 to 15 (0: an ordinary packet), and {@link #CHECKSUM_PARTIAL}.
 */
public final class Burst {
    /** Note: the transport checksum field holds the pseudo header's sum; whoever sends it on must complete it. */
    public static final int CHECKSUM_PARTIAL = 1 << 16;

    /** Note: the device has verified the transport checksum. */
    public static final int CHECKSUM_VERIFIED = 1 << 17;

    private static final int SEGMENT_MASK = 0xFFFF;

    final int[] handles;
    final long[] addresses;
    final int[] lengths;
    final int[] notes;
    private int size;

    public Burst(int capacity) {
        handles = new int[capacity];
        addresses = new long[capacity];
        lengths = new int[capacity];
        notes = new int[capacity];
    }

    public int capacity() {
        return handles.length;
    }

    public int size() {
        return size;
    }

    public boolean isFull() {
        return size == handles.length;
    }

    public void clear() {
        size = 0;
    }

    public void add(int handle, long address, int length, int note) {
        final int i = size;
        handles[i] = handle;
        addresses[i] = address;
        lengths[i] = length;
        notes[i] = note;
        size = i + 1;
    }

    public int handle(int index) {
        return handles[index];
    }

    public long address(int index) {
        return addresses[index];
    }

    public int length(int index) {
        return lengths[index];
    }

    public int notes(int index) {
        return notes[index];
    }

    /** Payload bytes per segment, or 0. */
    public int segmentSize(int index) {
        return notes[index] & SEGMENT_MASK;
    }

    public static int segmentSizeOf(int notes) {
        return notes & SEGMENT_MASK;
    }

    public boolean isChecksumPartial(int index) {
        return (notes[index] & CHECKSUM_PARTIAL) != 0;
    }

    /** Nothing is to be verified: the device has done it, or the checksum is not computed yet. */
    public boolean isChecksumSettled(int index) {
        return (notes[index] & (CHECKSUM_PARTIAL | CHECKSUM_VERIFIED)) != 0;
    }

    /**
     * Moves the frame's start: a tunnel header was removed, and with it the transport checksum that the notes spoke of. The
     * checksum inside is complete, and nobody has verified it.
     */
    public void strip(int index, int bytes) {
        notes[index] &= ~(CHECKSUM_PARTIAL | CHECKSUM_VERIFIED);
        addresses[index] += bytes;
        lengths[index] -= bytes;
    }

    /** Puts another packet in the place of one; the old one's slot is the caller's. */
    public void replace(int index, int handle, long address, int length, int note) {
        handles[index] = handle;
        addresses[index] = address;
        lengths[index] = length;
        notes[index] = note;
    }

    /** Forgets the packets from this index on; their slots are the caller's. */
    public void truncate(int newSize) {
        size = newSize;
    }

    /** Gives all slots back to their pool and forgets them. */
    public void releaseAll(PacketPool pool) {
        pool.release(handles, size);
        size = 0;
    }
}
