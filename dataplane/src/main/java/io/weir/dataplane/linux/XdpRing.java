package io.weir.dataplane.linux;

import io.weir.dataplane.memory.OffHeap;

/**
 * One of the four rings of an AF_XDP socket (Linux Documentation/networking/af_xdp.rst), in memory shared with the kernel: one
 * side puts entries in, the other takes them out, each with a counter of its own. This side's progress is shown to the kernel
 * with {@link #publish}; what the kernel has done is looked at only when what is known of it is used up.
 *
 * <p>For one thread; nothing is allocated.
 */
final class XdpRing {
    private static final int NEEDS_WAKEUP = 1;

    private final long ourCounter;
    private final long kernelCounter;
    private final long flags;
    private final long entries;
    private final int mask;
    private final int entryShift;

    /** For a ring that this side fills: how far ahead of the kernel it may be. */
    private final int lead;

    private int position;
    private int known;

    private XdpRing(long ourCounter, long kernelCounter, long flags, long entries, int size, int entryBytes, int lead) {
        this.ourCounter = ourCounter;
        this.kernelCounter = kernelCounter;
        this.flags = flags;
        this.entries = entries;
        mask = size - 1;
        entryShift = Integer.numberOfTrailingZeros(entryBytes);
        this.lead = lead;
    }

    /** A ring into which this side puts entries. The addresses are of the producer's counter, the consumer's, and so on. */
    static XdpRing filled(long producer, long consumer, long flags, long entries, int size, int entryBytes) {
        return new XdpRing(producer, consumer, flags, entries, size, entryBytes, size);
    }

    /** A ring from which this side takes entries. */
    static XdpRing emptied(long producer, long consumer, long flags, long entries, int size, int entryBytes) {
        return new XdpRing(consumer, producer, flags, entries, size, entryBytes, 0);
    }

    /** Entries that can be put in or taken out now; at least {@code wanted}, or all that there are. */
    int available(int wanted) {
        final int count = known + lead - position;
        if (count >= wanted) {
            return count;
        }
        known = OffHeap.getIntAcquire(kernelCounter);
        return known + lead - position;
    }

    /** Where the entry is that comes {@code ahead} entries after the last one that {@link #advance} has passed. */
    long entry(int ahead) {
        return entries + ((long) (position + ahead & mask) << entryShift);
    }

    /** Passes entries; the kernel sees that with {@link #publish}. */
    void advance(int count) {
        position += count;
    }

    void publish() {
        OffHeap.putIntRelease(ourCounter, position);
    }

    /** Entries of a ring that this side fills which the kernel has not taken yet. */
    int pending() {
        known = OffHeap.getIntAcquire(kernelCounter);
        return position - known;
    }

    /** Takes back the newest entry of a ring that this side fills; its address is still valid. */
    long takeBack() {
        position--;
        return entries + ((long) (position & mask) << entryShift);
    }

    /** Whether the kernel goes on with this ring only after a system call. */
    boolean needsWakeup() {
        return (OffHeap.getIntOpaque(flags) & NEEDS_WAKEUP) != 0;
    }
}
