package io.weir.dataplane.worker;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.VersionSlots;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Publishes snapshots: stamps what changed, hands every worker the new snapshot, and frees what the old one held when the
 * last worker has passed on. Called by one control thread.
 *
 * <p>The order matters. Slots are stamped with the new epoch first. A worker that still decides by the old snapshot never
 * notices, because it compares slots only with entries of an older epoch, and what it decides anew carries the old epoch, so
 * that the stamp outdates it as soon as the worker passes on.
 */
public final class Conductor {
    private final List<WorkerProxy> workers;
    private final VersionSlots slots;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private int epoch;

    private record Pending(int epoch, Changes changes) {}

    Conductor(List<WorkerProxy> workers, VersionSlots slots, int firstEpoch) {
        this.workers = workers;
        this.slots = slots;
        this.epoch = firstEpoch;
    }

    /** The epoch of the last published snapshot. */
    public int epoch() {
        return epoch;
    }

    /** Publishes what {@code snapshotOf} makes for the next epoch. */
    public void publish(IntFunction<Snapshot> snapshotOf, Changes changes) {
        final int next = epoch + 1;
        changes.touchedSlots().forEachInt(slot -> slots.stamp(slot, next));
        final Snapshot snapshot = snapshotOf.apply(next);
        epoch = next;
        for (final WorkerProxy worker : workers) {
            worker.snapshot(snapshot);
        }
        pending.add(new Pending(next, changes));
        reclaim();
    }

    /** Frees what no worker uses any more; call it now and then. */
    public void reclaim() {
        while (!pending.isEmpty() && allPassed(pending.element().epoch)) {
            final Changes passed = pending.remove().changes;
            passed.reclaims().forEach(Runnable::run);
            passed.releasedSlots().forEachInt(slots::release);
        }
    }

    /** Every worker decides by this epoch or a later one. */
    public boolean allPassed(int wanted) {
        for (final WorkerProxy worker : workers) {
            if (!worker.hasPassed(wanted)) {
                return false;
            }
        }
        return true;
    }

    /** Changes whose memory is not freed yet. */
    public int pendingChanges() {
        return pending.size();
    }
}
