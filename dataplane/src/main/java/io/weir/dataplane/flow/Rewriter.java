package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShort;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.Crc32c;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteOrder;

/**
 * The only code that changes the bytes of a forwarded packet. It carries out a {@link FlowEntry}, wherever that came from.
 *
 * <p>Checksums are updated from precomputed differences (RFC 1624 equation 3); a UDP checksum of zero means none and
 * stays zero, and one that becomes zero is sent as all ones (RFC 768).
 */
final class Rewriter {
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** In the header's second word, whose first byte is the TTL. */
    private static final long ONE_TTL = LITTLE ? 1 : 1L << 56;

    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;

    private Rewriter() {}

    /**
     * TTL, addresses, ports and checksums of an IPv4 packet.
     *
     * @param ip        raw address of the IPv4 header
     * @param transport raw address of the upper-layer header, or 0 when this packet has none (a later fragment)
     * @param partial   the transport checksum covers the pseudo header alone
     */
    static void rewriteIpv4(long entry, int action, long ip, long transport, int protocol, boolean partial) {
        putByte(ip + 8, (byte) (getByte(ip + 8) - 1));
        final int headerDelta = getShort(entry + FlowEntry.HEADER_SUM_DELTA) & 0xFFFF;
        putShort(ip + 10, ChecksumDelta.apply(getShort(ip + 10), headerDelta));
        if ((FlowEntry.flags(action) & FlowEntry.TRANSLATE) == 0) {
            return;
        }
        int addressDelta = 0;
        if (partial) {
            addressDelta = InternetChecksum.fold(
                    InternetChecksum.delta64(getLong(ip + 12), getLong(entry + FlowEntry.IPV4_NEW_ADDRESSES)));
        }
        putLong(ip + 12, getLong(entry + FlowEntry.IPV4_NEW_ADDRESSES));
        if (transport != 0) {
            final int delta = partial ? addressDelta : getShort(entry + FlowEntry.TRANSPORT_SUM_DELTA) & 0xFFFF;
            rewriteTransport(transport, protocol, getInt(entry + FlowEntry.IPV4_NEW_PORTS), delta, partial);
        }
    }

    /**
     * The same for a packet as nearly all are: TCP or UDP, a header without options, no checksum left to others, TTL above 0.
     * Its words are loaded, changed and stored once.
     */
    static void rewritePlainIpv4(long entry, int action, long ip) {
        final long word = getLong(ip + 8);
        final int headerDelta = getShort(entry + FlowEntry.HEADER_SUM_DELTA) & 0xFFFF;
        final short checksum = ChecksumDelta.apply((short) WireWord.field(word, 2), headerDelta);
        final long lessTtl = WireWord.with(word - ONE_TTL, checksum, 2);
        if ((FlowEntry.flags(action) & FlowEntry.TRANSLATE) == 0) {
            putLong(ip + 8, lessTtl);
            return;
        }
        final long source = getInt(entry + FlowEntry.IPV4_NEW_ADDRESSES) & 0xFFFF_FFFFL;
        putLong(ip + 8, LITTLE ? (lessTtl & 0xFFFF_FFFFL) | (source << 32) : (lessTtl & ~0xFFFF_FFFFL) | source);
        // the new destination, and behind it the new ports
        putLong(ip + 16, getLong(entry + FlowEntry.IPV4_NEW_ADDRESSES + 4));
        final int delta = getShort(entry + FlowEntry.TRANSPORT_SUM_DELTA) & 0xFFFF;
        final boolean udp = getByte(ip + 9) == PacketParser.PROTOCOL_UDP;
        final long field = ip + 20 + (udp ? UDP_CHECKSUM : TCP_CHECKSUM);
        final short before = getShort(field);
        if (before != 0 || !udp) {
            final short after = ChecksumDelta.apply(before, delta);
            putShort(field, after == 0 && udp ? (short) 0xFFFF : after);
        }
    }

    /** Hop limit, addresses, ports and checksums of an IPv6 packet; parameters as for IPv4. */
    static void rewriteIpv6(long entry, int action, long ip, long transport, int protocol, boolean partial) {
        putByte(ip + 7, (byte) (getByte(ip + 7) - 1));
        if ((FlowEntry.flags(action) & FlowEntry.TRANSLATE) == 0) {
            return;
        }
        final long newAddresses = entry + FlowEntry.IPV6_NEW_ADDRESSES;
        long addressDelta = 0;
        for (int i = 0; i < 32; i += 8) {
            final long after = getLong(newAddresses + i);
            if (partial) {
                addressDelta += InternetChecksum.delta64(getLong(ip + 8 + i), after);
            }
            putLong(ip + 8 + i, after);
        }
        if (transport != 0) {
            final int delta = partial
                    ? InternetChecksum.fold(addressDelta)
                    : getShort(entry + FlowEntry.TRANSPORT_SUM_DELTA) & 0xFFFF;
            rewriteTransport(transport, protocol, getInt(entry + FlowEntry.IPV6_NEW_PORTS), delta, partial);
        }
    }

