package io.weir.agent.flannel;

import io.weir.conntrack.SnatRule;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.vxlan.VxlanSpec;
import java.util.List;

/**
 * What the leases of one moment mean for this node's dataplane. A value: two equal plans need no change.
 *
 * @param vxlan         the tunnels; empty with host-gw
 * @param routes        to the other nodes' pods
 * @param podRanges     this node's subnets
 * @param clusterRanges the pods' networks: what is within needs no masquerade
 * @param nodeAddresses the first addresses of this node's subnets, which are hosts in flannel: the node's own source
 *                      towards pods of other nodes
 * @param podMtu        what pods are told, in bytes
 * @param warnings      leases that are ignored, each with the reason
 */
public record FlannelPlan(
        VxlanSpec vxlan,
        List<FlannelRoute> routes,
        List<IpPrefix> podRanges,
        List<IpPrefix> clusterRanges,
        List<IpAddress> nodeAddresses,
        int podMtu,
        List<String> warnings) {
    public FlannelPlan {
        routes = List.copyOf(routes);
        podRanges = List.copyOf(podRanges);
        clusterRanges = List.copyOf(clusterRanges);
        nodeAddresses = List.copyOf(nodeAddresses);
        warnings = List.copyOf(warnings);
    }

    /**
     * Flannel's masquerade rules, in its order. What leaves by a tunnel hides behind {@link #nodeAddresses}, as the kernel
     * chooses the tunnel device's address; see {@link io.weir.conntrack.SnatSpec#tunnelMasquerade}.
     */
    public List<SnatRule> masquerade() {
        return SnatRule.flannel(clusterRanges, podRanges);
    }
}
