package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.route.AdjacencyTable;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what the flow cache remembers, a burst at a time, and hands everything else to the slow path.
 *
 * <p>A burst is walked in passes, so that the cache misses of its packets overlap instead of following one another:
 *
 * <ol>
 *   <li>parse: is the packet of the plain shape (no options, no fragment, TCP or UDP, TTL above 1, no SYN, FIN or RST, but
 *       SYNs while some are dropped)? if so, its key and hash are noted
 *   <li>touch: one load from each flow's entry
 *   <li>find: compare the keys; where several flows are not remembered, one load from each one's connection
 *   <li>act: check that the decision still holds, rewrite, send
 * </ol>
 *
 * <p>Whatever is not plain is left to the {@link SlowPath} untouched and in order of arrival. Owned by one thread;
 * allocates nothing.
 */
public final class FastPath {
    /** A tick of the flow cache is 2^30 ns, a little more than a second. */
    public static final int TICK_SHIFT = 30;

    /** Segmentation or checksum are left to whoever sends the packet on. */
    static final int OPEN_OFFLOADS = Burst.CHECKSUM_PARTIAL | 0xFFFF;

    /** Flags of an entry that {@link #forwardUsual} leaves to others. */
    private static final int UNUSUAL = FlowEntry.DROP | FlowEntry.IPV6;

    private final FlowCache cache;
    private final Transmitter transmitter;
    private final SlowPath slowPath;
    private final PathCounters counters;
    private final PlainHeaders headers;
    private final long[] entries;
    private final ConnectionTouch connections;
    private final BigArrivals bigArrivals;
    private final Burst spread;
    private int touched;
    private @Nullable BurstClock clock;
    private @Nullable OffloadCandidates candidates;

    public FastPath(
            FlowCache cache, Transmitter transmitter, SlowPath slowPath, PathCounters counters, int burstCapacity) {
        this.cache = cache;
        this.transmitter = transmitter;
        this.slowPath = slowPath;
        this.counters = counters;
        headers = new PlainHeaders(counters, slowPath, burstCapacity);
        entries = new long[burstCapacity];
        connections = new ConnectionTouch(burstCapacity);
        bigArrivals = new BigArrivals(transmitter);
        spread = new Burst(burstCapacity);
    }

    /** Handles all packets of a burst that came from one port; the burst is empty afterwards. */
    public void process(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        if (ingress.role() == Ingress.Role.UPLINK && burst.hasBigPackets()) {
            bigArrivals.open(burst, ingress, snapshot.tunnels());
            while (bigArrivals.fill(spread)) {
                processAll(spread, ingress, snapshot, nowNs);
            }
        } else {
            processAll(burst, ingress, snapshot, nowNs);
        }
        burst.clear();
    }

    private void processAll(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        headers.looksForSyns(cache.mayHoldSyns((short) (nowNs >>> TICK_SHIFT)));
        if (snapshot.tunnels() != null && ingress.role() == Ingress.Role.UPLINK) {
            headers.parseUplink(burst, ingress, snapshot.tunnels(), transmitter.tunnels(), nowNs);
        } else {
            headers.parse(burst, ingress);
        }
        over(BurstClock.Phase.PARSE);
        touch(burst.size());
        if (find(burst) > 1) {
            touched += connections.touch(burst, headers, entries, snapshot.tracker());
        }
        over(BurstClock.Phase.LOOKUP);
        act(burst, ingress, snapshot, nowNs);
        over(BurstClock.Phase.ACT);
        burst.clear();
    }

    /** As {@link #process}, but asks the flow cache nothing: every packet goes through the pipeline. */
    public void bypass(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        if (ingress.role() == Ingress.Role.UPLINK && burst.hasBigPackets()) {
            bigArrivals.open(burst, ingress, snapshot.tunnels());
            while (bigArrivals.fill(spread)) {
                bypassAll(spread, ingress, snapshot, nowNs);
            }
        } else {
            bypassAll(burst, ingress, snapshot, nowNs);
        }
        burst.clear();
    }

