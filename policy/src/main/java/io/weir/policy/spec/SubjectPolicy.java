package io.weir.policy.spec;

import java.util.List;
import java.util.Map;

/** A policy of either kind, as the compiler sees it. */
public sealed interface SubjectPolicy permits NetworkPolicySpec, ClusterPolicySpec {
    Tier tier();

    /** {@code NetworkPolicy x/deny-all}. */
    String title();

    /** It says something about this direction. */
    boolean applies(Direction direction);

    List<RuleSpec> rules(Direction direction);

    /** It is about pods with these labels in this namespace. */
    boolean selects(String namespace, Map<String, String> namespaceLabels, Map<String, String> podLabels);
}
