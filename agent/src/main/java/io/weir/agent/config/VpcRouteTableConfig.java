package io.weir.agent.config;

import io.weir.dataplane.wire.IpPrefix;
import java.util.List;

/** One element of {@code flannel.vpcRoutes}: a table of routes to nodes' pod ranges, as a VPC's router holds one. */
public record VpcRouteTableConfig(
        @Setting(value = "Name of the table in messages.", byDefault = "system")
        String name,

        @Setting(
                value = "Most routes that the table takes; a node beyond that is refused by name.",
                byDefault = "200",
                min = 1,
                max = 100000)
        int quota,

        @Setting("Pod ranges whose routes belong into this table; empty means: all.")
        List<IpPrefix> podRanges) {
    public VpcRouteTableConfig {
        podRanges = List.copyOf(podRanges);
    }
}