    private void bypassAll(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        final TunnelTermination tunnels = snapshot.tunnels();
        for (int i = 0; i < burst.size(); i++) {
            int scope = ingress.port();
            final boolean ours = burst.length(i) >= 42
                    && (getLong(burst.address(i)) & ingress.destinationMask) == ingress.destinationWord;
            if (tunnels != null && ours && ingress.role() == Ingress.Role.UPLINK) {
                final int terminated = tunnels.terminate(
                        burst.address(i), burst.length(i), burst.isChecksumSettled(i), transmitter.tunnels());
                if (terminated < 0) {
                    counters.drop(-terminated);
                    slowPath.droppedInTunnel(burst, i, ingress, -terminated, nowNs);
                    continue;
                }
                if (terminated != TunnelTermination.NOT_A_TUNNEL) {
                    scope = 0x8000 | terminated >>> 16;
                    burst.strip(i, terminated & 0xFFFF);
                }
            }
            slowPath.process(burst, i, scope, ingress, snapshot, nowNs);
        }
        burst.clear();
    }

    /** One packet that was held, in a burst of its own: through the pipeline again. */
    public void resume(Burst burst, int scope, Ingress ingress, Snapshot snapshot, long nowNs) {
        slowPath.process(burst, 0, scope, ingress, snapshot, nowNs);
        burst.clear();
    }

    private void touch(int size) {
        final FlowCache flows = cache;
        final int[] all = headers.hashes;
        int sum = 0;
        for (int i = 0; i < size; i++) {
            // a packet of another kind has an old hash here: a harmless load
            sum += getInt(flows.home(all[i]) + FlowEntry.EPOCH);
        }
        touched = sum;
    }

    /**
     * Compares keys, in a pass of its own because a flow that is not at its home costs another cache miss.
     *
     * @return packets whose flow is not remembered
     */
    private int find(Burst burst) {
        final long[] found = entries;
        final byte[] kinds = headers.kinds;
        final int size = burst.size();
        int missing = 0;
        for (int i = 0; i < size; i++) {
            found[i] = entryOf(burst, i, kinds[i]);
            missing += found[i] == FlowCache.NULL ? 1 : 0;
        }
        return missing;
    }

    private long entryOf(Burst burst, int i, byte kind) {
        if (kind == PlainHeaders.IPV4) {
            return cache.findIpv4(headers.hashes[i], headers.word0s[i], headers.addresses[i]);
        }
        if (kind != PlainHeaders.IPV6) {
            return FlowCache.NULL;
        }
        final long ip = burst.address(i) + 14;
        return cache.findIpv6(
                headers.hashes[i],
                headers.word0s[i],
                getLong(ip + 8),
                getLong(ip + 16),
                getLong(ip + 24),
                getLong(ip + 32));
    }

    private void act(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        final short tick = (short) (nowNs >>> TICK_SHIFT);
        final int size = burst.size();
        boolean moved = false;
        int hits = 0;
        int i = 0;
        while (i < size) {
            int end = size;
            if (moved) {
                // what the slow path remembers may lie where an entry was found, and may be this packet's flow
                entries[i] = entryOf(burst, i, headers.kinds[i]);
                end = i + 1;
            }
            final int usualEnd = forwardUsual(burst, i, end, snapshot, nowNs, tick);
            hits += usualEnd - i;
            i = usualEnd;
            if (i < end) {
                final byte kind = headers.kinds[i];
                if (kind == PlainHeaders.DROPPED) {
                    transmitter.release(burst.handle(i));
                } else if (entries[i] != FlowCache.NULL && forward(burst, i, kind, entries[i], snapshot, nowNs, tick)) {
                    hits++;
                } else {
                    slowPath.process(burst, i, headers.scopes[i], ingress, snapshot, nowNs);
                    moved = true;
                }
                i++;
            }
        }
        counters.cacheHits(hits);
    }

