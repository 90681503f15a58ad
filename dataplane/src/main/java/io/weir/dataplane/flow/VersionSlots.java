package io.weir.dataplane.flow;

import io.weir.dataplane.memory.OffHeap;
import org.agrona.collections.IntArrayList;

/**
 * When each changeable thing (a route, an endpoint, a Service) changed last, as an epoch number per slot.
 *
 * <p>A cached decision names the slots that it used. It holds as long as none of them changed after the epoch in which it
 * was made, so a change costs only the flows that depend on it. The conductor allocates, releases and stamps slots;
 * workers only read. Epochs wrap; compare them with {@link #isAfter}.
 *
 * <p>Layout: one int per slot.
 */
public final class VersionSlots implements AutoCloseable {
    /** The slot that every decision depends on without saying so. */
    public static final int EVERYTHING = 0;

    private final long address;
    private final int capacity;
    private final IntArrayList free = new IntArrayList();
    private int next = 1;

    public VersionSlots(int capacity) {
        this.capacity = capacity;
        address = OffHeap.allocate(4L * capacity);
    }

    /** Epoch {@code a} is later than {@code b}. */
    public static boolean isAfter(int a, int b) {
        return a - b > 0;
    }

    /**
     * A slot that no other thing uses.
     *
     * @throws IllegalStateException when all are in use
     */
    public synchronized int allocate() {
        if (!free.isEmpty()) {
            return free.removeAt(free.size() - 1);
        }
        if (next == capacity) {
            throw new IllegalStateException("all " + capacity + " version slots are in use");
        }
        return next++;
    }

    /** Gives a slot back. Stamp it first, so that no cached decision outlives the thing. */
    public synchronized void release(int slot) {
        free.addInt(slot);
    }

    /** Conductor: the thing behind this slot changes with the snapshot of this epoch. */
    public void stamp(int slot, int epoch) {
        OffHeap.putIntRelease(address + 4L * slot, epoch);
    }

    /** The epoch of the last change. */
    public int changedAt(int slot) {
        return OffHeap.getIntAcquire(address + 4L * slot);
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
