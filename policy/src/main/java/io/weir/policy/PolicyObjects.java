package io.weir.policy;

import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.SubjectPolicy;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The policies in force, found by namespace, each the same object for as long as it says the same. */
final class PolicyObjects {
    private final Map<String, Map<String, NetworkPolicySpec>> byNamespace = new HashMap<>();
    private List<ClusterPolicySpec> admin = List.of();
    private List<ClusterPolicySpec> baseline = List.of();
    private List<NetworkPolicySpec> current = List.of();

    /** What differs from the policies before. {@code network} holds old and new versions. */
    record Difference(List<NetworkPolicySpec> network, boolean cluster) {}

    Difference update(PolicySpec next) {
        final ListDifference<NetworkPolicySpec> difference = ListDifference.between(current, next.networkPolicies());
        current = next.networkPolicies();
        final List<NetworkPolicySpec> changed = new ArrayList<>();
        final Set<String> present = new HashSet<>();
        for (final NetworkPolicySpec policy : difference.after()) {
            present.add(policy.key());
            final Map<String, NetworkPolicySpec> neighbours =
                    byNamespace.computeIfAbsent(policy.namespace(), name -> new TreeMap<>());
            final NetworkPolicySpec old = neighbours.get(policy.name());
            if (!policy.equals(old)) {
                neighbours.put(policy.name(), policy);
                changed.add(policy);
                if (old != null) {
                    changed.add(old);
                }
            }
        }
        for (final NetworkPolicySpec policy : difference.before()) {
            final Map<String, NetworkPolicySpec> neighbours = byNamespace.get(policy.namespace());
            if (neighbours != null && !present.contains(policy.key())) {
                changed.add(policy);
                neighbours.remove(policy.name());
                if (neighbours.isEmpty()) {
                    byNamespace.remove(policy.namespace());
                }
            }
        }
        final List<ClusterPolicySpec> newAdmin = inOrder(next, Tier.ADMIN, admin);
        final List<ClusterPolicySpec> newBaseline = inOrder(next, Tier.BASELINE, baseline);
        final boolean cluster = !newAdmin.equals(admin) || !newBaseline.equals(baseline);
        admin = newAdmin;
        baseline = newBaseline;
        return new Difference(changed, cluster);
    }

    /** Those of a tier by precedence; where one equals its predecessor, the old object. */
    private static List<ClusterPolicySpec> inOrder(PolicySpec next, Tier tier, List<ClusterPolicySpec> before) {
        final Map<String, ClusterPolicySpec> old = new HashMap<>();
        before.forEach(policy -> old.put(policy.name(), policy));
        return next.clusterPolicies().stream()
                .filter(policy -> policy.tier() == tier)
                .sorted(ClusterPolicySpec.PRECEDENCE)
                .map(policy -> policy.equals(old.get(policy.name())) ? old.getOrDefault(policy.name(), policy) : policy)
                .toList();
    }

    Collection<NetworkPolicySpec> in(String namespace) {
        return byNamespace.getOrDefault(namespace, Map.of()).values();
    }

    List<? extends SubjectPolicy> cluster(Tier tier) {
        return tier == Tier.ADMIN ? admin : baseline;
    }

    int count() {
        return current.size() + admin.size() + baseline.size();
    }
}
