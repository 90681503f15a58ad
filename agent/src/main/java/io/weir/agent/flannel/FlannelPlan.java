package io.weir.agent.flannel;

import io.weir.conntrack.SnatAction;
import io.weir.conntrack.SnatRule;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.vxlan.VxlanSpec;
import java.util.ArrayList;
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
     * Flannel's masquerade rules, in its order. What comes from outside of the pods' network for a pod of another node
     * hides behind this node's first address, which the other nodes know a way to; flannel's kernel chooses it too.
     */
    public List<SnatRule> masquerade() {
        final List<SnatRule> flannels = SnatRule.flannel(clusterRanges, podRanges);
        final List<SnatRule> rules = new ArrayList<>(flannels.subList(0, flannels.size() - 1));
        for (final IpPrefix range : clusterRanges) {
            final List<IpAddress> behind = nodeAddresses.stream()
                    .filter(address -> address.isIpv4() == range.isIpv4())
                    .toList();
            if (!behind.isEmpty()) {
                rules.add(new SnatRule(
                        SnatRule.Match.notIn(clusterRanges),
                        SnatRule.Match.in(List.of(range)),
                        SnatAction.POOL,
                        behind));
            }
        }
        return rules;
    }
}
