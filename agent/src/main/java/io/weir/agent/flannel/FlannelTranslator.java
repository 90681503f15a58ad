package io.weir.agent.flannel;

import io.weir.agent.config.TunnelConfig;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.vxlan.RemoteVtep;
import io.weir.vxlan.VxlanNetwork;
import io.weir.vxlan.VxlanOptions;
import io.weir.vxlan.VxlanSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns leases into tunnels and routes, as flanneld's vxlan and host-gw backends program the kernel. A lease that cannot be
 * used is left out with a warning and harms no other.
 */
public final class FlannelTranslator {
    /** What flannel subtracts from the interface's MTU for the pods' one, over IPv6 too. */
    static final int ADVERTISED_OVERHEAD = 50;

    private final NetConf conf;
    private final SubnetLease own;
    private final Underlay underlay;
    private final VtepMacs macs;
    private final TunnelConfig tunnel;

    /**
     * @param conf     the network configuration
     * @param own      this node's lease
     * @param underlay this node's external interface
     * @param macs     of this node's VTEPs
     * @param tunnel   options of tunnels
     */
    public FlannelTranslator(NetConf conf, SubnetLease own, Underlay underlay, VtepMacs macs, TunnelConfig tunnel) {
        this.conf = conf;
        this.own = own;
        this.underlay = underlay;
        this.macs = macs;
        this.tunnel = tunnel;
    }

    /** The MTU of pods, in bytes. */
    public int podMtu() {
        return switch (conf.backend()) {
            case Backend.Vxlan vxlan -> externalMtu(vxlan) - ADVERTISED_OVERHEAD;
            case Backend.HostGw ignored -> underlay.mtu();
        };
    }

    private int externalMtu(Backend.Vxlan vxlan) {
        return vxlan.mtu() == 0 ? underlay.mtu() : Math.min(vxlan.mtu(), underlay.mtu());
    }

    /** What the file subnet.env says. */
    public SubnetEnv subnetEnv(boolean ipMasq) {
        return new SubnetEnv(conf.network(), own.subnet(), conf.ipv6Network(), own.ipv6Subnet(), podMtu(), ipMasq);
    }

    /** The plan for the leases of this moment. */
    public FlannelPlan translate(Leases leases) {
        final List<String> warnings = new ArrayList<>();
        final List<SubnetLease> others = new ArrayList<>();
        for (final SubnetLease lease : leases.all()) {
            if (lease.key().equals(own.key()) || lease.attributes().isFrom(own.attributes())) {
                continue;
            }
            if (!lease.attributes().backendType().equals(conf.backend().type())) {
                warnings.add(lease.key() + ": the backend of its node is '"
                        + lease.attributes().backendType() + "', ours is '"
                        + conf.backend().type() + "'");
                continue;
            }
            others.add(lease);
        }
        final List<VxlanNetwork> networks = new ArrayList<>();
        final List<FlannelRoute> routes = new ArrayList<>();
        for (final boolean ipv4 : new boolean[] {true, false}) {
            if (isEnabled(ipv4)) {
                family(ipv4, others, networks, routes, warnings);
            }
        }
        return new FlannelPlan(
                new VxlanSpec(networks),
                routes,
                ranges(own.subnet(), own.ipv6Subnet()),
                ranges(conf.network(), conf.ipv6Network()),
                ranges(own.subnet(), own.ipv6Subnet()).stream()
                        .map(SubnetEnv::nodeAddress)
                        .toList(),
                podMtu(),
                warnings);
    }

    private boolean isEnabled(boolean ipv4) {
        return (ipv4 ? conf.enableIpv4() : conf.enableIpv6()) && subnetOf(own, ipv4) != null;
    }

    private static List<IpPrefix> ranges(@Nullable IpPrefix ipv4, @Nullable IpPrefix ipv6) {
        final List<IpPrefix> ranges = new ArrayList<>();
        if (ipv4 != null) {
            ranges.add(ipv4);
        }
        if (ipv6 != null) {
            ranges.add(ipv6);
        }
        return ranges;
    }

    private static @Nullable IpPrefix subnetOf(SubnetLease lease, boolean ipv4) {
        return ipv4 ? lease.subnet() : lease.ipv6Subnet();
    }

    private static @Nullable IpAddress addressOf(SubnetLease lease, boolean ipv4) {
        return ipv4 ? lease.attributes().publicIp() : lease.attributes().publicIpv6();
    }

