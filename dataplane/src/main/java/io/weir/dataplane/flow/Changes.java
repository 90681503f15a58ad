package io.weir.dataplane.flow;

import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.IntArrayList;

/**
 * What one configuration change touches, collected by the compilers while they build new tables and carried out by the
 * conductor when it publishes the snapshot. Conductor thread only.
 */
public final class Changes {
    private final IntArrayList touched = new IntArrayList();
    private final IntArrayList released = new IntArrayList();
    private final List<Runnable> reclaims = new ArrayList<>();

    /** Decisions that depend on this slot must be made again. */
    public void touch(int slot) {
        touched.addInt(slot);
    }

    /** The thing behind this slot is gone: touch it now, and reuse the slot when every worker has passed on. */
    public void release(int slot) {
        touched.addInt(slot);
        released.addInt(slot);
    }

    /** Frees the memory of a table that the new snapshot does not use, when every worker has passed on. */
    public void whenPassed(Runnable reclaim) {
        reclaims.add(reclaim);
    }

    public IntArrayList touchedSlots() {
        return touched;
    }

    public IntArrayList releasedSlots() {
        return released;
    }

    public List<Runnable> reclaims() {
        return reclaims;
    }

    public boolean isEmpty() {
        return touched.isEmpty() && released.isEmpty() && reclaims.isEmpty();
    }
}
