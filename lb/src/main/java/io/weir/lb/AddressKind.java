package io.weir.lb;

import io.weir.dataplane.pipeline.DropReasons;

/**
 * What kind of virtual address a Service has. When two Services claim the same address, port and protocol, the kind that
 * stands first here wins, so an external IP can never take over a cluster IP (CVE-2020-8554).
 */
public enum AddressKind {
    /** Reached from inside the cluster; internal traffic policy. */
    CLUSTER_IP(0),
    /** Status of the cloud's load balancer, for {@code ipMode: VIP}; source ranges apply; external traffic policy. */
    LOAD_BALANCER(1),
    /** {@code spec.externalIPs}; external traffic policy. */
    EXTERNAL_IP(2),
    /** A node address and the Service's node port; external traffic policy. */
    NODE_PORT(3);

    private static final AddressKind[] BY_CODE = {CLUSTER_IP, LOAD_BALANCER, EXTERNAL_IP, NODE_PORT};

    private final int code;

    AddressKind(int code) {
        this.code = code;
    }

    /** Two bits for a table's entry. */
    int code() {
        return code;
    }

    static AddressKind of(int code) {
        return BY_CODE[code];
    }

    /** {@code cluster-ip}. */
    public String label() {
        return DropReasons.labelOf(name());
    }
}
