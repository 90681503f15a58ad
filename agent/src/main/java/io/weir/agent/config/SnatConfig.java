package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/** Section {@code snat}. */
public record SnatConfig(
        @Setting(
                value = "Hide this node's pods behind the node's address towards destinations outside the cluster.",
                byDefault = "true")
        boolean masquerade,

        @Setting("Destinations that see the pod's own address, beside the cluster's ranges.")
        List<IpPrefix> nonMasqueradeCidrs,

        @Setting(value = "Masquerade towards link-local destinations too.", byDefault = "false")
        boolean masqueradeLinkLocal,

        @Setting("Addresses to hide behind; empty means: the address of the way out.")
        List<IpAddress> addresses,

        @Setting(value = "Never keep the source port, choose it at random.", byDefault = "false")
        boolean randomPorts) {
    public SnatConfig {
        nonMasqueradeCidrs = List.copyOf(nonMasqueradeCidrs);
        addresses = List.copyOf(addresses);
    }
}
