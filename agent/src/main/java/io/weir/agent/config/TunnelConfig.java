package io.weir.agent.config;

import io.weir.vxlan.OuterChecksum;

/** Section {@code flannel.tunnel}. */
public record TunnelConfig(
        @Setting(value = "Time to live or hop limit of the outer header.", byDefault = "64", min = 1, max = 255)
        int ttl,

        @Setting(value = "Forbid fragmentation of tunnel packets over IPv4.", byDefault = "false")
        boolean dontFragment,

        @Setting(value = "What is done with the outer UDP checksum of received packets.", byDefault = "verify")
        OuterChecksum outerChecksum,

        @Setting(value = "Accept tunnel packets from addresses that hold no lease.", byDefault = "false")
        boolean acceptUnknownVteps,

        @Setting(
                value = "Lower the segment size that TCP connections through a tunnel announce to what it carries.",
                byDefault = "true")
        boolean clampMss) {}
