package io.weir.policy.analysis;

import io.weir.dataplane.pipeline.DropReasons;

/**
 * Something about a policy that its author should look at.
 *
 * @param policy   its title
 * @param field    path in the manifest: {@code ingress[0].from[1]}
 * @param sentence what is wrong
 */
public record Finding(Kind kind, String policy, String field, String sentence) {
    /** What may be wrong with a policy. */
    public enum Kind {
        SELECTS_NOTHING,
        PEER_SELECTS_NOTHING,
        PORT_UNKNOWN,
        RULE_SHADOWED,
        RULE_IGNORED,
        NOT_UNDERSTOOD,
        SERVICE_ADDRESS;

        /** {@code rule-shadowed}. */
        public String label() {
            return DropReasons.labelOf(name());
        }
    }

    @Override
    public String toString() {
        return kind.label() + ": " + policy + (field.isEmpty() ? " " : " " + field + " ") + sentence;
    }
}
