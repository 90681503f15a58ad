package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;
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
 *   <li>find: compare the keys
 *   <li>act: check that the decision still holds, rewrite, send
 * </ol>
 *
 * <p>Whatever is not plain is left to the {@link SlowPath} untouched and in order of arrival. Owned by one thread;
 * allocates nothing.
 */
public final class FastPath {
    /** A tick of the flow cache is 2^30 ns, a little more than a second. */
    public static final int TICK_SHIFT = 30;

    private static final int NOT_PLAIN = 0;
    private static final byte SLOW = 0;
    private static final byte DROPPED = 1;
    private static final byte IPV4 = 4;
    private static final byte IPV6 = 6;

    private static final boolean LITTLE = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;

    /** First 8 bytes of a plain IPv4 header: version 4, no options; not a fragment, DF allowed. */
    private static final long IPV4_SHAPE_MASK = word(0xFF00_0000_0000_BFFFL);

    private static final long IPV4_SHAPE = word(0x4500_0000_0000_0000L);

    /** TCP flags that change a connection's state. */
    private static final int STATE_FLAGS = PacketParser.TCP_SYN | PacketParser.TCP_FIN | PacketParser.TCP_RST;

    /** Segmentation or checksum are left to whoever sends the packet on. */
    static final int OPEN_OFFLOADS = Burst.CHECKSUM_PARTIAL | 0xFFFF;

    private final FlowCache cache;
    private final Transmitter transmitter;
    private final SlowPath slowPath;
    private final PathCounters counters;
    private final byte[] kinds;
    private final int[] hashes;
    private final int[] scopes;
    private final long[] word0s;
    private final long[] addresses;
    private final long[] entries;
    private int touched;
    private boolean looksForSyns;

    private @Nullable BurstClock clock;

    public FastPath(
            FlowCache cache, Transmitter transmitter, SlowPath slowPath, PathCounters counters, int burstCapacity) {
        this.cache = cache;
        this.transmitter = transmitter;
        this.slowPath = slowPath;
        this.counters = counters;
        kinds = new byte[burstCapacity];
        hashes = new int[burstCapacity];
        scopes = new int[burstCapacity];
        word0s = new long[burstCapacity];
        addresses = new long[burstCapacity];
        entries = new long[burstCapacity];
    }

    private static long word(long bigEndian) {
        return LITTLE ? Long.reverseBytes(bigEndian) : bigEndian;
    }

    /** Handles all packets of a burst that came from one port; the burst is empty afterwards. */
    public void process(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        looksForSyns = cache.mayHoldSyns((short) (nowNs >>> TICK_SHIFT));
        if (snapshot.tunnels() != null && ingress.role() == Ingress.Role.UPLINK) {
            parseUplink(burst, ingress, snapshot.tunnels(), nowNs);
        } else {
            parse(burst, ingress);
        }
        over(BurstClock.Phase.PARSE);
        touch(burst.size());
        find(burst);
        over(BurstClock.Phase.LOOKUP);
        act(burst, ingress, snapshot, nowNs);
        over(BurstClock.Phase.ACT);
        burst.clear();
    }