    /**
     * Forwards packets as long as they are what nearly all are: IPv4 of a known flow that was confirmed and used in this tick,
     * without offloads, and inside of its connection's window. A loop without anything else, so that the compiler keeps all
     * that it needs in registers.
     *
     * @return the first packet that is something else, or {@code end}
     */
    private int forwardUsual(Burst burst, int from, int end, Snapshot snapshot, long nowNs, short tick) {
        final long[] found = entries;
        final int[] hashes = headers.hashes;
        final AdjacencyTable adjacencies = snapshot.adjacencies();
        final ConnectionTracker tracker = snapshot.tracker();
        final long moment = FlowEntry.moment(snapshot.epoch(), tick);
        for (int i = from; i < end; i++) {
            final long entry = found[i];
            if (entry == FlowCache.NULL || !FlowEntry.isOf(entry, moment)) {
                return i;
            }
            final int action = FlowEntry.action(entry);
            final int notes = burst.notes(i);
            if ((FlowEntry.flags(action) & UNUSUAL) != 0 || (notes & OPEN_OFFLOADS) != 0) {
                return i;
            }
            final long ip = burst.address(i) + 14;
            final int ipLength = getShortBigEndian(ip + 2);
            final long adjacency = adjacencies.entry(FlowEntry.index(action));
            if (ipLength > AdjacencyTable.mtuOf(adjacency)) {
                return i;
            }
            if ((FlowEntry.flags(action) & FlowEntry.WINDOW) != 0
                    && !passes(tracker, entry, action, ip + 20, ipLength - 20, nowNs)) {
                return i;
            }
            FlowEntry.count(entry, FlowEntry.IPV4_BYTES, ipLength);
            Rewriter.rewritePlainIpv4(entry, action, ip);
            transmitter.sendVia(adjacency, burst.handle(i), ip, ipLength, notes, hashes[i]);
        }
        return end;
    }

    /** Carries out an entry; false when the slow path must decide after all. */
    private boolean forward(Burst burst, int i, byte kind, long entry, Snapshot snapshot, long nowNs, short tick) {
        final boolean ipv4 = kind == PlainHeaders.IPV4;
        final int bytesOffset = ipv4 ? FlowEntry.IPV4_BYTES : FlowEntry.IPV6_BYTES;
        if (FlowEntry.epoch(entry) != snapshot.epoch() && !confirm(entry, snapshot)) {
            return false;
        }
        if (FlowEntry.tick(entry) != tick && !refresh(entry, bytesOffset, snapshot, nowNs, tick)) {
            return false;
        }
        final int action = FlowEntry.action(entry);
        final int flags = FlowEntry.flags(action);
        final int handle = burst.handle(i);
        if ((flags & FlowEntry.DROP) != 0) {
            if (!isStillDropped(entry, flags, snapshot.tracker())) {
                return false;
            }
            counters.drop(FlowEntry.index(action));
            transmitter.release(handle);
            return true;
        }
        final long ip = burst.address(i) + 14;
        final int ipLength = ipv4 ? getShortBigEndian(ip + 2) : getShortBigEndian(ip + 4) + 40;
        final int headerLength = ipv4 ? 20 : 40;
        final int notes = burst.notes(i);
        final long adjacency = snapshot.adjacencies().entry(FlowEntry.index(action));
        if (ipLength > AdjacencyTable.mtuOf(adjacency) && !fitsInSegments(ip, headerLength, notes, adjacency)) {
            return false;
        }
        final long transport = ip + headerLength;
        if ((flags & FlowEntry.WINDOW) != 0
                && !passes(snapshot.tracker(), entry, action, transport, ipLength - headerLength, nowNs)) {
            return false;
        }
        FlowEntry.count(entry, bytesOffset, ipLength);
        if (candidates != null && Burst.segmentSizeOf(notes) != 0) {
            candidates.counted(entry, bytesOffset, ipLength);
        }
        final boolean partial = (notes & Burst.CHECKSUM_PARTIAL) != 0;
        final int protocol = getByte(entry + 4) & 0xFF;
        if (ipv4) {
            Rewriter.rewriteIpv4(entry, action, ip, transport, protocol, partial);
        } else {
            Rewriter.rewriteIpv6(entry, action, ip, transport, protocol, partial);
        }
        transmitter.sendVia(adjacency, handle, ip, ipLength, notes, headers.hashes[i]);
        return true;
    }

