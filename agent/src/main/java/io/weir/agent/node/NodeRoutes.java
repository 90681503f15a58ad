package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Node;
import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.RouteConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelRoute;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.VxlanNetwork;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where packets go from this node, in the order of increasing claim: default routes, links, other nodes' pods, static
 * routes, own pods, own addresses. Where two say something about one prefix, the later wins.
 */
final class NodeRoutes {
    /** Pods send to these (field-facts A: Calico's and Terway's gateways). */
    private static final List<IpPrefix> EVERYWHERE = List.of(IpPrefix.parse("0.0.0.0/0"), IpPrefix.parse("::/0"));

    private final LocalNode node;
    private final NodePorts ports;
    private final Map<String, Ingress> podPorts;
    private final Map<UplinkConfig, Ingress> uplinks;
    private final @Nullable Ingress host;
    private final @Nullable List<FlannelRoute> toNodes;
    private final StrayPods strayPods;
    private final ToIntBiFunction<VxlanNetwork, RemoteVtep> farEnds;
    private final List<RouteSpec> routes = new ArrayList<>();

    /**
     * @param podPorts attached pods, by their names
     * @param uplinks  attached uplinks, in the order of the configuration
     * @param host     the host port, when there is one
     * @param toNodes  the ways to other nodes' pods, when flannel or a VPC table says them; else their Node objects do
     * @param strayPods what is known of the state before, so that only the difference is looked at
     * @param farEnds  numbers by which tunnel packets are counted
     */
    NodeRoutes(
            LocalNode node,
            NodePorts ports,
            Map<String, Ingress> podPorts,
            Map<UplinkConfig, Ingress> uplinks,
            @Nullable Ingress host,
            @Nullable List<FlannelRoute> toNodes,
            StrayPods strayPods,
            ToIntBiFunction<VxlanNetwork, RemoteVtep> farEnds) {
        this.node = node;
        this.ports = ports;
        this.podPorts = podPorts;
        this.uplinks = uplinks;
        this.host = host;
        this.toNodes = toNodes;
        this.strayPods = strayPods;
        this.farEnds = farEnds;
    }

    List<RouteSpec> all() {
        defaults();
        links();
        if (toNodes == null) {
            otherNodes();
        } else {
            ways(toNodes);
        }
        statics();
        own();
        return routes;
    }

    private void defaults() {
        for (final IpPrefix everything : EVERYWHERE) {
            uplinks.forEach((uplink, ingress) -> {
                if (uplink.device() == null && uplink.gateways().isEmpty()) {
                    // only a simulation has an uplink without a device: it leads to all that is not here
                    link(everything, uplink, ingress, "by " + uplink.name());
                }
                uplink.gateways().stream()
                        .filter(gateway -> gateway.isIpv4() == everything.isIpv4())
                        .forEach(gateway -> via(everything, uplink, ingress, gateway, "gateway " + gateway));
            });
        }
    }

    private void links() {
        uplinks.forEach((uplink, ingress) -> {
            for (final InterfaceAddress address : uplink.addresses()) {
                link(address.network(), uplink, ingress, "link of " + uplink.name());
            }
        });
    }

    /** Pods of other nodes: by their node's ranges, and one by one where an address is outside of these. */
    private void otherNodes() {
        for (final Node other : node.cluster().nodes().values()) {
            final String name = other.getMetadata().getName();
            if (!name.equals(node.name())) {
                final List<IpAddress> hops = LocalNode.addressesOf(other, node.config());
                for (final IpPrefix range : LocalNode.podRangesOf(other)) {
                    towards(range, hops, "pods of " + name);
                }
            }
        }
        for (final StrayPods.Stray stray : strayPods.of(node.cluster())) {
            final Node other = node.cluster().nodes().get(stray.node());
            if (!node.name().equals(stray.node()) && other != null) {
                final List<IpAddress> hops = LocalNode.addressesOf(other, node.config());
                stray.addresses().forEach(address -> towards(IpPrefix.host(address), hops, "pod " + stray.pod()));
            }
        }
    }

    /** Tunnels, or next hops on the link or behind a router: flannel's leases and VPC routes. */
    private void ways(List<FlannelRoute> otherNodes) {
        for (final FlannelRoute route : otherNodes) {
            final IpAddress end = route.way().underlay();
            final UplinkConfig onLink = uplinkTo(end);
            final UplinkConfig uplink = onLink != null ? onLink : uplinkTowards(end.isIpv4());
            final Ingress ingress = uplink == null ? null : uplinks.get(uplink);
            if (uplink == null || ingress == null) {
                continue; // neither on a link nor behind a router: there is no way
            }
            final IpAddress hop = onLink != null
                    ? end
                    : uplink.gateways().stream()
                            .filter(gateway -> gateway.isIpv4() == end.isIpv4())
                            .findFirst()
                            .orElse(end);
            final RouteSpec spec = route.spec(ingress.port(), hop, uplink.mtu(), farEnds);
            final Optional<MacAddress> known = ports.knownNeighbour(uplink, hop);
            if (known.isPresent() && spec.target() instanceof final RouteSpec.Tunnel tunnel) {
                routes.add(new RouteSpec(spec.prefix(), tunnel.resolved(ingress.mac(), known.get()), spec.origin()));
            } else if (known.isPresent()) {
                via(spec.prefix(), uplink, ingress, hop, spec.origin());
            } else {
                routes.add(spec);
            }
        }
    }

