package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;

/** One element of {@code routes}. */
public record RouteConfig(
        @Setting("Destinations: 10.0.0.0/8.") IpPrefix to,

        @Setting("Next hop; absent means: the destination itself is on the port's link.") @Nullable
        IpAddress via,

        @Setting("Port that leads there; absent means: the uplink whose link has the next hop.") @Nullable
        String port,

        @Setting(value = "Discard what goes there.", byDefault = "false")
        boolean blackhole) {
    public RouteConfig {
        if (blackhole && (via != null || port != null)) {
            throw new IllegalArgumentException("blackhole excludes via and port; drop one of them");
        }
        if (!blackhole && via == null && port == null) {
            throw new IllegalArgumentException("a route needs via, port or blackhole: true");
        }
        if (via != null && via.isIpv4() != to.isIpv4()) {
            throw new IllegalArgumentException("to and via are of different address families");
        }
    }
}
