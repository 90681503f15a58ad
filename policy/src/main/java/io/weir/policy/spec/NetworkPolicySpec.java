package io.weir.policy.spec;

import java.util.List;
import java.util.Map;

/**
 * A NetworkPolicy: pods that it selects are isolated in the directions that it has, and its rules let something in or
 * out.
 *
 * @param pods    whom it is about, in its namespace
 * @param ingress it isolates for ingress
 * @param egress  it isolates for egress
 */
public record NetworkPolicySpec(
        String namespace,
        String name,
        LabelSelector pods,
        boolean ingress,
        boolean egress,
        List<RuleSpec> ingressRules,
        List<RuleSpec> egressRules)
        implements SubjectPolicy {
    public NetworkPolicySpec {
        ingressRules = List.copyOf(ingressRules);
        egressRules = List.copyOf(egressRules);
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }

    @Override
    public Tier tier() {
        return Tier.NETWORK;
    }

    @Override
    public String title() {
        return "NetworkPolicy " + key();
    }

    @Override
    public boolean applies(Direction direction) {
        return direction == Direction.INGRESS ? ingress : egress;
    }

    @Override
    public List<RuleSpec> rules(Direction direction) {
        return direction == Direction.INGRESS ? ingressRules : egressRules;
    }

    @Override
    public boolean selects(String itsNamespace, Map<String, String> namespaceLabels, Map<String, String> podLabels) {
        return namespace.equals(itsNamespace) && pods.matches(podLabels);
    }
}
