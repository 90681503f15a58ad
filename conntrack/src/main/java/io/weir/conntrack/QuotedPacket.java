package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;

/**
 * The packet that an ICMP error quotes (RFC 792, RFC 4443): where its headers lie. Methods take the error and read its
 * bytes again, so nothing is allocated.
 */
final class QuotedPacket {
    /** Results of {@link #l4Offset} that are no offset. */
    static final int MALFORMED = -1;

    static final int WRONG_CHECKSUM = -2;

    private static final int FRAGMENT_HEADER = 44;
    private static final int[] IPV6_EXTENSIONS = {0, 43, 60};

    private QuotedPacket() {}

    static boolean isError(Packet packet) {
        final int type = packet.icmpType();
        return packet.isIpv4()
                ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12
                : type >= 1 && type <= 4;
    }

    static boolean isRedirect(Packet packet) {
        return packet.isIpv4() ? packet.icmpType() == 5 : packet.icmpType() == 137;
    }

    /** Offset of the quoted IP header. */
    static int l3Offset(Packet packet) {
        return packet.l4Offset() + 8;
    }

    /**
     * Offset of the quoted transport header, of which at least the first 8 bytes are there. Its checksum cannot be
     * verified: the quote may be cut.
     */
    static int l4Offset(Packet packet) {
        final int l3 = l3Offset(packet);
        final long ip = packet.address() + l3;
        final int available = packet.l3End() - l3;
        final int l4 = packet.isIpv4() ? l4OffsetIpv4(ip, available) : l4OffsetIpv6(ip, available);
        return l4 < 0 ? l4 : l4 + 8 > available ? MALFORMED : l3 + l4;
    }

    private static int l4OffsetIpv4(long ip, int available) {
        if (available < 20) {
            return MALFORMED;
        }
        final int versionAndLength = OffHeap.getByte(ip) & 0xFF;
        final int header = (versionAndLength & 0xF) << 2;
        if (versionAndLength >>> 4 != 4 || header < 20 || header > available) {
            return MALFORMED;
        }
        if ((OffHeap.getShortBigEndian(ip + 6) & 0x1FFF) != 0) {
            return MALFORMED; // a later fragment names no ports
        }
        return onesComplementSum(ip, header, 0) == 0xFFFF ? header : WRONG_CHECKSUM;
    }

    private static int l4OffsetIpv6(long ip, int available) {
        if (available < 40 || (OffHeap.getByte(ip) & 0xF0) != 0x60) {
            return MALFORMED;
        }
        int next = OffHeap.getByte(ip + 6) & 0xFF;
        int offset = 40;
        while (next == FRAGMENT_HEADER || isExtension(next)) {
            if (offset + 8 > available) {
                return MALFORMED;
            }
            final long at = ip + offset;
            if (next == FRAGMENT_HEADER && (OffHeap.getShortBigEndian(at + 2) & 0xFFF8) != 0) {
                return MALFORMED;
            }
            offset += next == FRAGMENT_HEADER ? 8 : ((OffHeap.getByte(at + 1) & 0xFF) + 1) << 3;
            next = OffHeap.getByte(at) & 0xFF;
        }
        return offset;
    }

    private static boolean isExtension(int header) {
        for (final int extension : IPV6_EXTENSIONS) {
            if (header == extension) {
                return true;
            }
        }
        return false;
    }

    static int protocol(Packet packet) {
        final long ip = packet.address() + l3Offset(packet);
        if (packet.isIpv4()) {
            return OffHeap.getByte(ip + 9) & 0xFF;
        }
        int next = OffHeap.getByte(ip + 6) & 0xFF;
        int offset = 40;
        while (next == FRAGMENT_HEADER || isExtension(next)) {
            final long at = ip + offset;
            offset += next == FRAGMENT_HEADER ? 8 : ((OffHeap.getByte(at + 1) & 0xFF) + 1) << 3;
            next = OffHeap.getByte(at) & 0xFF;
        }
        return next;
    }

