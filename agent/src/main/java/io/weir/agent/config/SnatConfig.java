package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/** Section {@code snat}. */
public record SnatConfig(
        @Setting(
                value = "Hide pods that speak to destinations outside the cluster behind the node's address.",
                byDefault = "true")
        boolean masquerade,

        @Setting("Destinations that see the pod's own address, beside the cluster's ranges.")
        List<IpPrefix> nonMasqueradeCidrs,

        @Setting(value = "Masquerade towards link-local destinations too.", byDefault = "false")
        boolean masqueradeLinkLocal,

        @Setting("Addresses to hide behind; empty means: the node's.")
        List<IpAddress> addresses,

        @Setting(value = "Ports for hidden connections whose own port is taken.", byDefault = "32768-60999")
        PortRange ports) {
    public SnatConfig {
        nonMasqueradeCidrs = List.copyOf(nonMasqueradeCidrs);
        addresses = List.copyOf(addresses);
    }
}
