package io.weir.policy;

import io.weir.dataplane.pipeline.RuleNote;
import io.weir.policy.spec.SubjectPolicy;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Why a pod receives, or sends, only what a rule allows.
 *
 * @param policies the NetworkPolicies that isolate it in a direction; empty when it is not isolated
 * @param note     what events say when none of their rules allows a packet
 */
record Isolation(List<SubjectPolicy> policies, RuleNote note) {
    static final Isolation NONE = new Isolation(List.of(), new RuleNote(""));

    static Isolation by(List<SubjectPolicy> policies) {
        return policies.isEmpty()
                ? NONE
                : new Isolation(
                        policies,
                        new RuleNote("denied: isolated by "
                                + policies.stream().map(SubjectPolicy::title).collect(Collectors.joining(", "))
                                + ", and no rule allows this"));
    }
}
