package io.weir.conntrack;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import java.lang.invoke.VarHandle;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * All connections, in memory outside the heap, shared by all workers.
 *
 * <p>Three areas: the entries ({@link Entry}), a dense array of their life words ({@link Life}), and the index of their
 * tuples ({@link TupleIndex}). Lookups and refreshes take no lock. Creating takes the locks of two index buckets; changes
 * of state are a compare-and-set of the entry's control word, which holds the generation, so none can hit a successor.
 *
 * <p>An entry's way: a thread claims it by a compare-and-set of its life word, fills it, makes its generation odd
 * (published), puts its two tuples into the index, and gives it its deadline. Removal claims the life word again, makes
 * the generation even, takes the tuples out of the index and lets the entry rest for two ticks.
 *
 * <p>Entries are handed out in the order of their index, round and round, so what lies ahead of the cursor is the oldest:
 * a full table evicts the first half-open or closing connection that the cursor meets.
 */
public final class ConntrackTable implements ConnectionTracker, AutoCloseable {
    /** Results of {@link #publish} that are no reference. */
    static final long CLASH_ORIGINAL = -2;

    static final long CLASH_REPLY = -3;
    static final long INDEX_FULL = -4;

    /** No entry, no connection. */
    static final int NONE = -1;

    private final int capacity;
    private final int flushSlot;
    private final long entries;
    private final long lives;
    private final TupleIndex index;
    private final CreationStamps creations = new CreationStamps();
    private final Lanes lanes = new Lanes();
    private final Insertion insertion;
    private final Removal removal;
    private volatile ConntrackSettings settings;

    /**
     * @param flushSlot the version slot that decisions on connections depend on; {@link #flush} touches it
     * @param seed      of the hash: random in production
     */
    public ConntrackTable(ConntrackSpec spec, int flushSlot, long seed) {
        this(spec, flushSlot, seed, BackendStates.ALL_PRESENT);
    }

    /** @param backends are told of the connections that they get and lose */
    ConntrackTable(ConntrackSpec spec, int flushSlot, long seed, BackendStates backends) {
        settings = new ConntrackSettings(spec);
        capacity = Insertion.wholeChunks(spec.capacity());
        this.flushSlot = flushSlot;
        entries = OffHeap.allocate((long) capacity * Entry.LENGTH);
        lives = OffHeap.allocate(4L * capacity);
        index = new TupleIndex(capacity, entries, new SplittableRandom(seed));
        removal = new Removal(this, index, lanes, backends);
        insertion = new Insertion(this, index, creations, lanes, backends, removal);
    }

    /** Conductor: new timeouts and switches, from now on. The connections stay as they are. */
    void settings(ConntrackSettings newSettings) {
        settings = newSettings;
    }

    ConntrackSettings settings() {
        return settings;
    }

    public int flushSlot() {
        return flushSlot;
    }

    public int capacity() {
        return capacity;
    }

    public long memoryBytes() {
        return (long) capacity * (Entry.LENGTH + 4) + index.bytes() + CreationStamps.BYTES;
    }

    /** Connections in the table, those that are expired but not yet swept included. */
    public long count() {
        return lanes.sum(ConntrackCounter.CREATED)
                - lanes.sum(ConntrackCounter.EXPIRED)
                - lanes.sum(ConntrackCounter.EVICTED)
                - lanes.sum(ConntrackCounter.DELETED);
    }

    /** Connections whose source is translated, each of which holds a port of its new address. */
    public long translatedCount() {
        return lanes.sum(ConntrackCounter.NAT_CREATED) - lanes.sum(ConntrackCounter.NAT_ENDED);
    }

    /** Tuples in the index: two for each connection. Walks the whole index; for tests and diagnosis. */
    long indexedTuples() {
        return index.count();
    }

    public long counter(ConntrackCounter counter) {
        return lanes.sum(counter);
    }

    void count(ConntrackCounter counter, long amount) {
        lanes.add(lanes.mine(), counter, amount);
    }

    // ---- lookup -----------------------------------------------------------------------------------------------------

    /** Raw address of an entry. */
    long address(int entry) {
        return entries + (long) entry * Entry.LENGTH;
    }

    static int indexOf(long reference) {
        return (int) reference >>> 1;
    }

    static boolean isReply(long reference) {
        return (reference & 1) != 0;
    }

    static int generationOf(long reference) {
        return (int) (reference >>> 32);
    }

    int hash(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta) {
        return index.hash(sourceHigh, sourceLow, destinationHigh, destinationLow, meta);
    }

    int creationStamp(int place) {
        return creations.at(place);
    }

    @Override
    public boolean isStillAbsent(int place, int stamp) {
        return creations.at(place) == stamp;
    }

