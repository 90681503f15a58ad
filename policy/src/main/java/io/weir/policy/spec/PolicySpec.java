package io.weir.policy.spec;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything that policy needs to know about the cluster. Hand the compiler the same record objects for what has not
 * changed: it compares by reference first.
 *
 * @param namespaces       labels by name; a namespace that is missing has no labels
 * @param pods             of all nodes; at most one of a key
 * @param networkPolicies  at most one of a key
 * @param clusterPolicies  in any order
 * @param nodes            of the cluster, for peers that select nodes
 * @param nodeAddresses    this node's own addresses: they always reach its pods
 * @param unknownAddresses local endpoints whose pod is not known: only this node may talk to them
 * @param rejectEgress     answer a denied egress with an ICMP error in place of silence
 */
public record PolicySpec(
        Map<String, Map<String, String>> namespaces,
        List<PodSpec> pods,
        List<NetworkPolicySpec> networkPolicies,
        List<ClusterPolicySpec> clusterPolicies,
        List<NodeSpec> nodes,
        Set<IpAddress> nodeAddresses,
        Set<IpAddress> unknownAddresses,
        boolean rejectEgress) {
    public static final PolicySpec EMPTY =
            new PolicySpec(Map.of(), List.of(), List.of(), List.of(), List.of(), Set.of(), Set.of(), false);

    public PolicySpec {
        namespaces = Map.copyOf(namespaces);
        pods = List.copyOf(pods);
        networkPolicies = List.copyOf(networkPolicies);
        clusterPolicies = List.copyOf(clusterPolicies);
        nodes = List.copyOf(nodes);
        nodeAddresses = Set.copyOf(nodeAddresses);
        unknownAddresses = Set.copyOf(unknownAddresses);
    }
}
