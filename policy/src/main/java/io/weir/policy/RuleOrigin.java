package io.weir.policy;

import io.weir.dataplane.pipeline.RuleNote;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;

/**
 * Where a verdict comes from.
 *
 * @param rule      index in the policy's rules of the direction
 * @param peer      index in the rule's peers, or -1 when the rule speaks about everyone
 * @param action    what the rule does; DENY when it fails closed
 * @param notKnown  the rule holds something that weir does not understand and therefore denies everything
 */
public record RuleOrigin(
        SubjectPolicy policy, Direction direction, int rule, int peer, Action action, boolean notKnown) {
    /** What it says when it decides. */
    String verdict() {
        return (action == Action.ACCEPT ? "allowed by " : "denied by ") + this;
    }

    RuleNote note() {
        return new RuleNote(verdict());
    }

    /** {@code NetworkPolicy x/web ingress[0].from[1] (pods app=client)}: the path of fields in the manifest. */
    @Override
    public String toString() {
        final RuleSpec spec = policy.rules(direction).get(rule);
        final StringBuilder text = new StringBuilder(policy.title());
        text.append(' ').append(direction.label()).append('[').append(rule).append(']');
        if (peer >= 0) {
            text.append('.')
                    .append(direction.peerField())
                    .append('[')
                    .append(peer)
                    .append("] (");
            text.append(spec.peers().get(peer)).append(')');
        }
        if (!spec.name().isEmpty()) {
            text.append(" \"").append(spec.name()).append('"');
        }
        return notKnown ? text + ", which weir does not understand and therefore denies" : text.toString();
    }
}
