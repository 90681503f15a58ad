package io.weir.dataplane.packet;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.EtherType;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpProtocol;
import org.jspecify.annotations.Nullable;

/**
 * Reads a frame into a {@link Packet}: Ethernet, IPv4 with options, IPv6 with extension headers, TCP, UDP, SCTP, ICMP.
 *
 * <p>Every length is checked before a byte behind it is read; what breaks a rule comes back as the reason to drop. The
 * parser judges form (lengths, versions, header checksum) and addresses that no router forwards; who may send what is the
 * stages' business. Stateless.
 */
public final class PacketParser {
    public static final int ETHERTYPE_IPV4 = EtherType.IPV4;
    public static final int ETHERTYPE_ARP = EtherType.ARP;
    public static final int ETHERTYPE_VLAN = EtherType.VLAN;
    public static final int ETHERTYPE_IPV6 = EtherType.IPV6;

    public static final int PROTOCOL_ICMP = IpProtocol.ICMP;
    public static final int PROTOCOL_TCP = IpProtocol.TCP;
    public static final int PROTOCOL_UDP = IpProtocol.UDP;
    public static final int PROTOCOL_ICMPV6 = IpProtocol.ICMPV6;
    public static final int PROTOCOL_SCTP = IpProtocol.SCTP;

    public static final int TCP_FIN = 0x01;
    public static final int TCP_SYN = 0x02;
    public static final int TCP_RST = 0x04;
    public static final int TCP_ACK = 0x10;

    private static final int ETHERNET_HEADER = 14;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;

    /** RFC 8200 names six kinds, destination options twice; a longer chain is an attack. */
    private static final int MAX_EXTENSION_HEADERS = 8;

    private PacketParser() {}

    /** Where a frame lies and where it came from; to be called before {@link #parse}. */
    public static void locate(
            Packet packet,
            long address,
            int length,
            int handle,
            int ingressPort,
            int scope,
            int segmentSize,
            boolean checksumPartial,
            long nowNs) {
        packet.address = address;
        packet.length = length;
        packet.handle = handle;
        packet.ingressPort = ingressPort;
        packet.scope = scope;
        packet.segmentSize = segmentSize;
        packet.checksumPartial = checksumPartial;
        packet.nowNs = nowNs;
    }

    /**
     * Fills the packet's fields from its bytes.
     *
     * @return why it must be dropped, or null when it is IP and well formed, or ARP (only the Ethernet fields are set then)
     */
    public static @Nullable DataplaneDrop parse(Packet packet) {
        clear(packet);
        final long address = packet.address;
        if (packet.length < ETHERNET_HEADER) {
            return DataplaneDrop.FRAME_TRUNCATED;
        }
        packet.destinationMac = getLongBigEndian(address) >>> 16;
        packet.sourceMac =
                ((long) getShortBigEndian(address + 6) << 32) | (getIntBigEndian(address + 8) & 0xFFFF_FFFFL);
        packet.etherType = getShortBigEndian(address + 12);
        packet.l3Offset = ETHERNET_HEADER;
        return switch (packet.etherType) {
            case ETHERTYPE_IPV4 -> parseIpv4(packet);
            case ETHERTYPE_IPV6 -> parseIpv6(packet);
            case ETHERTYPE_ARP -> null;
            case ETHERTYPE_VLAN -> DataplaneDrop.VLAN_TAGGED;
            default -> DataplaneDrop.ETHERTYPE_UNSUPPORTED;
        };
    }

    private static void clear(Packet packet) {
        packet.protocol = Packet.NONE;
        packet.sourcePort = 0;
        packet.destinationPort = 0;
        packet.tcpFlags = 0;
        packet.icmpType = Packet.NONE;
        packet.icmpCode = Packet.NONE;
        packet.fragment = false;
        packet.moreFragments = false;
        packet.fragmentOffset = 0;
        packet.fragmentId = 0;
        packet.sourceHigh = 0;
        packet.sourceLow = 0;
        packet.destinationHigh = 0;
        packet.destinationLow = 0;
        packet.ipv4 = false;
        packet.l4Offset = 0;
        packet.payloadOffset = 0;
        packet.l3End = 0;
    }

