package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.zero;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteOrder;

/** Writes a decision as a {@link FlowEntry}: the one form that the rewriter carries out. */
final class FlowEncoder {
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** What taking one from the TTL adds to the IPv4 header's sum, in the machine's byte order. */
    private static final int TTL_DELTA = LITTLE ? 0xFFFE : 0xFEFF;

    /** RFC 7348: outer source ports from the dynamic range. */
    private static final int FIRST_TUNNEL_PORT = 49152;

    private FlowEncoder() {}

    /**
     * Writes key and action of a packet that is to be forwarded.
     *
     * @param entry 128 bytes, overwritten
     */
    static void encodeForward(long entry, Packet packet, Decision decision, int epoch, short tick) {
        zero(entry, FlowEntry.LENGTH);
        encodeKey(entry, packet, packet.protocol());
        encodeDependencies(entry, decision, epoch, tick);
        int flags = packet.isIpv4() ? 0 : FlowEntry.IPV6;
        flags |= decision.isReply() ? FlowEntry.REPLY : 0;
        flags |= decision.tracking() == Tracking.WINDOW && packet.protocol() == PacketParser.PROTOCOL_TCP
                ? FlowEntry.WINDOW
                : 0;
        flags |= decision.tracking() == Tracking.NONE ? 0 : FlowEntry.TRACKED;
        flags |= decision.isTranslated() ? FlowEntry.TRANSLATE : 0;
        FlowEntry.action(entry, flags, decision.adjacency());
        FlowEntry.connection(entry, decision.connection(), decision.connectionGeneration());
        if (packet.isIpv4()) {
            encodeIpv4(entry, packet, decision);
        } else {
            encodeIpv6(entry, packet, decision);
        }
    }

    /** Writes key and action of a packet that is to be dropped; a SYN's key is one of its own. */
    static void encodeDrop(long entry, Packet packet, Decision decision, int reasonId, int epoch, short tick) {
        zero(entry, FlowEntry.LENGTH);
        encodeKey(entry, packet, PlainHeaders.isSyn(packet.tcpFlags()) ? FlowEntry.DROPPED_SYN : packet.protocol());
        encodeDependencies(entry, decision, epoch, tick);
        int flags = FlowEntry.DROP;
        if (decision.connection() != Decision.NONE) {
            flags |= FlowEntry.TRACKED;
            FlowEntry.connection(entry, decision.connection(), decision.connectionGeneration());
        } else if (decision.absencePlace() != Decision.NONE) {
            flags |= FlowEntry.ABSENT;
            FlowEntry.connection(entry, decision.absencePlace(), decision.absenceStamp());
        }
        FlowEntry.action(entry, flags, reasonId);
    }

    private static void encodeDependencies(long entry, Decision decision, int epoch, short tick) {
        FlowEntry.epoch(entry, epoch);
        FlowEntry.tick(entry, tick);
        for (int i = 0; i < decision.dependencyCount(); i++) {
            putInt(entry + FlowEntry.SLOTS + 4L * i, decision.dependency(i));
        }
    }

    private static void encodeKey(long entry, Packet packet, int protocol) {
        final int ports = packet.isLaterFragment() || packet.l4Offset() + 4 > packet.l3End()
                ? 0
                : getInt(packet.address() + packet.l4Offset());
        final int family = packet.isIpv4() ? FlowEntry.FAMILY_IPV4 : FlowEntry.FAMILY_IPV6;
        putLong(entry, FlowEntry.word0(ports, protocol, family, packet.scope()));
        final long ip = packet.address() + packet.l3Offset();
        if (packet.isIpv4()) {
            putLong(entry + FlowEntry.IPV4_ADDRESSES, getLong(ip + 12));
        } else {
            for (int i = 0; i < 32; i += 8) {
                putLong(entry + FlowEntry.IPV6_ADDRESSES + i, getLong(ip + 8 + i));
            }
        }
    }

    private static void encodeIpv4(long entry, Packet packet, Decision decision) {
        final long before = getLong(packet.address() + packet.l3Offset() + 12);
        final long source = wire((int) decision.sourceLow()) & 0xFFFF_FFFFL;
        final long destination = wire((int) decision.destinationLow()) & 0xFFFF_FFFFL;
        final long after = LITTLE ? source | destination << 32 : source << 32 | destination;
        final long addressDelta = decision.isTranslated() ? InternetChecksum.delta64(before, after) : 0;
        putLong(entry + FlowEntry.IPV4_NEW_ADDRESSES, after);
        putInt(entry + FlowEntry.IPV4_NEW_PORTS, portsOnWire(decision));
        putShort(entry + FlowEntry.HEADER_SUM_DELTA, (short) InternetChecksum.fold(addressDelta + TTL_DELTA));
        putShort(entry + FlowEntry.TRANSPORT_SUM_DELTA, (short) transportDelta(packet, decision, addressDelta));
    }

    private static void encodeIpv6(long entry, Packet packet, Decision decision) {
        final long ip = packet.address() + packet.l3Offset();
        long addressDelta = 0;
        for (int i = 0; i < 4; i++) {
            final long value = wire(
                    switch (i) {
                        case 0 -> decision.sourceHigh();
                        case 1 -> decision.sourceLow();
                        case 2 -> decision.destinationHigh();
                        default -> decision.destinationLow();
                    });
            putLong(entry + FlowEntry.IPV6_NEW_ADDRESSES + 8L * i, value);
            if (decision.isTranslated()) {
                addressDelta += InternetChecksum.delta64(getLong(ip + 8 + 8L * i), value);
            }
        }
        putInt(entry + FlowEntry.IPV6_NEW_PORTS, portsOnWire(decision));
        putShort(entry + FlowEntry.TRANSPORT_SUM_DELTA, (short) transportDelta(packet, decision, addressDelta));
    }

    private static int transportDelta(Packet packet, Decision decision, long addressDelta) {
        if (!decision.isTranslated()) {
            return 0;
        }
        final long ports = InternetChecksum.delta32(
                portsOnWire(packet.sourcePort(), packet.destinationPort()), portsOnWire(decision));
        return InternetChecksum.fold(addressDelta + ports);
    }

    /** The identifier of an echo travels as source port of a request and as destination port of a reply. */
    static int echoIdentifier(Packet packet, Decision decision) {
        final boolean reply = packet.icmpType() == (packet.isIpv4() ? 0 : 129);
        return reply ? decision.destinationPort() : decision.sourcePort();
    }

    /** An outer source port, as on the wire, that spreads flows over the underlay's paths. */
    static int tunnelPort(int hash) {
        return WireWord.wire(FIRST_TUNNEL_PORT | ((hash ^ hash >>> 14) & 0x3FFF));
    }

    private static int portsOnWire(Decision decision) {
        return portsOnWire(decision.sourcePort(), decision.destinationPort());
    }

    private static int portsOnWire(int source, int destination) {
        return wire(source << 16 | destination);
    }

    private static int wire(int value) {
        return LITTLE ? Integer.reverseBytes(value) : value;
    }

    private static long wire(long value) {
        return LITTLE ? Long.reverseBytes(value) : value;
    }
}