    @Override
    public long places(
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int sourcePort,
            int destinationPort,
            int protocol,
            int scope) {
        final int zone = settings.zoneOf(scope);
        final long meta = Entry.meta(sourcePort, destinationPort, zone, protocol);
        final int original = index.hash(sourceHigh, sourceLow, destinationHigh, destinationLow, meta);
        // if it begins a connection, and its sender is hidden as the last one was or not at all, its answer will be
        // this
        final long lane = lanes.mine();
        final long hiddenLow = lanes.hiddenLow(lane);
        final int answer = index.hash(
                destinationHigh,
                destinationLow,
                hiddenLow == 0 ? sourceHigh : lanes.hiddenHigh(lane),
                hiddenLow == 0 ? sourceLow : hiddenLow,
                Tuples.replyMeta(protocol, destinationPort, sourcePort, zone));
        return (long) original << 32 | (answer & 0xFFFF_FFFFL);
    }

    @Override
    public int touch(long places) {
        return index.touch((int) (places >>> 32)) + index.touch((int) places);
    }

    /** The living, unexpired connection that has this tuple, or {@link TupleIndex#MISSING}. */
    long find(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta, long nowNs) {
        final int hash = index.hash(sourceHigh, sourceLow, destinationHigh, destinationLow, meta);
        return find(hash, sourceHigh, sourceLow, destinationHigh, destinationLow, meta, nowNs);
    }

    /** As above, when the tuple's hash is known. */
    long find(
            int hash,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            long meta,
            long nowNs) {
        final long found = index.find(hash, sourceHigh, sourceLow, destinationHigh, destinationLow, meta);
        return found == TupleIndex.MISSING || isExpired(indexOf(found), nowNs) ? TupleIndex.MISSING : found;
    }

    /** The entry still holds the connection of this generation: what was read from it before this call is right. */
    @Override
    public boolean isStill(int entry, int generation) {
        VarHandle.acquireFence();
        return Entry.generation(Entry.control(address(entry))) == generation;
    }

    /** A TCP connection in TIME_WAIT or CLOSE. */
    boolean isClosed(long reference) {
        final int status = Entry.status(Entry.control(address(indexOf(reference))));
        return Entry.kind(status) == Entry.TCP && TcpMachine.isClosed(status);
    }

    /** A closed connection of the same sender and source port: a new one may take its place. */
    boolean isReplaceable(long reference, Decision decision) {
        final long original = address(indexOf(reference)) + Entry.ORIGINAL;
        return isClosed(reference)
                && OffHeap.getLong(original + Entry.SOURCE_LOW) == decision.subjectSourceLow()
                && OffHeap.getLong(original + Entry.SOURCE_HIGH) == decision.subjectSourceHigh()
                && Entry.sourcePort(OffHeap.getLong(original + Entry.META)) == decision.subjectSourcePort()
                && isStill(indexOf(reference), generationOf(reference));
    }

    /** The zone in which the answers to a connection arrive: that of its way out. */
    int replyZone(int scope, int outputPort) {
        final ConntrackSettings now = settings;
        return outputPort == Decision.NONE || !now.isZoned() ? now.zoneOf(scope) : now.zoneOf(outputPort);
    }

    /** Address of an entry's life word. */
    long life(int entry) {
        return lives + 4L * entry;
    }

    boolean isExpired(int entry, long nowNs) {
        final int life = OffHeap.getIntAcquire(life(entry));
        final int tick = Life.tick(nowNs);
        return Life.isLive(life) && Life.isDue(life, tick) && dueAgain(entry, nowNs) <= 0;
    }

    /** Ticks that a due connection has left after all: its timeout may have become longer without a refresh. */
    int dueAgain(int entry, long nowNs) {
        final long address = address(entry);
        final int status = Entry.status(Entry.control(address));
        final int silent =
                Life.ticksSince(Life.word(0, OffHeap.getIntOpaque(address + Entry.REFRESHED)), Life.tick(nowNs));
        return settings.timeoutTicks(status, address) - silent;
    }

    // ---- creation: see Insertion ------------------------------------------------------------------------------------

    /** A free entry for the caller alone, or {@link #NONE}; see {@link Insertion#claim}. */
    int claim(long nowNs) {
        return insertion.claim(nowNs);
    }

    /** Makes a claimed entry a connection; see {@link Insertion#publish}. */
    long publish(int entry, int status, long nowNs) {
        return insertion.publish(entry, status, nowNs);
    }

    /** Gives a claimed entry back that was not published. */
    void release(int entry) {
        OffHeap.putIntRelease(life(entry), Life.FREE);
    }

    // ---- removal: see Removal ---------------------------------------------------------------------------------------

    /** Ends the connection of this generation. False when it has ended already. */
    boolean delete(int entry, int generation, long nowNs) {
        return removal.delete(entry, generation, nowNs);
    }

    /**
     * Removes expired connections. To be called by every worker in each duty cycle: together they look at the whole table
     * once a second, at most {@code budget} entries a call.
     *
     * @return connections removed
     */
    public int sweep(long nowNs, int budget) {
        return removal.sweep(nowNs, budget);
    }

