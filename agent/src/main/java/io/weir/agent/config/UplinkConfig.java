package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One element of {@code ports.uplinks}. */
public record UplinkConfig(
        @Setting(value = "Name of the port in weir's output.", byDefault = "uplink")
        String name,

        @Setting("Linux interface; a capture replay needs none.") @Nullable
        String device,

        @Setting(value = "How the interface is opened: af-packet, af-xdp or tap.", byDefault = "af-packet")
        UplinkKind kind,

        @Setting("Ethernet address of the port; the interface's own when absent.") @Nullable
        MacAddress mac,

        @Setting("Addresses with the length of the network on the link: 192.168.0.2/24.")
        List<InterfaceAddress> addresses,

        @Setting("Next hop of the default route, one for each address family.")
        List<IpAddress> gateways,

        @Setting(
                value = "Largest IP packet that the link takes, in bytes.",
                byDefault = "1500",
                min = 1280,
                max = 65535)
        int mtu) {
    public UplinkConfig {
        addresses = List.copyOf(addresses);
        gateways = List.copyOf(gateways);
        if (gateways.stream().filter(IpAddress::isIpv4).count() > 1
                || gateways.stream().filter(IpAddress::isIpv6).count() > 1) {
            throw new IllegalArgumentException(
                    "gateways has two addresses of one family; list more next hops in routes");
        }
    }
}