    private void family(
            boolean ipv4,
            List<SubnetLease> others,
            List<VxlanNetwork> networks,
            List<FlannelRoute> routes,
            List<String> warnings) {
        final List<RemoteVtep> remotes = new ArrayList<>();
        final List<FlannelRoute> direct = new ArrayList<>();
        final List<RemoteVtep> tunnelled = new ArrayList<>();
        for (final SubnetLease lease : others) {
            final IpPrefix subnet = subnetOf(lease, ipv4);
            final IpAddress address = addressOf(lease, ipv4);
            if (subnet == null) {
                continue; // a node of one family in a network of two
            }
            try {
                if (address == null) {
                    throw new FlannelException("it names no address of its node");
                }
                if (own.overlaps(subnet)) {
                    throw new FlannelException("it overlaps this node's own subnet");
                }
                if (conf.backend() instanceof final Backend.Vxlan vxlan) {
                    final RemoteVtep remote = remote(lease, ipv4, subnet, address);
                    // also a neighbour may send by tunnel: its DirectRouting is its own setting
                    remotes.add(remote);
                    if (vxlan.directRouting() && underlay.isOnLink(address)) {
                        direct.add(new FlannelRoute(subnet, new FlannelRoute.Direct(address), "flannel " + address));
                    } else {
                        tunnelled.add(remote);
                    }
                } else if (underlay.isOnLink(address)) {
                    direct.add(new FlannelRoute(subnet, new FlannelRoute.Direct(address), "flannel " + address));
                } else {
                    throw new FlannelException("host-gw needs its node " + address + " on this node's link");
                }
            } catch (final FlannelException | IllegalArgumentException e) {
                warnings.add(lease.key() + ": ignored, " + e.getMessage());
            }
        }
        routes.addAll(direct);
        final IpAddress local = addressOf(own, ipv4);
        if (conf.backend() instanceof final Backend.Vxlan vxlan && local != null) {
            final VxlanNetwork network = new VxlanNetwork(
                    (ipv4 ? "flannel." : "flannel-v6.") + vxlan.vni(),
                    vxlan.vni(),
                    vxlan.port(),
                    local,
                    localMac(ipv4),
                    externalMtu(vxlan),
                    new VxlanOptions(
                            tunnel.ttl(),
                            tunnel.dontFragment(),
                            tunnel.outerChecksum(),
                            tunnel.acceptUnknownVteps(),
                            tunnel.clampMss()),
                    remotes);
            networks.add(network);
            for (final RemoteVtep remote : tunnelled) {
                routes.add(new FlannelRoute(
                        remote.subnet(), new FlannelRoute.Tunnelled(network, remote), "flannel " + remote.underlay()));
            }
        }
    }

    private MacAddress localMac(boolean ipv4) {
        return ipv4 ? macs.ipv4() : macs.ipv6();
    }

    private RemoteVtep remote(SubnetLease lease, boolean ipv4, IpPrefix subnet, IpAddress address) {
        final String data =
                ipv4 ? lease.attributes().backendData() : lease.attributes().backendV6Data();
        if (data == null) {
            throw new FlannelException("it names no VTEP");
        }
        final MacAddress mac = VtepData.parse(data).mac();
        if (mac.equals(localMac(ipv4))) {
            throw new FlannelException("its VTEP has this node's own Ethernet address " + mac
                    + "; delete one node's vtep-mac file and start it again");
        }
        return new RemoteVtep(subnet, mac, address);
    }

    /** What this node tells the others. */
    public static LeaseAttributes attributes(
            NetConf conf, @Nullable IpAddress publicIp, @Nullable IpAddress publicIpv6, VtepMacs macs) {
        final IpAddress ipv4 = conf.enableIpv4() ? publicIp : null;
        final IpAddress ipv6 = conf.enableIpv6() ? publicIpv6 : null;
        if (conf.enableIpv4() && ipv4 == null) {
            throw new FlannelException("the network has IPv4, and this node no IPv4 address; set flannel.publicIp");
        }
        if (conf.enableIpv6() && ipv6 == null) {
            throw new FlannelException("the network has IPv6, and this node no IPv6 address; set flannel.publicIpv6");
        }
        return switch (conf.backend()) {
            case Backend.Vxlan vxlan ->
                new LeaseAttributes(
                        ipv4,
                        ipv6,
                        vxlan.type(),
                        ipv4 == null ? null : new VtepData(vxlan.vni(), macs.ipv4()).toJson(),
                        ipv6 == null ? null : new VtepData(vxlan.vni(), macs.ipv6()).toJson());
            case Backend.HostGw hostGw -> new LeaseAttributes(ipv4, ipv6, hostGw.type(), null, null);
        };
    }
}