    private static void rewriteTransport(long transport, int protocol, int newPorts, int delta, boolean partial) {
        if (protocol == PacketParser.PROTOCOL_TCP) {
            putInt(transport, newPorts);
            final short field = getShort(transport + TCP_CHECKSUM);
            putShort(
                    transport + TCP_CHECKSUM,
                    partial ? ChecksumDelta.applyToSum(field, delta) : ChecksumDelta.apply(field, delta));
        } else if (protocol == PacketParser.PROTOCOL_UDP) {
            putInt(transport, newPorts);
            final short field = getShort(transport + UDP_CHECKSUM);
            if (partial) {
                putShort(transport + UDP_CHECKSUM, ChecksumDelta.applyToSum(field, delta));
            } else if (field != 0) {
                final short updated = ChecksumDelta.apply(field, delta);
                putShort(transport + UDP_CHECKSUM, updated == 0 ? (short) 0xFFFF : updated);
            }
        }
    }

    /**
     * What the flow cache never sees: echo identifiers, SCTP's CRC32c, and the packet that an ICMP error quotes.
     *
     * @param transport raw address of the upper-layer header; addresses have been rewritten already
     */
    static void finishUncommon(Packet packet, Decision decision, long transport) {
        switch (packet.protocol()) {
            case PacketParser.PROTOCOL_SCTP -> finishSctp(packet, decision, transport);
            case PacketParser.PROTOCOL_ICMP, PacketParser.PROTOCOL_ICMPV6 -> {
                if (decision.isQuotedTranslated()) {
                    QuotedRewriter.rewrite(packet, decision, transport);
                } else {
                    finishEcho(packet, decision, transport);
                }
            }
            default -> {
                // TCP, UDP and protocols without ports are done
            }
        }
    }

    /** The CRC follows the ports by difference, so a fragment's and a wrong one's stay what they were. */
    private static void finishSctp(Packet packet, Decision decision, long sctp) {
        final int before = getInt(sctp);
        putShortBigEndian(sctp, decision.sourcePort());
        putShortBigEndian(sctp + 2, decision.destinationPort());
        final int difference = before ^ getInt(sctp);
        final int covered = packet.l3End() - packet.l4Offset();
        if (difference != 0 && !packet.isFragment()) {
            final int crc = Crc32c.update(
                    Crc32c.toSctpField(OffHeap.getIntBigEndian(sctp + 8)),
                    LITTLE ? Integer.reverseBytes(difference) : difference,
                    covered - 4);
            OffHeap.putIntBigEndian(sctp + 8, Crc32c.toSctpField(crc));
        }
    }

    private static void finishEcho(Packet packet, Decision decision, long icmp) {
        final boolean echo = packet.isIpv4()
                ? packet.icmpType() == 0 || packet.icmpType() == 8
                : packet.icmpType() == 128 || packet.icmpType() == 129;
        long delta = 0;
        if (!packet.isIpv4()) {
            delta = addressDelta(packet, decision);
        }
        if (echo) {
            final short before = getShort(icmp + 4);
            putShortBigEndian(icmp + 4, FlowEncoder.echoIdentifier(packet, decision));
            delta += InternetChecksum.delta32(before & 0xFFFF, getShort(icmp + 4) & 0xFFFF);
        }
        putShort(icmp + 2, ChecksumDelta.apply(getShort(icmp + 2), InternetChecksum.fold(delta)));
    }

    private static long addressDelta(Packet packet, Decision decision) {
        final long delta = InternetChecksum.delta64(packet.sourceHigh(), decision.sourceHigh())
                + InternetChecksum.delta64(packet.sourceLow(), decision.sourceLow())
                + InternetChecksum.delta64(packet.destinationHigh(), decision.destinationHigh())
                + InternetChecksum.delta64(packet.destinationLow(), decision.destinationLow());
        final int folded = InternetChecksum.fold(delta);
        return Short.toUnsignedLong(toWire(folded));
    }

    private static short toWire(int value) {
        return LITTLE ? Short.reverseBytes((short) value) : (short) value;
    }

    /** The folded sum of some bytes in the byte order of this class, the machine's. */
    static long sum(long address, int length) {
        return Short.toUnsignedLong(toWire(InternetChecksum.fold(InternetChecksum.sum(address, length))));
    }
}
