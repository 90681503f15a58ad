package io.weir.agent.simulation;

import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelException;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.flannel.FlannelTranslator;
import io.weir.agent.flannel.LeaseAttributes;
import io.weir.agent.flannel.Leases;
import io.weir.agent.flannel.NetConf;
import io.weir.agent.flannel.SubnetLease;
import io.weir.agent.flannel.Underlay;
import io.weir.agent.flannel.VtepMacs;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.StationAddresses;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The flannel network as it would be if each Node object held the lease of its pod range: a simulation asks no registry. The
 * Ethernet addresses of VTEPs are made of the nodes' names.
 */
final class SimulatedFlannel {
    private static final String DEFAULT_BACKEND = "\"Backend\":{\"Type\":\"vxlan\"}}";

    private SimulatedFlannel() {}

    /** What flannel would say to this node; null without flannel, or when the node has no pod range. */
    static @Nullable FlannelPlan of(LocalNode node) {
        if (!node.config().flannel().enabled() || node.podRanges().isEmpty()) {
            return null;
        }
        try {
            final NetConf conf = netConf(node);
            final Map<String, SubnetLease> leases = new TreeMap<>();
            leases.put(node.name(), lease(conf, node.name(), node.podRanges(), node.addresses()));
            node.nodeRanges().forEach((name, other) -> {
                if (!other.ranges().isEmpty() && !name.equals(node.name())) {
                    leases.put(name, lease(conf, name, other.ranges(), other.addresses()));
                }
            });
            final SubnetLease own = leases.get(node.name());
            return own == null
                    ? null
                    : new FlannelTranslator(
                                    conf,
                                    own,
                                    underlay(node),
                                    macs(node.name()),
                                    node.config().flannel().tunnel())
                            .translate(Leases.of(leases.values()));
        } catch (final FlannelException | IOException e) {
            System.getLogger(SimulatedFlannel.class.getName())
                    .log(System.Logger.Level.WARNING, "flannel is left out: {0}", e.getMessage());
            return null;
        }
    }

    /** The file when there is one, else tunnels among the cluster's ranges. */
    private static NetConf netConf(LocalNode node) throws IOException {
        final Path file = Path.of(node.config().flannel().netConfFile());
        if (Files.isReadable(file)) {
            return NetConf.parse(Files.readString(file));
        }
        final IpPrefix ipv4 = range(node, true);
        final IpPrefix ipv6 = range(node, false);
        return NetConf.parse("{\"EnableIPv4\":" + (ipv4 != null) + ",\"EnableIPv6\":" + (ipv6 != null) + ","
                + (ipv4 == null ? "" : "\"Network\":\"" + ipv4 + "\",")
                + (ipv6 == null ? "" : "\"IPv6Network\":\"" + ipv6 + "\",") + DEFAULT_BACKEND);
    }

    /** The cluster's configured range, or one that is wide enough for flannel's rules about subnets. */
    private static @Nullable IpPrefix range(LocalNode node, boolean ipv4) {
        return node.config().clusterCidrs().stream()
                .filter(range -> range.isIpv4() == ipv4)
                .findFirst()
                .orElseGet(() -> node.podRanges().stream()
                        .filter(range -> range.isIpv4() == ipv4)
                        .findFirst()
                        .map(range -> new IpPrefix(range.address(), Math.max(0, range.length() - 8)))
                        .orElse(null));
    }

    private static SubnetLease lease(NetConf conf, String name, List<IpPrefix> ranges, List<IpAddress> addresses) {
        final LeaseAttributes attributes =
                FlannelTranslator.attributes(conf, first(addresses, true), first(addresses, false), macs(name));
        return new SubnetLease(firstRange(ranges, true), firstRange(ranges, false), attributes);
    }

    private static @Nullable IpAddress first(List<IpAddress> addresses, boolean ipv4) {
        return addresses.stream()
                .filter(address -> address.isIpv4() == ipv4)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable IpPrefix firstRange(List<IpPrefix> ranges, boolean ipv4) {
        return ranges.stream()
                .filter(range -> range.isIpv4() == ipv4)
                .findFirst()
                .orElse(null);
    }

    private static VtepMacs macs(String node) {
        final MacAddress ipv4 = StationAddresses.stationOf("vtep of " + node);
        return new VtepMacs(ipv4, StationAddresses.stationOf("IPv6 vtep of " + node));
    }

    private static Underlay underlay(LocalNode node) {
        final List<UplinkConfig> uplinks = new ArrayList<>(node.config().ports().uplinks());
        return uplinks.isEmpty()
                ? new Underlay(List.of(), node.config().ports().podMtu())
                : new Underlay(
                        uplinks.getFirst().addresses(), uplinks.getFirst().mtu());
    }
}