    private static @Nullable DataplaneDrop parseIpv4(Packet packet) {
        final int available = packet.length - ETHERNET_HEADER;
        if (available < IPV4_HEADER) {
            return DataplaneDrop.IPV4_MALFORMED;
        }
        final long ip = packet.address + ETHERNET_HEADER;
        final int versionAndLength = getByte(ip) & 0xFF;
        final int headerLength = (versionAndLength & 0xF) << 2;
        final int totalLength = getShortBigEndian(ip + 2);
        if (versionAndLength >>> 4 != 4
                || headerLength < IPV4_HEADER
                || totalLength < headerLength
                || totalLength > available) {
            return DataplaneDrop.IPV4_MALFORMED;
        }
        if (!ipv4ChecksumIsRight(ip, headerLength)) {
            return DataplaneDrop.IPV4_CHECKSUM;
        }
        packet.ipv4 = true;
        packet.trafficClass = getByte(ip + 1) & 0xFF;
        packet.ttl = getByte(ip + 8) & 0xFF;
        packet.protocol = getByte(ip + 9) & 0xFF;
        final int source = getIntBigEndian(ip + 12);
        final int destination = getIntBigEndian(ip + 16);
        packet.sourceLow = IpAddress.IPV4_MARK | (source & 0xFFFF_FFFFL);
        packet.destinationLow = IpAddress.IPV4_MARK | (destination & 0xFFFF_FFFFL);
        packet.l4Offset = ETHERNET_HEADER + headerLength;
        packet.l3End = ETHERNET_HEADER + totalLength;
        final int fragmentField = getShortBigEndian(ip + 6);
        packet.dontFragment = (fragmentField & 0x4000) != 0;
        packet.moreFragments = (fragmentField & 0x2000) != 0;
        packet.fragmentOffset = (fragmentField & 0x1FFF) << 3;
        packet.fragment = packet.moreFragments || packet.fragmentOffset != 0;
        packet.fragmentId = getShortBigEndian(ip + 4);
        if (headerLength > IPV4_HEADER && isSourceRouted(ip + IPV4_HEADER, ip + headerLength)) {
            return DataplaneDrop.SOURCE_ROUTED;
        }
        if (isMartianIpv4Source(source)) {
            return DataplaneDrop.MARTIAN_SOURCE;
        }
        final int firstByte = destination >>> 24;
        if (destination == -1) {
            return DataplaneDrop.BROADCAST_DESTINATION;
        }
        if (firstByte >>> 4 == 0xE) {
            return DataplaneDrop.MULTICAST_DESTINATION;
        }
        if (firstByte == 127 || firstByte == 0 || firstByte >= 240) {
            return DataplaneDrop.MARTIAN_DESTINATION;
        }
        return parseFragmentOrTransport(packet);
    }

    private static boolean isMartianIpv4Source(int source) {
        final int firstByte = source >>> 24;
        return firstByte == 0 || firstByte == 127 || firstByte >= 224;
    }

    /** RFC 1071 over the header: the sum including the checksum field is all ones. */
    private static boolean ipv4ChecksumIsRight(long ip, int headerLength) {
        long sum = 0;
        for (int i = 0; i < headerLength; i += 4) {
            sum += getInt(ip + i) & 0xFFFF_FFFFL;
        }
        sum = (sum & 0xFFFF_FFFFL) + (sum >>> 32);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return sum == 0xFFFF;
    }

    /** Loose or strict source route (RFC 791 options 131 and 137), or options that overrun the header. */
    private static boolean isSourceRouted(long option, long end) {
        long at = option;
        while (at < end) {
            final int kind = getByte(at) & 0xFF;
            if (kind == 0) {
                return false;
            }
            if (kind == 1) {
                at++;
                continue;
            }
            if (kind == 131 || kind == 137) {
                return true;
            }
            if (at + 1 >= end) {
                return false;
            }
            final int length = getByte(at + 1) & 0xFF;
            if (length < 2) {
                return false;
            }
            at += length;
        }
        return false;
    }

