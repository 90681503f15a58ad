package io.weir.vxlan;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.nio.ByteBuffer;

/**
 * The bytes that go in front of an IP packet to carry it through a tunnel: everything that is the same for all packets
 * to one VTEP. The dataplane's rewriter copies them and fills in lengths, identification, ECN, source port and checksums.
 *
 * <pre>
 *  outer Ethernet 14 | outer IPv4 20 or IPv6 40 | UDP 8 | VXLAN 8 | inner Ethernet 14
 *
 *  VXLAN (RFC 7348 section 5):
 *   |R|R|R|R|I|R|R|R|            reserved (24)              |
 *   |        VXLAN network identifier (24)  | reserved (8)  |
 * </pre>
 */
public final class TunnelHeader {
    /** Length of the VXLAN header, in bytes. */
    public static final int VXLAN_LENGTH = 8;

    /** The first word of a VXLAN header: the I flag says that the VNI is valid; every other bit is reserved. */
    public static final int VXLAN_FLAGS = 0x0800_0000;

    static final int ETHERNET_LENGTH = 14;
    static final int IPV4_LENGTH = 20;
    static final int IPV6_LENGTH = 40;
    static final int UDP_LENGTH = 8;
    private static final int DONT_FRAGMENT = 0x4000;

    private TunnelHeader() {}

    /** Bytes by which a packet grows inside the underlay's IP MTU: 50 over IPv4, 70 over IPv6. */
    public static int overhead(boolean underlayIpv4) {
        return (underlayIpv4 ? IPV4_LENGTH : IPV6_LENGTH) + UDP_LENGTH + VXLAN_LENGTH + ETHERNET_LENGTH;
    }

    /** {@link AdjacencyTable#TUNNEL_IPV4} or {@link AdjacencyTable#TUNNEL_IPV6}. */
    public static int adjacencyKind(VxlanNetwork network) {
        return network.localAddress().isIpv4() ? AdjacencyTable.TUNNEL_IPV4 : AdjacencyTable.TUNNEL_IPV6;
    }

    /**
     * The header for one VTEP and one family of inner packets, as {@link AdjacencyTable} keeps it.
     *
     * @param uplinkMac  Ethernet address of the port through which the underlay is reached
     * @param nextHopMac Ethernet address of the VTEP's node, or of the router towards it
     * @param innerIpv4  the family of the packets that will follow
     * @return 64 or 84 bytes
     */
    public static byte[] of(
            VxlanNetwork network, RemoteVtep remote, MacAddress uplinkMac, MacAddress nextHopMac, boolean innerIpv4) {
        final boolean ipv4 = network.localAddress().isIpv4();
        final ByteBuffer header = ByteBuffer.allocate(ETHERNET_LENGTH + overhead(ipv4));
        ethernet(header, nextHopMac, uplinkMac, ipv4);
        if (ipv4) {
            ipv4(header, network, remote.underlay());
        } else {
            ipv6(header, network, remote.underlay());
        }
        // source port, length and checksum are the rewriter's; over IPv4 the checksum stays zero (RFC 7348 section 5)
        header.putShort((short) 0)
                .putShort((short) network.port())
                .putShort((short) 0)
                .putShort((short) 0);
        header.putInt(VXLAN_FLAGS).putInt(network.vni() << 8);
        ethernet(header, remote.mac(), network.localMac(), innerIpv4);
        return header.array();
    }

    private static void ethernet(ByteBuffer header, MacAddress destination, MacAddress source, boolean ipv4) {
        header.put(destination.toBytes()).put(source.toBytes());
        header.putShort((short) (ipv4 ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6));
    }

    private static void ipv4(ByteBuffer header, VxlanNetwork network, IpAddress destination) {
        final int start = header.position();
        // DSCP is zero as the kernel's device has it by default; ECN is copied out of each inner packet (RFC 6040)
        header.putShort((short) 0x4500).putShort((short) 0).putShort((short) 0);
        header.putShort((short) (network.options().dontFragment() ? DONT_FRAGMENT : 0));
        header.put((byte) network.options().ttl())
                .put((byte) PacketParser.PROTOCOL_UDP)
                .putShort((short) 0);
        header.put(network.localAddress().toBytes()).put(destination.toBytes());
        int sum = 0;
        for (int i = start; i < start + IPV4_LENGTH; i += 2) {
            sum += header.getShort(i) & 0xFFFF;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        header.putShort(start + 10, (short) ~sum);
    }

    private static void ipv6(ByteBuffer header, VxlanNetwork network, IpAddress destination) {
        header.putInt(0x6000_0000).putShort((short) 0);
        header.put((byte) PacketParser.PROTOCOL_UDP)
                .put((byte) network.options().ttl());
        header.put(network.localAddress().toBytes()).put(destination.toBytes());
    }
}
