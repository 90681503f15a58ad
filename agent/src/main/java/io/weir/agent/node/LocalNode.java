package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.Pod;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.Origin;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.flannel.VpcRoutes;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration means for one node: who it is, which addresses and ranges are its own, and which pods run here. A
 * value; the same configuration gives the same node.
 *
 * @param name         as Pods name it in {@code spec.nodeName}
 * @param config       weir's own settings
 * @param configOrigin where these are written
 * @param cluster      all Kubernetes objects
 * @param addresses    the node's own, primary ones first
 * @param podRanges    what its pods get addresses from
 * @param clusterRanges pod ranges of the whole cluster
 * @param podNetworkAddresses the node's own addresses within the pods' network, from which it speaks to pods: flannel's
 *                     x.y.z.0; empty without flannel
 * @param podMtu       the largest IP packet that a pod's port takes and sends, in bytes: what is configured, or less if the
 *                     flannel network that the node is in carries less
 * @param pods         this node's pods, by name
 */
public record LocalNode(
        String name,
        NodeConfig config,
        Origin configOrigin,
        ClusterState cluster,
        List<IpAddress> addresses,
        List<IpPrefix> podRanges,
        List<IpPrefix> clusterRanges,
        List<IpAddress> podNetworkAddresses,
        int podMtu,
        SortedMap<String, LocalPod> pods) {
    /** The cluster autoscaler's mark of a node that it is about to remove. */
    private static final String LEAVING_TAINT = "ToBeDeletedByClusterAutoscaler";

    /**
     * The node that the configuration names, or the only one there is.
     *
     * @throws ConfigException when it is not clear which node this is, or two pods have one address
     */
    public static LocalNode of(LoadedConfig loaded) {
        return of(nameIn(loaded), loaded);
    }

    /**
     * The name of the node that the configuration means.
     *
     * @throws ConfigException when that is not clear
     */
    public static String nameIn(LoadedConfig loaded) {
        final String named = loaded.node().nodeName();
        return named != null ? named : onlyNode(loaded.cluster());
    }

    /** The same configuration seen from a node of this name. */
    public static LocalNode of(String name, LoadedConfig loaded) {
        return of(name, loaded, loaded.cluster(), List.of(), new NodeObjects());
    }

    /**
     * The node of this name with pods that its runtime attached.
     *
     * @param cluster     what is configured, with the attached pods in it; see {@link AttachmentOverlay}
     * @param attachments these pods' interfaces
     * @param objects     what is known of the state before, so that only the difference is looked at
     */
    public static LocalNode of(
            String name,
            LoadedConfig loaded,
            ClusterState cluster,
            Collection<Attachment> attachments,
            NodeObjects objects) {
        final NodeConfig config = loaded.node();
        final boolean isConfigured = config.nodeName() == null || name.equals(config.nodeName());
        final Node node = cluster.nodes().get(name);
        final List<IpAddress> addresses =
                isConfigured && !config.nodeAddresses().isEmpty() ? config.nodeAddresses() : addressesOf(node, config);
        final List<IpPrefix> podRanges =
                isConfigured && !config.podCidrs().isEmpty() ? config.podCidrs() : podRangesOf(node);
        return new LocalNode(
                name,
                config,
                loaded.nodeOrigin(),
                cluster,
                addresses,
                podRanges,
                clusterRanges(config, cluster, podRanges),
                List.of(),
                config.ports().podMtu(),
                pods(name, cluster, podRanges, attachments, objects));
    }

    /** The same node whose pods' packets are this long at most, if that is less than what is configured. */
    public LocalNode withPodMtuOf(int networkMtu) {
        return new LocalNode(
                name,
                config,
                configOrigin,
                cluster,
                addresses,
                podRanges,
                clusterRanges,
                podNetworkAddresses,
                Math.min(config.ports().podMtu(), networkMtu),
                pods);
    }

    /** The same node in a network that gives out the pods' ranges itself: what the plan says counts, as if configured. */
    LocalNode in(FlannelPlan plan, NodeObjects objects) {
        final List<IpPrefix> cluster = config.clusterCidrs().isEmpty() ? plan.clusterRanges() : config.clusterCidrs();
        final NodeConfig known = config.withPodRanges(plan.podRanges(), cluster);
        return new LocalNode(
                name,
                known,
                configOrigin,
                this.cluster,
                addresses,
                plan.podRanges(),
                cluster,
                plan.nodeAddresses(),
                Math.min(config.ports().podMtu(), plan.podMtu()),
                pods(name, this.cluster, plan.podRanges(), attachments(), objects));
    }

    /** The node's own addresses and those that it has within the pods' network. */
    public Set<IpAddress> allAddresses() {
        final Set<IpAddress> all = new LinkedHashSet<>(addresses);
        all.addAll(podNetworkAddresses);
        return all;
    }

    /**
     * A node as its Node object has it.
     *
     * @param ranges    its pods'
     * @param addresses its own
     */
    public record NodeRanges(List<IpPrefix> ranges, List<IpAddress> addresses) {}

    /** All Node objects, by name. */
    public SortedMap<String, NodeRanges> nodeRanges() {
        final SortedMap<String, NodeRanges> all = new TreeMap<>();
        cluster.nodes()
                .values()
                .forEach(each -> all.put(
                        each.getMetadata().getName(), new NodeRanges(podRangesOf(each), addressesOf(each, config))));
        return all;
    }

    /** The other nodes' pod ranges, each with its node's address of the same family; in the order of the names. */
    List<VpcRoutes.NodeRange> otherNodes() {
        final List<VpcRoutes.NodeRange> others = new ArrayList<>();
        for (final Node other : cluster.nodes().values()) {
            final String otherName = other.getMetadata().getName();
            if (otherName.equals(name)) {
                continue;
            }
            final List<IpAddress> hops = addressesOf(other, config);
            for (final IpPrefix range : podRangesOf(other)) {
                hops.stream()
                        .filter(hop -> hop.isIpv4() == range.isIpv4())
                        .findFirst()
                        .ifPresent(hop -> others.add(new VpcRoutes.NodeRange(otherName, range, hop)));
            }
        }
        return others;
    }

    /**
     * The node is about to be removed: load balancers should send no new connections here, though all that is here goes on
     * (KEP-3836: kube-proxy's {@code /healthz} fails then).
     */
    public boolean isLeaving() {
        final Node own = cluster.nodes().get(name);
        return own != null
                && (own.getMetadata().getDeletionTimestamp() != null
                        || (own.getSpec() != null
                                && own.getSpec().getTaints().stream()
                                        .anyMatch(taint -> LEAVING_TAINT.equals(taint.getKey()))));
    }

    /** The interfaces that the runtime asked for. */
    public List<Attachment> attachments() {
        return pods.values().stream()
                .map(LocalPod::attachment)
                .filter(Objects::nonNull)
                .toList();
    }

    private static String onlyNode(ClusterState cluster) {
        final Set<String> names = new TreeSet<>(cluster.nodes().keySet());
        if (names.isEmpty()) {
            for (final Pod pod : cluster.pods().values()) {
                if (pod.getSpec() != null && pod.getSpec().getNodeName() != null) {
                    names.add(pod.getSpec().getNodeName());
                }
            }
        }
        if (names.size() == 1) {
            return names.iterator().next();
        }
        throw new ConfigException(
                Origin.of("--node"),
                "",
                null,
                names.isEmpty()
                        ? "no Node and no Pod with spec.nodeName says which node this is; give --node NAME"
                        : "which node is this? The configuration knows " + String.join(", ", names)
                                + "; give --node NAME or set nodeName in the NodeConfig");
    }

    /** {@code InternalIP} addresses of a Node object, else those of the uplinks. */
    public static List<IpAddress> addressesOf(@Nullable Node node, NodeConfig config) {
        final List<IpAddress> addresses = new ArrayList<>();
        if (node != null && node.getStatus() != null) {
            for (final NodeAddress address : node.getStatus().getAddresses()) {
                if ("InternalIP".equals(address.getType())) {
                    addresses.add(IpAddress.parse(address.getAddress()));
                }
            }
        } else if (node == null) {
            for (final UplinkConfig uplink : config.ports().uplinks()) {
                uplink.addresses().forEach(each -> addresses.add(each.address()));
            }
        }
        return addresses;
    }

    /** {@code spec.podCIDRs}, or {@code spec.podCIDR}. */
    public static List<IpPrefix> podRangesOf(@Nullable Node node) {
        if (node == null || node.getSpec() == null) {
            return List.of();
        }
        final Set<IpPrefix> ranges = new LinkedHashSet<>();
        node.getSpec().getPodCIDRs().forEach(range -> ranges.add(IpPrefix.parse(range)));
        final String single = node.getSpec().getPodCIDR();
        if (single != null && !single.isEmpty()) {
            ranges.add(IpPrefix.parse(single));
        }
        return List.copyOf(ranges);
    }

    private static List<IpPrefix> clusterRanges(NodeConfig config, ClusterState cluster, List<IpPrefix> own) {
        if (!config.clusterCidrs().isEmpty()) {
            return config.clusterCidrs();
        }
        final Set<IpPrefix> ranges = new LinkedHashSet<>(own);
        cluster.nodes().values().forEach(node -> ranges.addAll(podRangesOf(node)));
        return List.copyOf(ranges);
    }

    private static SortedMap<String, LocalPod> pods(
            String node,
            ClusterState cluster,
            List<IpPrefix> ranges,
            Collection<Attachment> attachments,
            NodeObjects objects) {
        final Map<String, Attachment> attached = HashMap.newHashMap(attachments.size());
        attachments.forEach(each -> attached.put(each.pod(), each));
        final SortedMap<String, LocalPod> pods = new TreeMap<>();
        final Map<IpAddress, String> owners = new TreeMap<>();
        attachments.forEach(each -> each.addresses().forEach(address -> owners.put(address, each.pod())));
        objects.see(node, cluster);
        objects.pods().forEach((key, pod) -> {
            final List<IpAddress> addresses = podAddresses(pod);
            if (addresses.isEmpty()) {
                return;
            }
            for (final IpAddress address : addresses) {
                final String other = owners.putIfAbsent(address, key);
                if (other != null && !other.equals(key)) {
                    if (attached.containsKey(other)) {
                        return; // what the API says of a pod that has ended is old news
                    }
                    throw new ConfigException(
                            cluster.originOf(pod),
                            "status.podIPs",
                            address,
                            "is also an address of the pod " + other + " of the same node; one of them is wrong");
                }
            }
            pods.put(key, new LocalPod(key, pod, addresses, attached.get(key)));
        });
        // pods too, if the Pod object itself is not known
        for (final IpAddress address : objects.endpoints()) {
            if (!owners.containsKey(address) && ranges.stream().anyMatch(range -> range.contains(address))) {
                final LocalPod endpoint = LocalPod.endpoint(address);
                pods.put(endpoint.name(), endpoint);
            }
        }
        return pods;
    }

    /** The addresses that a pod has for itself: none before it got any, after it ended, or in the node's network. */
    public static List<IpAddress> podAddresses(Pod pod) {
        if (pod.getStatus() == null
                || pod.getSpec() == null
                || Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                || "Succeeded".equals(pod.getStatus().getPhase())
                || "Failed".equals(pod.getStatus().getPhase())) {
            return List.of();
        }
        final Set<IpAddress> addresses = new LinkedHashSet<>();
        final String single = pod.getStatus().getPodIP();
        if (single != null && !single.isEmpty()) {
            addresses.add(IpAddress.parse(single));
        }
        pod.getStatus().getPodIPs().forEach(each -> {
            if (each.getIp() != null && !each.getIp().isEmpty()) {
                addresses.add(IpAddress.parse(each.getIp()));
            }
        });
        return List.copyOf(addresses);
    }
}