    private static @Nullable DataplaneDrop parseIpv6(Packet packet) {
        final int available = packet.length - ETHERNET_HEADER;
        if (available < IPV6_HEADER) {
            return DataplaneDrop.IPV6_MALFORMED;
        }
        final long ip = packet.address + ETHERNET_HEADER;
        final int firstWord = getIntBigEndian(ip);
        final int payloadLength = getShortBigEndian(ip + 4);
        if (firstWord >>> 28 != 6 || IPV6_HEADER + payloadLength > available) {
            return DataplaneDrop.IPV6_MALFORMED;
        }
        packet.trafficClass = (firstWord >>> 20) & 0xFF;
        packet.ttl = getByte(ip + 7) & 0xFF;
        packet.dontFragment = true;
        packet.sourceHigh = getLongBigEndian(ip + 8);
        packet.sourceLow = getLongBigEndian(ip + 16);
        packet.destinationHigh = getLongBigEndian(ip + 24);
        packet.destinationLow = getLongBigEndian(ip + 32);
        packet.l3End = ETHERNET_HEADER + IPV6_HEADER + payloadLength;
        final DataplaneDrop extensions = walkExtensions(packet, getByte(ip + 6) & 0xFF);
        if (extensions != null) {
            return extensions;
        }
        if (isMartianIpv6Source(packet.sourceHigh, packet.sourceLow)) {
            return DataplaneDrop.MARTIAN_SOURCE;
        }
        if (packet.destinationHigh >>> 56 == 0xFF) {
            // neighbour discovery and router solicitations are multicast; the worker answers them before it drops
            return packet.protocol == PROTOCOL_ICMPV6
                    ? parseFragmentOrTransport(packet)
                    : DataplaneDrop.MULTICAST_DESTINATION;
        }
        if (packet.destinationHigh == 0 && isLoopbackUnspecifiedOrMapped(packet.destinationLow)) {
            return DataplaneDrop.MARTIAN_DESTINATION;
        }
        return parseFragmentOrTransport(packet);
    }

    private static boolean isLoopbackUnspecifiedOrMapped(long low) {
        return low == 0 || low == 1 || low >>> 32 == 0xFFFF;
    }

    private static boolean isMartianIpv6Source(long high, long low) {
        // the unspecified source is legal in duplicate address detection alone, which the worker handles by itself
        return high >>> 56 == 0xFF || (high == 0 && low != 0 && isLoopbackUnspecifiedOrMapped(low));
    }

    private static @Nullable DataplaneDrop walkExtensions(Packet packet, int firstHeader) {
        int next = firstHeader;
        int offset = ETHERNET_HEADER + IPV6_HEADER;
        for (int count = 0; isExtension(next); count++) {
            if (count == MAX_EXTENSION_HEADERS
                    || offset + 8 > packet.l3End
                    || (next == IpProtocol.HOP_BY_HOP && count > 0)) {
                return DataplaneDrop.IPV6_MALFORMED;
            }
            final long at = packet.address + offset;
            final int following = getByte(at) & 0xFF;
            int length = ((getByte(at + 1) & 0xFF) + 1) << 3;
            if (next == IpProtocol.FRAGMENT) {
                if (packet.fragment) {
                    return DataplaneDrop.IPV6_MALFORMED;
                }
                length = 8;
                final int field = getShortBigEndian(at + 2);
                packet.fragment = true;
                packet.fragmentOffset = field & 0xFFF8;
                packet.moreFragments = (field & 1) != 0;
                packet.fragmentId = getIntBigEndian(at + 4);
            } else if (next == IpProtocol.AUTHENTICATION) {
                length = ((getByte(at + 1) & 0xFF) + 2) << 2;
            } else if (next == IpProtocol.ROUTING && (getByte(at + 2) & 0xFF) == 0) {
                return DataplaneDrop.SOURCE_ROUTED; // type 0 is abolished by RFC 5095
            }
            offset += length;
            if (offset > packet.l3End) {
                return DataplaneDrop.IPV6_MALFORMED;
            }
            next = following;
            if (packet.fragmentOffset != 0) {
                break; // what follows is data of the datagram's middle, not a header
            }
        }
        packet.protocol = next;
        packet.l4Offset = offset;
        return null;
    }

