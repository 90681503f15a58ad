package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How a connection gets into the table: an entry is claimed, filled by its claimer, and published under the locks of its
 * two index buckets. Called by all workers.
 *
 * <p>Each lane takes entries from a chunk of its own; chunks are handed out in order, round and round. When the table is
 * nearly full, or none is free because some rest, half-open and closing connections on the way make room. A lane gives up
 * a chunk that was handed out half a lap ago, so that what lies in a chunk is at least half a lap old when it is handed out
 * again: a connection that has just begun makes no room, which would let another have its port while its first packet is
 * on the way.
 */
final class Insertion {
    /** Entries that a lane takes from the common cursor at a time. */
    private static final int CHUNK = 64;

    private final ConntrackTable table;
    private final TupleIndex index;
    private final CreationStamps creations;
    private final Lanes lanes;
    private final BackendStates backends;
    private final Removal removal;
    private final int capacity;
    private final int halfLap;
    private final AtomicLong chunksTaken = new AtomicLong();

    /** The tick in which a search of the whole table found no free entry. */
    private volatile int noneFreeTick = ConntrackTable.NONE;

    /** The tick in which a search of the whole table found nothing at all. */
    private volatile int fullSinceTick = ConntrackTable.NONE;

    Insertion(
            ConntrackTable table,
            TupleIndex index,
            CreationStamps creations,
            Lanes lanes,
            BackendStates backends,
            Removal removal) {
        this.table = table;
        this.index = index;
        this.creations = creations;
        this.lanes = lanes;
        this.backends = backends;
        this.removal = removal;
        capacity = table.capacity();
        halfLap = Math.max(1, capacity / CHUNK / 2);
    }

    /** A capacity that every entry belongs to a chunk of. */
    static int wholeChunks(int capacity) {
        return (capacity + CHUNK - 1) / CHUNK * CHUNK;
    }

    /**
     * A free entry for the caller alone, to fill and {@link #publish}, or {@link ConntrackTable#NONE} when the table is full of
     * connections that may not be evicted.
     */
    int claim(long nowNs) {
        final int tick = Life.tick(nowNs);
        if (fullSinceTick == tick) {
            return ConntrackTable.NONE;
        }
        final long lane = lanes.mine();
        int entry = search(lane, nowNs);
        if (entry == ConntrackTable.NONE && !isPressed(tick)) {
            noneFreeTick = tick;
            entry = search(lane, nowNs);
        }
        if (entry == ConntrackTable.NONE) {
            fullSinceTick = tick;
        }
        return entry;
    }

    /** Whether connections have to make room: they nearly fill the table, or with entries that rest they do. */
    private boolean isPressed(int tick) {
        return noneFreeTick == tick || table.count() >= capacity - capacity / 64;
    }

    /** Looks at as many entries as there are. */
    private int search(long lane, long nowNs) {
        final boolean shared = lanes.isShared(lane);
        int next = !shared && isCurrent(lane) ? lanes.cursor(lane) : ConntrackTable.NONE;
        int start = lanes.start(lane);
        boolean pressed = lanes.isPressed(lane);
        for (int looked = 0; looked < capacity + CHUNK; looked++) {
            if (next == ConntrackTable.NONE) {
                final long number = chunksTaken.getAndIncrement();
                start = startOf(number);
                next = start;
                pressed = isPressed(Life.tick(nowNs));
                if (!shared) {
                    lanes.begin(lane, number, start, pressed);
                }
            }
            final int entry = next;
            next = (entry & -CHUNK) | ((entry + 1) & (CHUNK - 1));
            if (next == start) {
                next = ConntrackTable.NONE;
            }
            if (take(lane, entry, pressed, nowNs)) {
                lanes.cursor(lane, next);
                return entry;
            }
        }
        lanes.cursor(lane, next);
        return ConntrackTable.NONE;
    }

    /** Whether the lane goes on with its chunk. The shared lane has none: who uses it takes a chunk each time. */
    private boolean isCurrent(long lane) {
        return chunksTaken.get() - lanes.chunk(lane) <= halfLap;
    }

    /** The entry at which a chunk is begun: each lap another, for those who take no more than the first. */
    private int startOf(long number) {
        final int chunks = capacity / CHUNK;
        return (int) (number % chunks) * CHUNK + (int) (number / chunks % CHUNK);
    }

