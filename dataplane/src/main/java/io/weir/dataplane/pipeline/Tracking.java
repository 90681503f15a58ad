package io.weir.dataplane.pipeline;

/** What the flow cache owes the connection of a cached flow. */
public enum Tracking {
    /** Nothing. */
    NONE,
    /** Refresh the connection once a tick; enough for UDP and for liberal TCP. */
    REFRESH,
    /** Show every TCP segment to the connection's window. */
    WINDOW
}
