package io.weir.agent.config;

import io.weir.dataplane.worker.IdleMode;

/** Section {@code workers}. */
public record WorkersConfig(
        @Setting(value = "How many threads forward packets.", byDefault = "1", min = 1, max = 64)
        int count,

        @Setting(value = "What a worker without packets does: spin, backoff or park.", byDefault = "backoff")
        IdleMode idle,

        @Setting(value = "Packets taken from a port at once.", byDefault = "64", min = 1, max = 256)
        int burst,

        @Setting(
                value = "CPU core of the first worker, the next has the next core; -1 pins none.",
                byDefault = "-1",
                min = -1,
                max = 4095)
        int firstCore) {}
