package io.weir.lb;

/** Where a backend is, as far as direct server return is concerned. */
public enum BackendPlace {
    /** A pod of this node. */
    HERE,

    /**
     * On another node that takes packets which keep the Service's address, and answers their senders itself; the way there is
     * a tunnel, so the packets arrive as they were sent.
     */
    PEER,

    /** Anywhere else: answers must come back by this node. */
    ELSEWHERE
}
