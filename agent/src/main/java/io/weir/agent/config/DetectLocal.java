package io.weir.agent.config;

/** Which sources the Service stage takes for pods of the cluster. */
public enum DetectLocal {
    /** Addresses in the cluster's pod ranges. */
    CLUSTER_CIDR,
    /** Addresses in this node's pod ranges. */
    NODE_CIDR,
    /** Nobody can tell: no sender counts as a pod, none as a stranger. */
    NONE
}