    static long sourceHigh(Packet packet) {
        return packet.isIpv4() ? 0 : OffHeap.getLongBigEndian(packet.address() + l3Offset(packet) + 8);
    }

    static long sourceLow(Packet packet) {
        return low(packet, 12, 16);
    }

    static long destinationHigh(Packet packet) {
        return packet.isIpv4() ? 0 : OffHeap.getLongBigEndian(packet.address() + l3Offset(packet) + 24);
    }

    static long destinationLow(Packet packet) {
        return low(packet, 16, 32);
    }

    private static long low(Packet packet, int ipv4Offset, int ipv6Offset) {
        final long ip = packet.address() + l3Offset(packet);
        return packet.isIpv4()
                ? IpAddress.IPV4_MARK | (OffHeap.getIntBigEndian(ip + ipv4Offset) & 0xFFFF_FFFFL)
                : OffHeap.getLongBigEndian(ip + ipv6Offset);
    }

    /** The meta word of the tuple that an answer to the quoted packet has. */
    static long answerMeta(Packet packet, int l4Offset, int zone) {
        final int protocol = protocol(packet);
        final int type = OffHeap.getByte(packet.address() + l4Offset) & 0xFF;
        final boolean answer = Tuples.isIcmp(protocol) && !isQuery(protocol, type);
        return Entry.meta(
                /* sourcePort= */ destinationPort(packet, protocol, l4Offset),
                /* destinationPort= */ sourcePort(packet, protocol, l4Offset),
                zone,
                protocol | (answer ? Tuples.QUERY : 0));
    }

    private static boolean isQuery(int protocol, int type) {
        return protocol == PacketParser.PROTOCOL_ICMPV6
                ? type == 128
                : type == 8 || type == 13 || type == 15 || type == 17;
    }

    /** For ICMP queries the identifier; 0 where the protocol has no ports. */
    static int sourcePort(Packet packet, int protocol, int l4Offset) {
        return port(packet, protocol, l4Offset, 0);
    }

    static int destinationPort(Packet packet, int protocol, int l4Offset) {
        return port(packet, protocol, l4Offset, 2);
    }

    private static int port(Packet packet, int protocol, int l4Offset, int offset) {
        final long at = packet.address() + l4Offset;
        return switch (protocol) {
            case PacketParser.PROTOCOL_TCP, PacketParser.PROTOCOL_UDP, PacketParser.PROTOCOL_SCTP ->
                OffHeap.getShortBigEndian(at + offset);
            case PacketParser.PROTOCOL_ICMP, PacketParser.PROTOCOL_ICMPV6 -> {
                final int type = OffHeap.getByte(at) & 0xFF;
                final boolean echo = type == 8 || type == 0 || type == 128 || type == 129;
                yield echo ? OffHeap.getShortBigEndian(at + 4) : 0;
            }
            default -> 0;
        };
    }

    /** The ICMP checksum of the error itself is right; true when offload left it to be computed. */
    static boolean isChecksumRight(Packet packet) {
        if (packet.isChecksumPartial()) {
            return true;
        }
        final int length = packet.l3End() - packet.l4Offset();
        long pseudo = 0;
        if (!packet.isIpv4()) {
            final long ip = packet.address() + packet.l3Offset();
            pseudo = (long) onesComplementSum(ip + 8, 32, 0) + length + PacketParser.PROTOCOL_ICMPV6;
        }
        return onesComplementSum(packet.address() + packet.l4Offset(), length, pseudo) == 0xFFFF;
    }

    /** RFC 1071, in network byte order, folded to 16 bits. */
    private static int onesComplementSum(long address, int length, long initial) {
        long sum = initial;
        int at = 0;
        for (; at + 1 < length; at += 2) {
            sum += OffHeap.getShortBigEndian(address + at);
        }
        if (at < length) {
            sum += (OffHeap.getByte(address + at) & 0xFFL) << 8;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }
}
