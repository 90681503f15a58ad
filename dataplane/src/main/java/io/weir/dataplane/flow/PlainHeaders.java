package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What the fast path reads of a burst's packets: which are of the plain shape (no options, no fragment, TCP or UDP, TTL above
 * 1, no SYN, FIN or RST, but SYNs while some are dropped), and their keys and hashes. One array per number, each filled again
 * for every burst. Owned by one thread.
 */
final class PlainHeaders {
    /** Not plain: the pipeline looks at it. */
    static final byte SLOW = 0;
    /** Refused while its tunnel was taken off, and counted. */
    static final byte DROPPED = 1;

    static final byte IPV4 = 4;
    static final byte IPV6 = 6;

    private static final int NOT_PLAIN = 0;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** First 8 bytes of a plain IPv4 header: version 4, no options; not a fragment, DF allowed. */
    private static final long IPV4_SHAPE_MASK = word(0xFF00_0000_0000_BFFFL);

    private static final long IPV4_SHAPE = word(0x4500_0000_0000_0000L);

    /** TCP flags that change a connection's state. */
    private static final int STATE_FLAGS = PacketParser.TCP_SYN | PacketParser.TCP_FIN | PacketParser.TCP_RST;

    final byte[] kinds;
    final int[] hashes;
    /** Where each came in: the port, or its tunnel. */
    final int[] scopes;

    final long[] word0s;
    /** Both addresses of an IPv4 packet. */
    final long[] addresses;

    private final PathCounters counters;
    private final SlowPath slowPath;
    private boolean looksForSyns;

    PlainHeaders(PathCounters counters, SlowPath slowPath, int burstCapacity) {
        this.counters = counters;
        this.slowPath = slowPath;
        kinds = new byte[burstCapacity];
        hashes = new int[burstCapacity];
        scopes = new int[burstCapacity];
        word0s = new long[burstCapacity];
        addresses = new long[burstCapacity];
    }

    private static long word(long bigEndian) {
        return LITTLE ? Long.reverseBytes(bigEndian) : bigEndian;
    }

    /** Whether SYNs are of the plain shape. */
    void looksForSyns(boolean looks) {
        looksForSyns = looks;
    }

    void parse(Burst burst, Ingress ingress) {
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
    void parseUplink(Burst burst, Ingress ingress, TunnelTermination tunnels, @Nullable TunnelTally tally, long nowNs) {
        final int size = burst.size();
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
        if (!InternetChecksum.isValid(sum) || totalLength + 14 > length || timeToLive <= 1) {
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
}
