package io.weir.policy.spec;

/** What a rule does with what it matches. */
public enum Action {
    /** Lets it pass; no later rule of this direction is asked. */
    ACCEPT,
    /** Drops it. */
    DENY,
    /** Skips the rest of this tier. */
    PASS
}
