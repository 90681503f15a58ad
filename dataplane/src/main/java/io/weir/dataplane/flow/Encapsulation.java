package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShort;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Puts an adjacency's header in front of an IP packet. The two bytes before the packet, its EtherType, stay. Part of the
 * {@link Rewriter}'s work, in a file of its own.
 */
final class Encapsulation {
    private static final int ETHERNET_HEADER = 14;
    private static final int UDP_CHECKSUM = 6;
    private static final int IPV4_TUNNEL_HEADER = AdjacencyTable.IPV4_TUNNEL_HEADER_LENGTH;
    private static final int IPV6_TUNNEL_HEADER = AdjacencyTable.IPV6_TUNNEL_HEADER_LENGTH;

    /** What of a tunnel over IPv4 the outer IP packet and the UDP datagram count in their lengths, in bytes. */
    private static final int IPV4_OVERHEAD = IPV4_TUNNEL_HEADER - ETHERNET_HEADER;

    private static final int UDP_OVERHEAD = IPV4_OVERHEAD - 20;

    private static final int ECN = WireWord.wire(3);

    private Encapsulation() {}

    /**
     * Writes the header.
     *
     * @param adjacency raw address of an {@link AdjacencyTable} entry
     * @param ip        raw address of the IP header; the memory before it is headroom
     * @param ipLength  bytes from the IP header on
     * @return raw address of the frame's new start
     */
    static long put(long adjacency, long ip, int ipLength, int hash) {
        final long header = AdjacencyTable.headerOf(adjacency);
        final int kind = AdjacencyTable.kindOf(adjacency);
        if (kind == AdjacencyTable.ETHERNET) {
            final long start = ip - ETHERNET_HEADER;
            putLong(start, getLong(header));
            putInt(start + 8, getInt(header + 8));
            return start;
        }
        return kind == AdjacencyTable.TUNNEL_IPV4
                ? putIpv4Tunnel(header, ip, ipLength, hash)
                : putIpv6Tunnel(header, ip, ipLength, hash);
    }

    /**
     * Eight words, each loaded, completed and stored once. The template's checksum field holds the inverse sum of its fixed
     * fields; those that are filled in are zero. RFC 6040: the ECN field is copied out.
     */
    private static long putIpv4Tunnel(long header, long ip, int ipLength, int hash) {
        final long start = ip - IPV4_TUNNEL_HEADER;
        final long inner = getLong(ip);
        final int versionAndClass = WireWord.field(inner, 0);
        final boolean ipv4 = (versionAndClass & WireWord.wire(0xF000)) == WireWord.wire(0x4000);
        final int ecn = (ipv4 ? versionAndClass : versionAndClass >>> 4) & ECN;
        // differs from packet to packet of an IPv4 flow, as its own identification does (RFC 6864)
        final int identification = WireWord.wire(hash) ^ (ipv4 ? WireWord.field(inner, 4) : 0);
        final int length = WireWord.wire(ipLength + IPV4_OVERHEAD);
        final long third = getLong(header + 24);
        final int checksum = checksum(WireWord.field(third, 0), ecn + length + identification);
        putLong(start, getLong(header));
        putLong(start + 8, getLong(header + 8) | WireWord.at(ecn, 6));
        putLong(start + 16, getLong(header + 16) | WireWord.at(length, 0) | WireWord.at(identification, 2));
        putLong(start + 24, WireWord.with(third, checksum, 0));
        putUdpTunnel(
                header, start, WireWord.wire(ipLength + UDP_OVERHEAD), FlowEncoder.tunnelPort(hash), getShort(ip - 2));
        return start;
    }

    /** A checksum field when to the fields that it covered some have come. */
    private static int checksum(int before, int added) {
        int sum = (~before & 0xFFFF) + added;
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return ~((sum & 0xFFFF) + (sum >>> 16));
    }

    /** The second half, from the outer addresses' last two bytes on. */
    private static void putUdpTunnel(long header, long start, int udpLength, int sourcePort, int etherType) {
        putLong(start + 32, getLong(header + 32) | WireWord.at(sourcePort, 2) | WireWord.at(udpLength, 6));
        putLong(start + 40, getLong(header + 40));
        putLong(start + 48, getLong(header + 48));
        putLong(start + 56, WireWord.with(getLong(header + 56), etherType, 6));
    }

    /**
     * Writes the tunnel header for a train of tunnel packets in front of its first IP packet. The outer UDP checksum is left to
     * the device, in either family: cutting the train into datagrams needs one.
     *
     * @param length bytes from the first IP header to the train's end
     */
    static long putTrain(long adjacency, long ip, int length, int hash) {
        final long header = AdjacencyTable.headerOf(adjacency);
        final boolean ipv4 = AdjacencyTable.kindOf(adjacency) == AdjacencyTable.TUNNEL_IPV4;
        final long start =
                ipv4 ? putIpv4Tunnel(header, ip, length, hash) : putIpv6TunnelUnsummed(header, ip, length, hash);
        final long outer = start + ETHERNET_HEADER;
        final long udp = outer + (ipv4 ? 20 : 40);
        final long addresses = ipv4 ? Rewriter.sum(outer + 12, 8) : Rewriter.sum(outer + 8, 32);
        final long pseudoHeader =
                addresses + Short.toUnsignedLong(getShort(udp + 4)) + WireWord.wire(PacketParser.PROTOCOL_UDP);
        putShort(udp + UDP_CHECKSUM, (short) InternetChecksum.fold(pseudoHeader));
        return start;
    }

    private static long putIpv6Tunnel(long header, long ip, int ipLength, int hash) {
        final long start = putIpv6TunnelUnsummed(header, ip, ipLength, hash);
        final long outer = start + ETHERNET_HEADER;
        final long udp = outer + 40;
        final int udpLength = IPV6_TUNNEL_HEADER - ETHERNET_HEADER - 40 + ipLength;
        final long sum = Rewriter.sum(outer + 8, 32)
                + Rewriter.sum(udp, udpLength)
                + WireWord.wire(udpLength)
                + WireWord.wire(PacketParser.PROTOCOL_UDP);
        final short checksum = (short) ~InternetChecksum.fold(sum);
        putShort(udp + UDP_CHECKSUM, checksum == 0 ? (short) 0xFFFF : checksum);
        return start;
    }

    /** All but the outer UDP checksum, which is zero. */
    private static long putIpv6TunnelUnsummed(long header, long ip, int ipLength, int hash) {
        final long start = ip - IPV6_TUNNEL_HEADER;
        final short etherType = getShort(ip - 2);
        // in whole words; the last one overlaps the one before it so as to end where the packet begins
        final int last = IPV6_TUNNEL_HEADER - 8;
        for (int i = 0; i < last; i += 8) {
            putLong(start + i, getLong(header + i));
        }
        putLong(start + last, getLong(header + last));
        putShort(ip - 2, etherType);
        final boolean ipv4 = (getByte(ip) & 0xF0) == 0x40;
        final int inner = ipv4 ? getByte(ip + 1) & 0xFF : getShortBigEndian(ip) >>> 4 & 0xFF;
        final long outer = start + ETHERNET_HEADER;
        putByte(outer + 1, (byte) (getByte(outer + 1) | (inner & 3) << 4));
        final int udpLength = IPV6_TUNNEL_HEADER - ETHERNET_HEADER - 40 + ipLength;
        putShortBigEndian(outer + 4, udpLength);
        final long udp = outer + 40;
        putShort(udp, (short) FlowEncoder.tunnelPort(hash));
        putShortBigEndian(udp + 4, udpLength);
        putShort(udp + UDP_CHECKSUM, (short) 0);
        return start;
    }
}
