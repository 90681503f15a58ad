package io.weir.vxlan;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;

/**
 * What a tunnel packet may carry: a frame from the other end to this one with an IP packet that is whole, that is no tunnel packet
 * itself, and whose ECN field agrees with the outer one. The only bytes written are that field and the header checksum, where RFC
 * 6040 asks for it.
 */
final class InnerPacket {
    private static final int FRAGMENT_OFFSET = 0x1FFF;

    private final VxlanTable table;

    InnerPacket(VxlanTable table) {
        this.table = table;
    }

    /**
     * The inner Ethernet header and what of the inner IP header concerns the tunnel. The inner packet must lie inside of the
     * outer one: what follows the outer UDP payload is padding of the link, not data.
     *
     * @param inner    address of the inner Ethernet header, which lies in the frame
     * @param end      address behind the outer UDP payload
     * @param localMac Ethernet address of this node's end of the tunnel
     * @param outerEcn ECN field of the outer IP header
     * @return id of a drop reason, or 0
     */
    int judge(long inner, long end, long localMac, int outerEcn) {
        final long destinationMac = getLongBigEndian(inner) >>> 16;
        final long sourceMac =
                ((long) getShortBigEndian(inner + 6) << 32) | (getIntBigEndian(inner + 8) & 0xFFFF_FFFFL);
        if (destinationMac != localMac) {
            return VxlanDrop.WRONG_INNER_DESTINATION_MAC.id();
        }
        if (sourceMac == localMac || (sourceMac >>> 40 & 1) != 0) {
            return VxlanDrop.OWN_INNER_SOURCE_MAC.id();
        }
        final long ip = inner + TunnelHeader.ETHERNET_LENGTH;
        return switch (getShortBigEndian(inner + 12)) {
            case PacketParser.ETHERTYPE_IPV4 -> judgeIpv4(ip, end, outerEcn);
            case PacketParser.ETHERTYPE_IPV6 -> judgeIpv6(ip, end, outerEcn);
            default -> VxlanDrop.INNER_NOT_IP.id();
        };
    }

    private int judgeIpv4(long ip, long end, int outerEcn) {
        if (ip + TunnelHeader.IPV4_LENGTH > end || ip + getShortBigEndian(ip + 2) > end) {
            return VxlanDrop.TUNNEL_TRUNCATED.id();
        }
        final int headerLength = (getByte(ip) & 0xF) << 2;
        if (getByte(ip + 9) == PacketParser.PROTOCOL_UDP
                && (getShortBigEndian(ip + 6) & FRAGMENT_OFFSET) == 0
                && ip + headerLength + TunnelHeader.UDP_LENGTH <= end) {
            final long destination = IpAddress.IPV4_MARK | (getIntBigEndian(ip + 16) & 0xFFFF_FFFFL);
            if (table.endsAt(0, destination, getShortBigEndian(ip + headerLength + 2))) {
                return VxlanDrop.NESTED_TUNNEL.id();
            }
        }
        final int trafficClass = getByte(ip + 1) & 0xFF;
        final int ecn = TunnelEcn.decapsulate(outerEcn, trafficClass & 3);
        if (ecn == TunnelEcn.DROP) {
            return VxlanDrop.CONGESTION_NOT_ECN_CAPABLE.id();
        }
        if (ecn != (trafficClass & 3)) {
            final int before = getShortBigEndian(ip);
            final int after = (before & ~3) | ecn;
            putByte(ip + 1, (byte) after);
            final long delta = InternetChecksum.delta16(before, after);
            putShortBigEndian(ip + 10, InternetChecksum.update(getShortBigEndian(ip + 10), delta));
        }
        return 0;
    }

    private int judgeIpv6(long ip, long end, int outerEcn) {
        if (ip + TunnelHeader.IPV6_LENGTH > end || ip + TunnelHeader.IPV6_LENGTH + getShortBigEndian(ip + 4) > end) {
            return VxlanDrop.TUNNEL_TRUNCATED.id();
        }
        if (getByte(ip + 6) == PacketParser.PROTOCOL_UDP
                && ip + TunnelHeader.IPV6_LENGTH + TunnelHeader.UDP_LENGTH <= end
                && table.endsAt(
                        getLongBigEndian(ip + 24),
                        getLongBigEndian(ip + 32),
                        getShortBigEndian(ip + TunnelHeader.IPV6_LENGTH + 2))) {
            return VxlanDrop.NESTED_TUNNEL.id();
        }
        final int innerEcn = (getShortBigEndian(ip) >>> 4) & 3;
        final int ecn = TunnelEcn.decapsulate(outerEcn, innerEcn);
        if (ecn == TunnelEcn.DROP) {
            return VxlanDrop.CONGESTION_NOT_ECN_CAPABLE.id();
        }
        if (ecn != innerEcn) {
            putByte(ip + 1, (byte) ((getByte(ip + 1) & ~0x30) | (ecn << 4)));
        }
        return 0;
    }
}
