package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * weir's own settings for one node: the document {@code apiVersion: weir.io/v1alpha1, kind: NodeConfig}. A config
 * directory holds at most one; what it leaves out has its default.
 */
public record NodeConfig(
        @Setting("Name of this node, as Pods name it in spec.nodeName; --node overrides it.") @Nullable
        String nodeName,

        @Setting("Addresses of this node; empty means: the InternalIP addresses of its Node object.")
        List<IpAddress> nodeAddresses,

        @Setting("Ranges that this node's pods get addresses from; empty means: spec.podCIDRs of its Node object.")
        List<IpPrefix> podCidrs,

        @Setting("Ranges of all pods of the cluster; empty means: the pod ranges of all nodes.")
        List<IpPrefix> clusterCidrs,

        @Setting("Ranges of Service addresses; an address in them that no Service has is dropped.")
        List<IpPrefix> serviceCidrs,

        @Setting("Ports: uplinks and the node's own.") PortsConfig ports,

        @Setting("Threads that forward packets.") WorkersConfig workers,

        @Setting("Table sizes.") TablesConfig tables,

        @Setting("Static routes beside those to pods and uplinks.")
        List<RouteConfig> routes,

        @Setting("Connection tracking.") ConntrackConfig conntrack,

        @Setting("Source NAT.") SnatConfig snat,

        @Setting("Kubernetes Services.") ServicesConfig services,

        @Setting("Network policy.") PolicyConfig policy,

        @Setting("Flannel's network model and its VXLAN tunnels.")
        FlannelConfig flannel,

        @Setting("What weir tells of itself by HTTP.") StatusConfig status) {

    public static final String API_VERSION = "weir.io/v1alpha1";
    public static final String KIND = "NodeConfig";

    public NodeConfig {
        nodeAddresses = List.copyOf(nodeAddresses);
        podCidrs = List.copyOf(podCidrs);
        clusterCidrs = List.copyOf(clusterCidrs);
        serviceCidrs = List.copyOf(serviceCidrs);
        routes = List.copyOf(routes);
    }

    /** The same with ranges that somebody else gives out. */
    public NodeConfig withPodRanges(List<IpPrefix> ownPods, List<IpPrefix> allPods) {
        return new NodeConfig(
                nodeName,
                nodeAddresses,
                ownPods,
                allPods,
                serviceCidrs,
                ports,
                workers,
                tables,
                routes,
                conntrack,
                snat,
                services,
                policy,
                flannel,
                status);
    }

    /** Every setting at its default. */
    public static NodeConfig defaults() {
        return NodeConfigReader.read(NodeConfigReader.EMPTY, List.of());
    }

    /**
     * The defaults with some settings changed, each as {@code --set} takes it: {@code workers.count=2}.
     *
     * @throws ConfigException when a path or a value is wrong
     */
    public static NodeConfig of(String... settings) {
        return NodeConfigReader.read(NodeConfigReader.EMPTY, List.of(settings));
    }
}
