package io.weir.lb;

/** What the control side says about an endpoint; for people, the choice itself is in {@link BackendSpec}. */
public enum EndpointState {
    READY,
    /** Its pod is going away and still serves: chosen only where no endpoint is ready. */
    TERMINATING,
    /** Known, and not to be chosen. */
    NOT_READY
}
