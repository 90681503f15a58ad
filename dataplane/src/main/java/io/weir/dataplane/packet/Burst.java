package io.weir.dataplane.packet;

/**
 * Packets that are handled together, as ports fill and empty it. Owned by one thread.
 *
 * <p>Per packet: its slot in the pool, the raw address and length of its frame, and offload notes: the payload bytes per
 * segment of a big packet in bits 0 to 15 (0: an ordinary packet), {@link #CHECKSUM_PARTIAL}, {@link #CHECKSUM_VERIFIED}
 * and {@link #TUNNELLED}.
 * They take two words, so that to add a packet is two stores into one array:
 *
 * <pre>
 *  word 2i      address
 *  word 2i + 1  notes in bits 0 to 18, length in bits 19 to 37, handle (or -1) above
 * </pre>
 */
public final class Burst {
    /** Note: the transport checksum field holds the pseudo header's sum; whoever sends it on must complete it. */
    public static final int CHECKSUM_PARTIAL = 1 << 16;

    /** Note: the device has verified the transport checksum. */
    public static final int CHECKSUM_VERIFIED = 1 << 17;

    /**
     * Note: segment size and partial checksum are those of the TCP packet inside of a tunnel; there is nothing to verify
     * outside. Such a packet is for this node's tunnel end or for nobody.
     */
    public static final int TUNNELLED = 1 << 18;

    private static final long CHECKSUM_NOTES = CHECKSUM_PARTIAL | CHECKSUM_VERIFIED;
    private static final int SEGMENT_MASK = 0xFFFF;
    private static final int NOTES_MASK = 0x7_FFFF;
    private static final int LENGTH_SHIFT = 19;
    private static final int LENGTH_MASK = 0x7_FFFF;
    private static final int HANDLE_SHIFT = 38;

    private final long[] words;
    private final int capacity;
    private int size;

    public Burst(int capacity) {
        this.capacity = capacity;
        words = new long[2 * capacity];
    }

    private static long rest(int handle, int length, int notes) {
        return (long) handle << HANDLE_SHIFT | (long) length << LENGTH_SHIFT | notes;
    }

    public int capacity() {
        return capacity;
    }

    public int size() {
        return size;
    }

    public boolean isFull() {
        return size == capacity;
    }

    public void clear() {
        size = 0;
    }

    public void add(int handle, long address, int length, int notes) {
        final int at = 2 * size;
        words[at] = address;
        words[at + 1] = rest(handle, length, notes);
        size++;
    }

    public int handle(int index) {
        return (int) (words[2 * index + 1] >> HANDLE_SHIFT);
    }

    public long address(int index) {
        return words[2 * index];
    }

    public int length(int index) {
        return (int) (words[2 * index + 1] >>> LENGTH_SHIFT) & LENGTH_MASK;
    }

    public int notes(int index) {
        return (int) words[2 * index + 1] & NOTES_MASK;
    }

    /** Payload bytes per segment, or 0. */
    public int segmentSize(int index) {
        return segmentSizeOf(notes(index));
    }

    public static int segmentSizeOf(int notes) {
        return notes & SEGMENT_MASK;
    }

    public boolean isChecksumPartial(int index) {
        return (notes(index) & CHECKSUM_PARTIAL) != 0;
    }

    /** Whether a packet among them stands for several. */
    public boolean hasBigPackets() {
        int all = 0;
        for (int i = 0; i < size; i++) {
            all |= notes(i);
        }
        return (all & SEGMENT_MASK) != 0;
    }

    /** Nothing is to be verified: the device has done it, or the checksum is not computed yet. */
    public boolean isChecksumSettled(int index) {
        return (notes(index) & CHECKSUM_NOTES) != 0;
    }

    /** Bytes of the first {@code count} packets together. */
    public long bytes(int count) {
        final long[] all = words;
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += all[2 * i + 1] >>> LENGTH_SHIFT & LENGTH_MASK;
        }
        return bytes;
    }

    /**
     * Moves the frame's start: a tunnel header was removed, and with it the transport checksum that the notes spoke of,
     * unless they spoke of the packet inside already. Otherwise the checksum inside is complete, and nobody has verified it.
     */
    public void strip(int index, int bytes) {
        final long rest = words[2 * index + 1];
        final long over = (rest & TUNNELLED) != 0 ? TUNNELLED : NOTES_MASK;
        words[2 * index] += bytes;
        words[2 * index + 1] = (rest & ~over) - ((long) bytes << LENGTH_SHIFT);
    }

    /** Puts another packet in the place of one; the old one's slot is the caller's. */
    public void replace(int index, int handle, long address, int length, int notes) {
        words[2 * index] = address;
        words[2 * index + 1] = rest(handle, length, notes);
    }

    /** Forgets the packets from this index on; their slots are the caller's. */
    public void truncate(int newSize) {
        size = newSize;
    }

    /** Gives all slots back to their pool and forgets them. */
    public void releaseAll(PacketPool pool) {
        pool.releaseAll(this);
        size = 0;
    }
}
