package io.weir.agent.config;

/** What the sender learns when a policy denies a pod's outgoing packet. */
public enum DeniedEgress {
    /** Nothing: the packet vanishes, as the NetworkPolicy specification has it. */
    DROP,
    /** An ICMP error: communication administratively prohibited. */
    REJECT
}