    /** Whether the connection takes a segment. */
    private static boolean passes(
            ConnectionTracker tracker, long entry, int action, long tcp, int segmentLength, long nowNs) {
        return tracker.segment(
                FlowEntry.connection(entry),
                FlowEntry.generation(entry),
                (FlowEntry.flags(action) & FlowEntry.REPLY) != 0,
                tcp,
                segmentLength,
                nowNs);
    }

    /** A big packet passes when each of its segments fits. */
    static boolean fitsInSegments(long ip, int ipHeaderLength, int notes, long adjacency) {
        final int segmentSize = Burst.segmentSizeOf(notes);
        if (segmentSize == 0) {
            return false;
        }
        final long transport = ip + ipHeaderLength;
        final int protocol = ipHeaderLength == 20 ? getByte(ip + 9) : getByte(ip + 6);
        final int transportHeader = protocol == PacketParser.PROTOCOL_TCP ? (getByte(transport + 12) & 0xF0) >>> 2 : 8;
        return ipHeaderLength + transportHeader + segmentSize <= AdjacencyTable.mtuOf(adjacency);
    }

    /** A drop that has to do with connections holds until one begins or ends with these addresses and ports. */
    private static boolean isStillDropped(long entry, int flags, ConnectionTracker tracker) {
        final int place = FlowEntry.connection(entry);
        final int stamp = FlowEntry.generation(entry);
        return ((flags & FlowEntry.ABSENT) == 0 || tracker.isStillAbsent(place, stamp))
                && ((flags & FlowEntry.TRACKED) == 0 || tracker.isStill(place, stamp));
    }

    private boolean confirm(long entry, Snapshot snapshot) {
        if (!FlowEntry.holds(entry, snapshot.slots())) {
            counters.staleFlow();
            return false;
        }
        FlowEntry.epoch(entry, snapshot.epoch());
        return true;
    }

    private boolean refresh(long entry, int bytesOffset, Snapshot snapshot, long nowNs, short tick) {
        final int flags = FlowEntry.flags(FlowEntry.action(entry));
        if ((flags & FlowEntry.DROP) != 0 && (flags & (FlowEntry.TRACKED | FlowEntry.ABSENT)) != 0) {
            return false; // decided again each tick: schedulers, affinity and timeouts have no version slot
        }
        if ((flags & FlowEntry.TRACKED) != 0
                && !snapshot.tracker()
                        .refresh(
                                FlowEntry.connection(entry),
                                FlowEntry.generation(entry),
                                (flags & FlowEntry.REPLY) != 0,
                                FlowEntry.packets(entry),
                                getInt(entry + bytesOffset) & 0xFFFF_FFFFL,
                                nowNs)) {
            return false;
        }
        if (candidates != null) {
            candidates.ticked(entry, bytesOffset);
        }
        FlowEntry.clearCounts(entry, bytesOffset);
        FlowEntry.tick(entry, tick);
        return true;
    }

    private void over(BurstClock.Phase phase) {
        if (clock != null) {
            clock.over(phase);
        }
    }

    /** Times the phases of some bursts; null times none. */
    public void clock(@Nullable BurstClock stopWatch) {
        clock = stopWatch;
    }

    /** Where flows are told of that carry much; null: nobody wants to know. Before the worker starts. */
    public void candidates(@Nullable OffloadCandidates queue) {
        candidates = queue;
    }

    /** Keeps the loads of the touch pass alive. */
    int touched() {
        return touched;
    }
}