    private boolean take(long lane, int entry, boolean pressed, long nowNs) {
        final int life = OffHeap.getIntOpaque(table.life(entry));
        final int tick = Life.tick(nowNs);
        if (Life.isUsable(life, tick)) {
            return OffHeap.compareAndSetInt(table.life(entry), life, Life.CLAIMED);
        }
        if (!Life.isLive(life)) {
            return false;
        }
        if (Life.isDue(life, tick)) {
            return table.dueAgain(entry, nowNs) <= 0 && removal.retire(lane, entry, life, ConntrackCounter.EXPIRED);
        }
        return Life.kind(life) == Life.EVICTABLE
                && pressed
                && removal.retire(lane, entry, life, ConntrackCounter.EVICTED);
    }

    /**
     * Makes a claimed entry, whose tuples and backend are filled in, a connection.
     *
     * @return its reference, or {@link ConntrackTable#CLASH_ORIGINAL} or {@link ConntrackTable#CLASH_REPLY} when another
     *     connection has one of the tuples, or {@link ConntrackTable#INDEX_FULL}; then the entry is still claimed
     */
    long publish(int entry, int status, long nowNs) {
        final long address = table.address(entry);
        final int hashOriginal = index.hashOf(address + Entry.ORIGINAL);
        final int hashReply = index.hashOf(address + Entry.REPLY);
        OffHeap.putInt(address + Entry.HASH_ORIGINAL, hashOriginal);
        OffHeap.putInt(address + Entry.HASH_REPLY, hashReply);
        OffHeap.putLong(address + Entry.CREATED, nowNs);
        OffHeap.putInt(address + Entry.REFRESHED, Life.tick(nowNs));
        final long lane = lanes.mine();
        index.lock(hashOriginal, hashReply);
        try {
            if (isTaken(lane, address + Entry.ORIGINAL, hashOriginal, nowNs)) {
                return ConntrackTable.CLASH_ORIGINAL;
            }
            if (isTaken(lane, address + Entry.REPLY, hashReply, nowNs)) {
                return ConntrackTable.CLASH_REPLY;
            }
            final int generation = Entry.generation(Entry.control(address)) + 1;
            OffHeap.putLongRelease(address + Entry.CONTROL, Entry.control(generation, status));
            if (!index.insert(hashOriginal, entry << 1) || !index.insert(hashReply, entry << 1 | 1)) {
                OffHeap.putLongRelease(address + Entry.CONTROL, Entry.control(generation + 1, 0));
                index.remove(hashOriginal, entry << 1);
                return ConntrackTable.INDEX_FULL;
            }
            final int deadline = Life.tick(nowNs) + table.settings().timeoutTicks(status, address);
            OffHeap.putIntRelease(table.life(entry), Life.word(ConntrackSettings.lifeKind(status), deadline));
            final int stamp = lanes.created(lane);
            final boolean hidden = (status & Entry.SOURCE_NAT) != 0;
            final long hiding = address + Entry.REPLY;
            lanes.hidden(
                    lane,
                    hidden ? OffHeap.getLong(hiding + Entry.DESTINATION_HIGH) : 0,
                    hidden ? OffHeap.getLong(hiding + Entry.DESTINATION_LOW) : 0);
            if (hidden) {
                lanes.add(lane, ConntrackCounter.NAT_CREATED, 1);
            }
            creations.put(hashOriginal, stamp);
            creations.put(hashReply, stamp);
            final int backend = OffHeap.getInt(address + Entry.BACKEND);
            if (backend != Decision.NONE) {
                backends.opened(backend);
            }
            return (long) generation << 32 | entry << 1;
        } finally {
            index.unlock(hashOriginal, hashReply);
        }
    }

    private boolean isTaken(long lane, long tuple, int hash, long nowNs) {
        final long found = index.find(
                hash,
                OffHeap.getLong(tuple + Entry.SOURCE_HIGH),
                OffHeap.getLong(tuple + Entry.SOURCE_LOW),
                OffHeap.getLong(tuple + Entry.DESTINATION_HIGH),
                OffHeap.getLong(tuple + Entry.DESTINATION_LOW),
                OffHeap.getLong(tuple + Entry.META));
        if (found == TupleIndex.MISSING) {
            return false;
        }
        final int entry = ConntrackTable.indexOf(found);
        final int life = OffHeap.getIntAcquire(table.life(entry));
        // the word that is judged is the one that is replaced: the entry may belong to another connection by now
        if (Life.isLive(life)
                && Life.isDue(life, Life.tick(nowNs))
                && table.dueAgain(entry, nowNs) <= 0
                && removal.retire(lane, entry, life, ConntrackCounter.EXPIRED)) {
            removal.rest(entry, nowNs);
            return false;
        }
        return true;
    }
}
