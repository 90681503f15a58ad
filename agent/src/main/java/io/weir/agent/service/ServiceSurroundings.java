package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.config.DetectLocal;
import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.lb.Scheduler;
import io.weir.lb.ServiceRules;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the translation of a Service depends on besides the Service and its endpoints: as long as this is equal, so is the
 * outcome.
 *
 * @param zone              of this node, empty when it has none
 * @param nodePortAddresses where node ports are served
 * @param peers             nodes that answer clients themselves
 */
record ServiceSurroundings(
        String nodeName,
        String zone,
        List<IpAddress> nodePortAddresses,
        Scheduler scheduler,
        int maglevSize,
        boolean deriveHints,
        DirectPeers peers,
        ServiceRules rules) {
    private static final String ZONE_LABEL = "topology.kubernetes.io/zone";

    static ServiceSurroundings of(
            String nodeName, ClusterState cluster, NodeConfig config, @Nullable FlannelPlan plan) {
        final DirectPeers peers = DirectPeers.of(nodeName, cluster.nodes(), plan);
        final Node node = cluster.nodes().get(nodeName);
        final List<IpAddress> addresses = nodeAddresses(node, config);
        final List<IpAddress> primary = primary(addresses);
        final List<IpPrefix> ranges = config.services().nodePortAddresses();
        final List<IpAddress> nodePortAddresses = ranges.isEmpty()
                ? primary
                : addresses.stream()
                        .filter(address -> ranges.stream().anyMatch(range -> range.contains(address)))
                        .toList();
        final ServiceRules rules = new ServiceRules(
                podRanges(node, cluster, config),
                config.serviceCidrs(),
                addresses,
                primary,
                config.services().masqueradeAll(),
                config.services().directServerReturn(),
                peers.addresses());
        return new ServiceSurroundings(
                nodeName,
                zone(node),
                nodePortAddresses,
                config.services().scheduler(),
                config.services().maglevSize(),
                config.services().deriveHints(),
                peers,
                rules);
    }

    private static String zone(@Nullable Node node) {
        if (node == null || node.getMetadata().getLabels() == null) {
            return "";
        }
        final Map<String, String> labels = node.getMetadata().getLabels();
        return labels.getOrDefault(ZONE_LABEL, "");
    }

    /** Those of the config or else of the Node object, then those of the uplinks. */
    private static List<IpAddress> nodeAddresses(@Nullable Node node, NodeConfig config) {
        final Set<IpAddress> addresses = new LinkedHashSet<>(config.nodeAddresses());
        if (addresses.isEmpty() && node != null) {
            addresses.addAll(internalAddresses(node));
        }
        for (final UplinkConfig uplink : config.ports().uplinks()) {
            uplink.addresses().stream().map(InterfaceAddress::address).forEach(addresses::add);
        }
        return List.copyOf(addresses);
    }

    static List<IpAddress> internalAddresses(Node node) {
        final List<IpAddress> addresses = new ArrayList<>();
        if (node.getStatus() != null) {
            for (final NodeAddress address :
                    Optional.ofNullable(node.getStatus().getAddresses()).orElse(List.of())) {
                if ("InternalIP".equals(address.getType())) {
                    parse(address.getAddress()).ifPresent(addresses::add);
                }
            }
        }
        return addresses;
    }

    private static List<IpAddress> primary(List<IpAddress> addresses) {
        final List<IpAddress> primary = new ArrayList<>(2);
        addresses.stream().filter(IpAddress::isIpv4).findFirst().ifPresent(primary::add);
        addresses.stream().filter(IpAddress::isIpv6).findFirst().ifPresent(primary::add);
        return primary;
    }

    private static List<IpPrefix> podRanges(@Nullable Node node, ClusterState cluster, NodeConfig config) {
        final DetectLocal how = config.services().detectLocal();
        if (how == DetectLocal.NONE) {
            return List.of();
        }
        if (how == DetectLocal.NODE_CIDR) {
            return !config.podCidrs().isEmpty() || node == null ? config.podCidrs() : podRanges(node);
        }
        if (!config.clusterCidrs().isEmpty()) {
            return config.clusterCidrs();
        }
        return cluster.nodes().values().stream()
                .flatMap(each -> podRanges(each).stream())
                .distinct()
                .toList();
    }

    static List<IpPrefix> podRanges(Node node) {
        if (node.getSpec() == null) {
            return List.of();
        }
        final List<String> several = node.getSpec().getPodCIDRs();
        final List<String> texts = several == null || several.isEmpty()
                ? Optional.ofNullable(node.getSpec().getPodCIDR()).map(List::of).orElse(List.of())
                : several;
        return texts.stream().flatMap(text -> parsePrefix(text).stream()).toList();
    }

    /** Empty for what is no prefix: the loader has already reported it where it matters. */
    private static Optional<IpPrefix> parsePrefix(String text) {
        try {
            return Optional.of(IpPrefix.parse(text.strip()));
        } catch (final IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static Optional<IpAddress> parse(@Nullable String text) {
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(IpAddress.parse(text.strip()));
        } catch (final IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
