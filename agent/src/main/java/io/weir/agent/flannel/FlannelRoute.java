package io.weir.agent.flannel;

import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.TunnelHeader;
import io.weir.vxlan.VxlanNetwork;
import java.util.function.ToIntBiFunction;

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
     * The route for the dataplane, which finds the next hop's Ethernet address itself.
     *
     * @param port      the uplink's id
     * @param nextHop   {@link Way#underlay()} when that is on the uplink's link, else the router towards it
     * @param uplinkMtu the largest IP packet on the uplink, in bytes
     * @param farEnds   numbers by which tunnel packets are counted, see {@link io.weir.vxlan.VxlanCompiler#farEndOf}
     */
    public RouteSpec spec(
            int port, IpAddress nextHop, int uplinkMtu, ToIntBiFunction<VxlanNetwork, RemoteVtep> farEnds) {
        final RouteSpec.Target target = switch (way) {
            case Tunnelled(VxlanNetwork network, RemoteVtep remote) ->
                new RouteSpec.Tunnel(
                        port,
                        network.mtu(),
                        nextHop,
                        AdjacencyTable.kindTo(TunnelHeader.adjacencyKind(network), farEnds.applyAsInt(network, remote)),
                        TunnelHeader.of(network, remote, MacAddress.ZERO, MacAddress.ZERO, prefix.isIpv4()));
            case Direct ignored -> new RouteSpec.Gateway(port, uplinkMtu, nextHop);
        };
        return new RouteSpec(prefix, target, origin);
    }
}
