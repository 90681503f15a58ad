package io.weir.agent.flannel;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.TunnelHeader;
import io.weir.vxlan.VxlanNetwork;
import java.nio.ByteBuffer;

/**
 * The way to another node's pods. What is still open is the Ethernet address of the next hop in the underlay; with it
 * {@link #spec} makes a route of it.
 *
 * @param prefix the node's subnet
 * @param way    tunnel or not
 * @param origin for people: {@code flannel 192.168.0.2}
 */
public record FlannelRoute(IpPrefix prefix, Way way, String origin) {
    /** How packets reach the node. */
    public sealed interface Way {
        /** The underlay address that packets are sent to, on the link or behind a router. */
        IpAddress underlay();
    }

    /** In a tunnel. */
    public record Tunnelled(VxlanNetwork network, RemoteVtep remote) implements Way {
        @Override
        public IpAddress underlay() {
            return remote.underlay();
        }
    }

    /** As they are: host-gw, DirectRouting, VPC routes. */
    public record Direct(IpAddress underlay) implements Way {}

    /**
     * The route for the dataplane.
     *
     * @param port       the uplink's id
     * @param uplinkMac  the uplink's Ethernet address
     * @param nextHopMac the Ethernet address of {@link Way#underlay()}, or of the router towards it
     * @param uplinkMtu  the largest IP packet on the uplink, in bytes
     */
    public RouteSpec spec(int port, MacAddress uplinkMac, MacAddress nextHopMac, int uplinkMtu) {
        final RouteSpec.Via via = switch (way) {
            case Tunnelled(VxlanNetwork network, RemoteVtep remote) ->
                new RouteSpec.Via(
                        port,
                        TunnelHeader.adjacencyKind(network),
                        network.mtu(),
                        TunnelHeader.of(network, remote, uplinkMac, nextHopMac, prefix.isIpv4()));
            case Direct ignored ->
                new RouteSpec.Via(port, AdjacencyTable.ETHERNET, uplinkMtu, ethernet(uplinkMac, nextHopMac));
        };
        return new RouteSpec(prefix, via, origin);
    }

    private byte[] ethernet(MacAddress source, MacAddress destination) {
        final int type = prefix.isIpv4() ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6;
        return ByteBuffer.allocate(14)
                .put(destination.toBytes())
                .put(source.toBytes())
                .putShort((short) type)
                .array();
    }
}
