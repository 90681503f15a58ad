package io.weir.lb;

/** Which endpoints traffic of one scope (internal or external) may reach. */
public enum TrafficPolicy {
    /** Those of the whole cluster. */
    CLUSTER,
    /** Those of this node. */
    LOCAL
}
