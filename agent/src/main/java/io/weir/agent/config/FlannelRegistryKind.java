package io.weir.agent.config;

/** Where flannel's nodes agree on their subnets. */
public enum FlannelRegistryKind {
    /** Keys of etcd v3. */
    ETCD,
    /** Pod ranges and annotations of Node objects. */
    KUBERNETES
}
