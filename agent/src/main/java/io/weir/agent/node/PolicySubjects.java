package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.config.DeniedEgress;
import io.weir.agent.policy.LocalView;
import io.weir.dataplane.wire.IpAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What policy has to know of the node's own pods before the cluster's objects say it.
 *
 * <p>Addresses count as a pod's from the moment that this node gives them to it. A pod that the runtime attached before its
 * Pod object came has no labels yet; where labels decide which policies hold, it is shut off until they are known, so that
 * it leaks nothing in the meantime.
 */
final class PolicySubjects {
    private PolicySubjects() {}

    static LocalView of(LocalNode node) {
        final Map<String, List<IpAddress>> given = new HashMap<>();
        final Set<IpAddress> unknown = new HashSet<>();
        final boolean anyWaits = node.pods().values().stream().anyMatch(LocalPod::isPlaceholder);
        final Set<String> labelled = anyWaits ? namespacesWithSelectors(node.cluster()) : Set.of();
        final boolean everywhere = !node.cluster().clusterNetworkPolicies().isEmpty();
        node.pods().forEach((name, pod) -> {
            final boolean waits = pod.isPlaceholder() && (everywhere || labelled.contains(pod.namespace()));
            if (waits) {
                unknown.addAll(pod.addresses());
            }
            if (pod.pod() != null) {
                given.put(name, waits ? List.of() : pod.addresses());
            }
        });
        return new LocalView(
                node.name(),
                node.allAddresses(),
                given,
                unknown,
                node.config().policy().deniedEgress() == DeniedEgress.REJECT);
    }

    /** Where a pod's labels decide whether a policy selects it. */
    private static Set<String> namespacesWithSelectors(ClusterState cluster) {
        final Set<String> namespaces = new HashSet<>();
        for (final NetworkPolicy policy : cluster.networkPolicies().values()) {
            if (policy.getSpec() != null && !selectsAll(policy.getSpec().getPodSelector())) {
                namespaces.add(policy.getMetadata().getNamespace());
            }
        }
        return namespaces;
    }

    private static boolean selectsAll(@Nullable LabelSelector selector) {
        return selector == null
                || ((selector.getMatchLabels() == null
                                || selector.getMatchLabels().isEmpty())
                        && (selector.getMatchExpressions() == null
                                || selector.getMatchExpressions().isEmpty()));
    }
}
