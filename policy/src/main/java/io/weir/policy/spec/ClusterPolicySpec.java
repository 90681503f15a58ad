package io.weir.policy.spec;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A ClusterNetworkPolicy: ordered rules of the Admin or Baseline tier. It isolates nobody.
 *
 * @param priority   0 to 1000, the lowest first; among equals the name decides
 * @param namespaces whom it is about
 * @param pods       whom it is about, within those namespaces
 */
public record ClusterPolicySpec(
        String name,
        Tier tier,
        int priority,
        LabelSelector namespaces,
        LabelSelector pods,
        List<RuleSpec> ingressRules,
        List<RuleSpec> egressRules)
        implements SubjectPolicy {
    /** The order in which policies of one tier are asked. */
    public static final Comparator<ClusterPolicySpec> PRECEDENCE =
            Comparator.comparingInt(ClusterPolicySpec::priority).thenComparing(ClusterPolicySpec::name);

    public ClusterPolicySpec {
        if (tier == Tier.NETWORK) {
            throw new IllegalArgumentException("a cluster policy is of the Admin or the Baseline tier");
        }
        ingressRules = List.copyOf(ingressRules);
        egressRules = List.copyOf(egressRules);
    }

    @Override
    public String title() {
        return "ClusterNetworkPolicy " + name;
    }

    @Override
    public boolean applies(Direction direction) {
        return !rules(direction).isEmpty();
    }

    @Override
    public List<RuleSpec> rules(Direction direction) {
        return direction == Direction.INGRESS ? ingressRules : egressRules;
    }

    @Override
    public boolean selects(String namespace, Map<String, String> namespaceLabels, Map<String, String> podLabels) {
        return namespaces.matches(namespaceLabels) && pods.matches(podLabels);
    }
}
