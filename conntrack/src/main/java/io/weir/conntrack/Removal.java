package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import java.lang.invoke.VarHandle;

/**
 * How a connection leaves the table: whoever claims its life word makes its generation even, takes its tuples out of the
 * index and lets the entry rest. Called by all workers, and by whoever flushes.
 */
final class Removal {
    /** Entries that the sweep looks at together: a cache line of life words. */
    private static final int GROUP = 16;

    private final ConntrackTable table;
    private final TupleIndex index;
    private final Lanes lanes;
    private final BackendStates backends;
    private final Sweep sweep;
    private final int capacity;

    Removal(ConntrackTable table, TupleIndex index, Lanes lanes, BackendStates backends) {
        this.table = table;
        this.index = index;
        this.lanes = lanes;
        this.backends = backends;
        capacity = table.capacity();
        sweep = new Sweep(capacity);
    }

    /** Ends the connection; the entry stays claimed by the caller. False when another thread was faster. */
    boolean retire(long lane, int entry, int life, ConntrackCounter why) {
        if (!OffHeap.compareAndSetInt(table.life(entry), life, Life.CLAIMED)) {
            return false;
        }
        unpublish(lane, entry, why);
        return true;
    }

    private void unpublish(long lane, int entry, ConntrackCounter why) {
        final long address = table.address(entry);
        long control;
        do {
            control = Entry.control(address);
        } while (!OffHeap.compareAndSetLong(
                address + Entry.CONTROL, control, Entry.control(Entry.generation(control) + 1, 0)));
        index.remove(OffHeap.getInt(address + Entry.HASH_ORIGINAL), entry << 1);
        index.remove(OffHeap.getInt(address + Entry.HASH_REPLY), entry << 1 | 1);
        lanes.add(lane, why, 1);
        if ((Entry.status(control) & Entry.SOURCE_NAT) != 0) {
            lanes.add(lane, ConntrackCounter.NAT_ENDED, 1);
        }
        final int backend = OffHeap.getInt(address + Entry.BACKEND);
        if (backend != Decision.NONE) {
            backends.closed(
                    backend,
                    OffHeap.getLong(address + Entry.PACKETS_ORIGINAL) + OffHeap.getLong(address + Entry.PACKETS_REPLY),
                    OffHeap.getLong(address + Entry.BYTES_ORIGINAL) + OffHeap.getLong(address + Entry.BYTES_REPLY));
        }
        // whoever fills the entry next must not be seen to do so under the old generation
        VarHandle.releaseFence();
    }

    void rest(int entry, long nowNs) {
        OffHeap.putIntRelease(table.life(entry), Life.word(Life.FREE, Life.tick(nowNs)));
    }

    /** Ends the connection of this generation. False when it has ended already. */
    boolean delete(int entry, int generation, long nowNs) {
        while (true) {
            final int life = OffHeap.getIntAcquire(table.life(entry));
            if (!Life.isLive(life) || Entry.generation(Entry.control(table.address(entry))) != generation) {
                return false;
            }
            if (!OffHeap.compareAndSetInt(table.life(entry), life, Life.CLAIMED)) {
                continue;
            }
            if (Entry.generation(Entry.control(table.address(entry))) != generation) {
                OffHeap.putIntRelease(table.life(entry), life);
                return false;
            }
            unpublish(lanes.mine(), entry, ConntrackCounter.DELETED);
            rest(entry, nowNs);
            return true;
        }
    }

    /** See {@link ConntrackTable#sweep}. */
    int sweep(long nowNs, int budget) {
        final long from = sweep.take(nowNs, budget);
        final int tick = Life.tick(nowNs);
        int removed = 0;
        int entry = Sweep.first(from);
        int left = Sweep.count(from);
        while (left > 0) {
            final int count = Math.min(GROUP, Math.min(left, capacity - entry));
            if (touchDue(entry, count, tick)) {
                for (int i = entry; i < entry + count; i++) {
                    final int life = OffHeap.getIntOpaque(table.life(i));
                    if (life != Life.FREE) {
                        removed += sweepEntry(i, life, tick, nowNs);
                    }
                }
            }
            left -= count;
            entry = entry + count == capacity ? 0 : entry + count;
        }
        return removed;
    }

    /**
     * Loads what removing the due entries of a group needs, in passes of their own, so that the cache misses overlap.
     *
     * @return whether the sweep has anything to do there
     */
    private boolean touchDue(int first, int count, int tick) {
        int due = 0;
        int other = 0;
        int sum = 0;
        for (int entry = first; entry < first + count; entry++) {
            final int life = OffHeap.getIntOpaque(table.life(entry));
            if (Life.isLive(life) && Life.isDue(life, tick)) {
                due++;
                sum += OffHeap.getInt(table.address(entry) + Entry.HASH_ORIGINAL)
                        + OffHeap.getInt(table.address(entry) + Entry.CONTROL);
            } else {
                other |= Life.isLive(life) ? 0 : life;
            }
        }
        if (due > 1) {
            for (int entry = first; entry < first + count; entry++) {
                final int life = OffHeap.getIntOpaque(table.life(entry));
                if (Life.isLive(life) && Life.isDue(life, tick)) {
                    sum += index.touch(OffHeap.getInt(table.address(entry) + Entry.HASH_ORIGINAL))
                            + index.touch(OffHeap.getInt(table.address(entry) + Entry.HASH_REPLY));
                }
            }
        }
        if (due != 0) {
            lanes.touched(lanes.mine(), sum);
        }
        return (due | other) != 0;
    }

    private int sweepEntry(int entry, int life, int tick, long nowNs) {
        if (!Life.isLive(life)) {
            if (Life.kind(life) == Life.FREE && Life.isUsable(life, tick)) {
                OffHeap.compareAndSetInt(table.life(entry), life, Life.FREE); // its tick must not grow too old
            }
            return 0;
        }
        if (!Life.isDue(life, tick)) {
            return 0;
        }
        final int left = table.dueAgain(entry, nowNs);
        if (left > 0) {
            OffHeap.compareAndSetInt(table.life(entry), life, Life.word(Life.kind(life), tick + left));
            return 0;
        }
        if (!retire(lanes.mine(), entry, life, ConntrackCounter.EXPIRED)) {
            return 0;
        }
        rest(entry, nowNs);
        return 1;
    }
}