    /**
     * Conductor: ends all connections that are selected, and touches {@link #flushSlot()} so that no cached decision outlives
     * them.
     *
     * @return connections removed
     */
    public int flush(Predicate<ConnectionRecord> selected, Changes changes, long nowNs) {
        final int[] removed = {0};
        forEach(ConnectionFilter.ALL, nowNs, connection -> {
            if (selected.test(connection) && delete(connection.entry(), connection.generation(), nowNs)) {
                removed[0]++;
            }
        });
        changes.touch(flushSlot);
        return removed[0];
    }

    /** Any thread: shows all living connections that the filter selects; one that ends meanwhile may be missed. */
    public void forEach(ConnectionFilter filter, long nowNs, Consumer<ConnectionRecord> consumer) {
        for (int entry = 0; entry < capacity; entry++) {
            final int life = OffHeap.getIntAcquire(life(entry));
            if (!Life.isLive(life) || isExpired(entry, nowNs)) {
                continue;
            }
            final int left = Math.max(0, -Life.ticksSince(life, Life.tick(nowNs)));
            final ConnectionRecord connection = ConnectionRecord.read(this, entry, left, nowNs);
            if (connection != null && filter.selects(connection)) {
                consumer.accept(connection);
            }
        }
    }

    // ---- packets ----------------------------------------------------------------------------------------------------

    /** The connection was used: it lives on for its state's timeout. */
    void touch(int entry, int status, long nowNs) {
        final long address = address(entry);
        final int tick = Life.tick(nowNs);
        final int life = OffHeap.getIntOpaque(life(entry));
        OffHeap.putIntOpaque(address + Entry.REFRESHED, tick);
        final int word = Life.word(ConntrackSettings.lifeKind(status), tick + settings.timeoutTicks(status, address));
        if (life != word && Life.isLive(life)) {
            // a failure means that another worker refreshed it, or removed it
            OffHeap.compareAndSetInt(life(entry), life, word);
        }
    }

    /** Adds packets that this thread saw. Two workers that see the same direction at the same time may lose some. */
    void account(long address, boolean reply, long packets, long bytes) {
        final long packetsAt = address + (reply ? Entry.PACKETS_REPLY : Entry.PACKETS_ORIGINAL);
        final long bytesAt = address + (reply ? Entry.BYTES_REPLY : Entry.BYTES_ORIGINAL);
        OffHeap.putLongOpaque(packetsAt, OffHeap.getLongOpaque(packetsAt) + packets);
        OffHeap.putLongOpaque(bytesAt, OffHeap.getLongOpaque(bytesAt) + bytes);
    }

    @Override
    public boolean refresh(int connection, int generation, boolean reply, long packets, long bytes, long nowNs) {
        final long address = address(connection);
        final long control = Entry.control(address);
        if (Entry.generation(control) != generation || isExpired(connection, nowNs)) {
            return false;
        }
        final int status = Entry.status(control);
        account(address, reply, packets, bytes);
        final boolean judged = Entry.kind(status) == Entry.TCP && (status & Entry.LIBERAL) == 0 && !settings.tcpLiberal;
        if (!judged) {
            touch(connection, status, nowNs); // else segment does it, when the window has let the segment pass
        }
        return Entry.kind(status) != Entry.TCP || Entry.state(status) == TcpState.ESTABLISHED.code;
    }

    @Override
    public boolean segment(
            int connection, int generation, boolean reply, long tcpHeaderAddress, int segmentLength, long nowNs) {
        final long address = address(connection);
        final long control = Entry.control(address);
        final int status = Entry.status(control);
        if (Entry.generation(control) != generation
                || (status & (Entry.STATE_MASK | Entry.KIND_MASK)) != TcpState.ESTABLISHED.code
                || TcpMachine.changesState(OffHeap.getByte(tcpHeaderAddress + 13))) {
            return false;
        }
        if ((status & Entry.UNJUDGED) != 0) {
            Handover.follow(address, control, reply, tcpHeaderAddress, segmentLength);
        } else if (!TcpWindow.pass(address, reply, tcpHeaderAddress, segmentLength)) {
            return false;
        }
        final int tick = Life.tick(nowNs);
        if (((tick - OffHeap.getIntOpaque(address + Entry.REFRESHED)) & 0x3FFF_FFFF) >= Life.TICKS_PER_SECOND) {
            if (isExpired(connection, nowNs)) {
                return false;
            }
            touch(connection, status, nowNs);
        }
        return true;
    }

    /** For who carries segments of connections past the stages. */
    public Handover handover() {
        return new Handover(this);
    }

    /** When no worker uses it any more. */
    @Override
    public void close() {
        OffHeap.free(entries);
        OffHeap.free(lives);
        index.close();
        creations.close();
        lanes.close();
    }
}