    private static boolean isExtension(int header) {
        return header == IpProtocol.HOP_BY_HOP
                || header == IpProtocol.ROUTING
                || header == IpProtocol.FRAGMENT
                || header == IpProtocol.AUTHENTICATION
                || header == IpProtocol.DESTINATION_OPTIONS;
    }

    private static @Nullable DataplaneDrop parseFragmentOrTransport(Packet packet) {
        packet.payloadOffset = packet.l4Offset;
        if (packet.fragment && packet.fragmentOffset != 0) {
            final int end = packet.fragmentOffset + (packet.l3End - packet.l4Offset);
            return end > 0xFFFF ? DataplaneDrop.TRANSPORT_MALFORMED : null;
        }
        return parseTransport(packet);
    }

    private static @Nullable DataplaneDrop parseTransport(Packet packet) {
        final int available = packet.l3End - packet.l4Offset;
        final long at = packet.address + packet.l4Offset;
        switch (packet.protocol) {
            case PROTOCOL_TCP -> {
                if (available < 20) {
                    return DataplaneDrop.TRANSPORT_MALFORMED;
                }
                final int headerLength = (getByte(at + 12) & 0xF0) >>> 2;
                if (headerLength < 20 || headerLength > available) {
                    return DataplaneDrop.TRANSPORT_MALFORMED;
                }
                packet.tcpFlags = getByte(at + 13) & 0xFF;
                packet.payloadOffset = packet.l4Offset + headerLength;
                readPorts(packet, at);
            }
            case PROTOCOL_UDP -> {
                if (available < 8) {
                    return DataplaneDrop.TRANSPORT_MALFORMED;
                }
                final int udpLength = getShortBigEndian(at + 4);
                final boolean fits = packet.fragment || udpLength <= available || packet.segmentSize != 0;
                if (udpLength < 8 || !fits) {
                    return DataplaneDrop.TRANSPORT_MALFORMED;
                }
                packet.payloadOffset = packet.l4Offset + 8;
                readPorts(packet, at);
            }
            case PROTOCOL_SCTP -> {
                if (available < 12) {
                    return DataplaneDrop.TRANSPORT_MALFORMED;
                }
                packet.payloadOffset = packet.l4Offset + 12;
                readPorts(packet, at);
            }
            case PROTOCOL_ICMP -> {
                return packet.ipv4 ? parseIcmp(packet, at, available, 8, 0) : DataplaneDrop.TRANSPORT_MALFORMED;
            }
            case PROTOCOL_ICMPV6 -> {
                return packet.ipv4 ? DataplaneDrop.TRANSPORT_MALFORMED : parseIcmp(packet, at, available, 128, 129);
            }
            case IpProtocol.NO_NEXT_HEADER -> packet.payloadOffset = packet.l4Offset;
            default -> packet.payloadOffset = packet.l4Offset;
        }
        return null;
    }

    private static @Nullable DataplaneDrop parseIcmp(
            Packet packet, long at, int available, int echoRequest, int echoReply) {
        if (available < 8) {
            return DataplaneDrop.TRANSPORT_MALFORMED;
        }
        packet.icmpType = getByte(at) & 0xFF;
        packet.icmpCode = getByte(at + 1) & 0xFF;
        packet.payloadOffset = packet.l4Offset + 8;
        if (packet.icmpType == echoRequest || packet.icmpType == echoReply) {
            final int identifier = getShortBigEndian(at + 4);
            packet.sourcePort = identifier;
            packet.destinationPort = identifier;
        }
        return null;
    }

    private static void readPorts(Packet packet, long at) {
        packet.sourcePort = getShortBigEndian(at);
        packet.destinationPort = getShortBigEndian(at + 2);
    }
}
