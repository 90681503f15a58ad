package io.weir.bench.report;

import com.fasterxml.jackson.annotation.JsonValue;

/** Who did the work that was measured. */
public enum Subject {
    WEIR("weir"),
    OVS_DPDK("ovs-dpdk"),
    /** Moves packets and does nothing with them: the ceiling of packet input and output. */
    TESTPMD("testpmd"),
    VPP("vpp"),
    KERNEL("kernel"),
    /** A loop of the measurement's own that passes frames on and looks at nothing: what the machine gives in weir's place. */
    BARE_LOOP("bare loop"),
    /** The kernel with Services as kube-proxy programs them by iptables. */
    IPTABLES("iptables"),
    /** The same by nftables. */
    NFTABLES("nftables");

    private final String label;

    Subject(String label) {
        this.label = label;
    }

    /** As reports print it. */
    @JsonValue
    public String label() {
        return label;
    }
}