    /** One with a router; or a simulation's, which leads to all that is not here. */
    private @Nullable UplinkConfig uplinkTowards(boolean ipv4) {
        return uplinks.keySet().stream()
                .filter(uplink -> uplink.gateways().stream().anyMatch(gateway -> gateway.isIpv4() == ipv4)
                        || (uplink.device() == null && uplink.gateways().isEmpty()))
                .findFirst()
                .orElse(null);
    }

    /** By the uplink whose link has a next hop of the family, else by the default route's gateway, which is implied. */
    private void towards(IpPrefix prefix, List<IpAddress> hops, String origin) {
        for (final IpAddress hop : hops) {
            if (hop.isIpv4() != prefix.isIpv4()) {
                continue;
            }
            final UplinkConfig uplink = uplinkTo(hop);
            final Ingress ingress = uplink == null ? null : uplinks.get(uplink);
            if (uplink != null && ingress != null) {
                via(prefix, uplink, ingress, hop, origin);
                return;
            }
        }
    }

    private @Nullable UplinkConfig uplinkTo(IpAddress hop) {
        for (final UplinkConfig uplink : uplinks.keySet()) {
            if (uplink.addresses().stream()
                    .anyMatch(address -> address.network().contains(hop))) {
                return uplink;
            }
        }
        return null;
    }

    private void statics() {
        for (final RouteConfig route : node.config().routes()) {
            final String origin = "static";
            if (route.blackhole()) {
                routes.add(new RouteSpec(route.to(), new RouteSpec.End(Route.Kind.BLACKHOLE), origin));
                continue;
            }
            final UplinkConfig uplink = route.port() == null ? uplinkTo(via(route)) : uplinkNamed(route.port());
            final Ingress ingress = uplink == null ? null : uplinks.get(uplink);
            if (uplink == null || ingress == null) {
                continue; // NodeDataplane has checked: only a node that is looked at from elsewhere lacks the uplink
            }
            if (route.via() == null) {
                link(route.to(), uplink, ingress, origin);
            } else {
                via(route.to(), uplink, ingress, route.via(), origin);
            }
        }
    }

    private static IpAddress via(RouteConfig route) {
        final IpAddress via = route.via();
        return via == null ? route.to().address() : via;
    }

    private @Nullable UplinkConfig uplinkNamed(String name) {
        return uplinks.keySet().stream()
                .filter(uplink -> uplink.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    private void own() {
        for (final IpPrefix range : node.podRanges()) {
            routes.add(new RouteSpec(range, new RouteSpec.End(Route.Kind.UNREACHABLE), "pod range of this node"));
        }
        node.pods().forEach((name, pod) -> {
            final Ingress ingress = podPorts.get(name);
            if (ingress != null) {
                pod.addresses().forEach(address -> direct(address, ingress, "pod " + name));
            }
        });
        node.addresses().forEach(address -> ownAddress(address, "this node"));
        node.podNetworkAddresses().forEach(address -> ownAddress(address, "flannel"));
        uplinks.keySet()
                .forEach(uplink -> uplink.addresses().forEach(address -> ownAddress(address.address(), uplink.name())));
        local(PodGateways.IPV4, "pod gateway");
        local(PodGateways.IPV6, "pod gateway");
    }

    private void ownAddress(IpAddress address, String origin) {
        if (host == null) {
            local(address, origin);
        } else {
            direct(address, host, origin);
        }
    }

    private void local(IpAddress address, String origin) {
        routes.add(new RouteSpec(IpPrefix.host(address), new RouteSpec.End(Route.Kind.LOCAL), origin));
    }

    private void direct(IpAddress address, Ingress ingress, String origin) {
        final MacAddress peer = ingress.peerMac();
        if (peer == null) {
            throw new IllegalStateException(ingress.name() + " has no known station behind it");
        }
        final IpPrefix prefix = IpPrefix.host(address);
        routes.add(new RouteSpec(prefix, neighbour(prefix, ingress, peer, ingress.mtu()), origin));
    }

    private void link(IpPrefix prefix, UplinkConfig uplink, Ingress ingress, String origin) {
        final Optional<MacAddress> known = ports.knownNeighbour(uplink, prefix.address());
        final RouteSpec.Target target = known.isPresent()
                ? neighbour(prefix, ingress, known.get(), uplink.mtu())
                : new RouteSpec.Link(ingress.port(), uplink.mtu());
        routes.add(new RouteSpec(prefix, target, origin));
    }

    private void via(IpPrefix prefix, UplinkConfig uplink, Ingress ingress, IpAddress hop, String origin) {
        final Optional<MacAddress> known = ports.knownNeighbour(uplink, hop);
        final RouteSpec.Target target = known.isPresent()
                ? neighbour(prefix, ingress, known.get(), uplink.mtu())
                : new RouteSpec.Gateway(ingress.port(), uplink.mtu(), hop);
        routes.add(new RouteSpec(prefix, target, origin));
    }

    /** {@code destination | source | ethertype}. */
    private static RouteSpec.Via neighbour(IpPrefix prefix, Ingress ingress, MacAddress peer, int mtu) {
        final byte[] header = ByteBuffer.allocate(14)
                .put(peer.toBytes())
                .put(ingress.mac().toBytes())
                .putShort((short) (prefix.isIpv4() ? 0x0800 : 0x86DD))
                .array();
        return new RouteSpec.Via(ingress.port(), AdjacencyTable.ETHERNET, mtu, header);
    }
}
