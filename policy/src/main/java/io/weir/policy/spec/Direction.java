package io.weir.policy.spec;

import java.util.Locale;

/** Seen from the pod that a policy is about. */
public enum Direction {
    INGRESS,
    EGRESS;

    /** As in the manifests: {@code ingress}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The field that lists a rule's peers. */
    public String peerField() {
        return this == INGRESS ? "from" : "to";
    }
}
