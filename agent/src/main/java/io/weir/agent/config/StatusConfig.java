package io.weir.agent.config;

import io.weir.dataplane.wire.IpAddress;

/** Section {@code status}. */
public record StatusConfig(
        @Setting(value = "Whether metrics and health are answered by HTTP.", byDefault = "true")
        boolean enabled,

        @Setting(
                value = "Address that /metrics, /healthz and /readyz are answered at; who can reach it can read them.",
                byDefault = "127.0.0.1")
        IpAddress address,

        @Setting(value = "The TCP port.", byDefault = "9095", min = 0, max = 65_535)
        int port) {}