    /** As {@link #process}, but asks the flow cache nothing: every packet goes through the pipeline. */
    public void bypass(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
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

    private void parse(Burst burst, Ingress ingress) {
        final long destinationWord = ingress.destinationWord;
        final long destinationMask = ingress.destinationMask;
        final long sourceMask = ingress.sourceMask;
        final long ipv4Word = ingress.sourceWordIpv4;
        final long ipv6Word = ingress.sourceWordIpv6;
        final int scope = ingress.port();
        final int size = burst.size();
        for (int i = 0; i < size; i++) {
            final long frame = burst.address(i);
            final int length = burst.length(i);
            byte kind = SLOW;
            if (length >= 42 && (getLong(frame) & destinationMask) == destinationWord) {
                final long source = getLong(frame + 6) & sourceMask;
                if (source == ipv4Word) {
                    kind = parseIpv4(i, frame, length, scope);
                } else if (source == ipv6Word) {
                    kind = parseIpv6(i, frame, length, scope);
                }
            }
            kinds[i] = kind;
            scopes[i] = scope;
        }
    }

    /** As {@link #parse}, with tunnels taken off first. */
    private void parseUplink(Burst burst, Ingress ingress, TunnelTermination tunnels, long nowNs) {
        final int size = burst.size();
        final TunnelTally tally = transmitter.tunnels();
        for (int i = 0; i < size; i++) {
            long frame = burst.address(i);
            int length = burst.length(i);
            final boolean ours = length >= 42 && (getLong(frame) & ingress.destinationMask) == ingress.destinationWord;
            final int terminated = ours
                    ? tunnels.terminate(frame, length, burst.isChecksumSettled(i), tally)
                    : TunnelTermination.NOT_A_TUNNEL;
            int scope = ingress.port();
            byte kind = SLOW;
            if (terminated < 0) {
                kind = DROPPED;
                counters.drop(-terminated);
                slowPath.refusedInTunnel(burst, i, ingress, -terminated, nowNs);
            } else if (ours) {
                final int offset = terminated & 0xFFFF;
                if (offset != 0) {
                    scope = 0x8000 | terminated >>> 16;
                    burst.strip(i, offset);
                    frame += offset;
                    length -= offset;
                }
                if (length >= 42) {
                    final int etherType = getShortBigEndian(frame + 12);
                    if (etherType == PacketParser.ETHERTYPE_IPV4) {
                        kind = parseIpv4(i, frame, length, scope);
                    } else if (etherType == PacketParser.ETHERTYPE_IPV6) {
                        kind = parseIpv6(i, frame, length, scope);
                    }
                }
            }
            kinds[i] = kind;
            scopes[i] = scope;
        }
    }

    private byte parseIpv4(int i, long frame, int length, int scope) {
        final long head = getLong(frame + 14);
        if ((head & IPV4_SHAPE_MASK) != IPV4_SHAPE) {
            return SLOW;
        }
        final int totalLength = getShortBigEndian(frame + 16);
        final long middle = getLong(frame + 22);
        final int destination = getInt(frame + 30);
        final int timeToLive = getByte(frame + 22) & 0xFF;
        final int protocol = getByte(frame + 23) & 0xFF;
        long sum = (head & 0xFFFF_FFFFL) + (head >>> 32) + (middle & 0xFFFF_FFFFL) + (middle >>> 32);
        sum += destination & 0xFFFF_FFFFL;
        if (InternetChecksum.fold(sum) != 0xFFFF || totalLength + 14 > length || timeToLive <= 1) {
            return SLOW;
        }
        final int keyProtocol = keyProtocol(frame + 34, protocol, totalLength - 20);
        if (keyProtocol == NOT_PLAIN) {
            return SLOW;
        }
        final long word0 = FlowEntry.word0(getInt(frame + 34), keyProtocol, FlowEntry.FAMILY_IPV4, scope);
        final long pair = getLong(frame + 26);
        word0s[i] = word0;
        addresses[i] = pair;
        hashes[i] = FlowCache.hashIpv4(word0, pair);
        return IPV4;
    }

    private byte parseIpv6(int i, long frame, int length, int scope) {
        if ((getByte(frame + 14) & 0xF0) != 0x60 || length < 62) {
            return SLOW;
        }
        final int payloadLength = getShortBigEndian(frame + 18);
        final int protocol = getByte(frame + 20) & 0xFF;
        final int hopLimit = getByte(frame + 21) & 0xFF;
        if (payloadLength + 54 > length || hopLimit <= 1) {
            return SLOW;
        }
        final int keyProtocol = keyProtocol(frame + 54, protocol, payloadLength);
        if (keyProtocol == NOT_PLAIN) {
            return SLOW;
        }
        final long word0 = FlowEntry.word0(getInt(frame + 54), keyProtocol, FlowEntry.FAMILY_IPV6, scope);
        word0s[i] = word0;
        hashes[i] = FlowCache.hashIpv6(
                word0, getLong(frame + 22), getLong(frame + 30), getLong(frame + 38), getLong(frame + 46));
        return IPV6;
    }

    /**
     * What a key has as protocol, for UDP whose length fits exactly, and for TCP with a whole header and no flag that changes
     * its state; SYNs have a protocol of their own, and are looked for only while some are dropped.
     */
    private int keyProtocol(long transport, int protocol, int available) {
        if (protocol == PacketParser.PROTOCOL_UDP) {
            return available >= 8 && getShortBigEndian(transport + 4) == available ? protocol : NOT_PLAIN;
        }
        if (protocol != PacketParser.PROTOCOL_TCP || available < 20) {
            return NOT_PLAIN;
        }
        final int headerLength = (getByte(transport + 12) & 0xF0) >>> 2;
        if (headerLength < 20 || headerLength > available) {
            return NOT_PLAIN;
        }
        final int flags = getByte(transport + 13);
        if ((flags & STATE_FLAGS) == 0) {
            return protocol;
        }
        return looksForSyns && isSyn(flags) ? FlowEntry.DROPPED_SYN : NOT_PLAIN;
    }

    /** The SYN that begins a connection: with no other flag but those of congestion (RFC 3168). */
    static boolean isSyn(int tcpFlags) {
        return (tcpFlags & 0x3F) == PacketParser.TCP_SYN;
    }

    private void touch(int size) {
        final FlowCache flows = cache;
        final int[] all = hashes;
        int sum = 0;
        for (int i = 0; i < size; i++) {
            // a packet of another kind has an old hash here: a harmless load
            sum += getInt(flows.home(all[i]) + FlowEntry.EPOCH);
        }
        touched = sum;
    }

    /** Compares keys, in a pass of its own because a flow that is not at its home costs another cache miss. */
    private void find(Burst burst) {
        final long[] found = entries;
        final byte[] all = kinds;
        final int size = burst.size();
        for (int i = 0; i < size; i++) {
            final byte kind = all[i];
            found[i] = kind == IPV4 || kind == IPV6 ? entryOf(burst, i, kind) : FlowCache.NULL;
        }
    }

    private long entryOf(Burst burst, int i, byte kind) {
        if (kind == IPV4) {
            return cache.findIpv4(hashes[i], word0s[i], addresses[i]);
        }
        final long ip = burst.address(i) + 14;
        return cache.findIpv6(
                hashes[i], word0s[i], getLong(ip + 8), getLong(ip + 16), getLong(ip + 24), getLong(ip + 32));
    }

    private void act(Burst burst, Ingress ingress, Snapshot snapshot, long nowNs) {
        final short tick = (short) (nowNs >>> TICK_SHIFT);
        final int size = burst.size();
        final byte[] all = kinds;
        final long[] found = entries;
        boolean moved = false;
        int hits = 0;
        for (int i = 0; i < size; i++) {
            final byte kind = all[i];
            if (kind == DROPPED) {
                transmitter.release(burst.handle(i));
                continue;
            }
            // what the slow path remembers may lie where an entry was found, and may be this packet's flow
            final long entry = moved && kind != SLOW ? entryOf(burst, i, kind) : found[i];
            if (entry != FlowCache.NULL && forward(burst, i, kind, entry, snapshot, nowNs, tick)) {
                hits++;
            } else {
                slowPath.process(burst, i, scopes[i], ingress, snapshot, nowNs);
                moved = true;
            }
        }
        counters.cacheHits(hits);
    }

    /** Carries out an entry; false when the slow path must decide after all. */
    private boolean forward(Burst burst, int i, byte kind, long entry, Snapshot snapshot, long nowNs, short tick) {
        final boolean ipv4 = kind == IPV4;
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
                && !snapshot.tracker()
                        .segment(
                                FlowEntry.connection(entry),
                                FlowEntry.generation(entry),
                                (flags & FlowEntry.REPLY) != 0,
                                transport,
                                ipLength - headerLength,
                                nowNs)) {
            return false;
        }
        FlowEntry.count(entry, bytesOffset, ipLength);
        final boolean partial = (notes & Burst.CHECKSUM_PARTIAL) != 0;
        final int protocol = getByte(entry + 4) & 0xFF;
        if (ipv4) {
            Rewriter.rewriteIpv4(entry, action, ip, transport, protocol, partial);
        } else {
            Rewriter.rewriteIpv6(entry, action, ip, transport, protocol, partial);
        }
        if ((flags & FlowEntry.TUNNEL) != 0) {
            transmitter.sendVia(adjacency, handle, ip, ipLength, notes, hashes[i]);
            return true;
        }
        final long start = Rewriter.encapsulate(adjacency, ip, ipLength, hashes[i]);
        transmitter.send(AdjacencyTable.portOf(adjacency), handle, start, (int) (ip - start) + ipLength, notes);
        return true;
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

    private static boolean refresh(long entry, int bytesOffset, Snapshot snapshot, long nowNs, short tick) {
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

    /** Keeps the loads of the touch pass alive. */
    int touched() {
        return touched;
    }
}
