package io.weir.dataplane.pipeline;

/** How a packet leaves a stage; all but {@link #CONTINUE} end the pipeline. */
public enum Verdict {
    /** The next stage decides. */
    CONTINUE,
    /** Rewrite it and send it to the decision's adjacency. */
    FORWARD,
    /** Discard it, for the decision's reason. */
    DROP,
    /** Discard it and send the decision's answer (an ICMP error, a TCP reset, an echo reply) back. */
    ANSWER,
    /** Hand it to the slow path's keeper: it waits for a neighbour or for its first fragment. */
    PUNT
}
