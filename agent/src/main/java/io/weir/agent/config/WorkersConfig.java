package io.weir.agent.config;

import java.util.List;

/** Section {@code workers}. */
public record WorkersConfig(
        @Setting(value = "How many threads forward packets.", byDefault = "1", min = 1, max = 64)
        int count,

        @Setting(value = "What a worker without packets does: spin, backoff or park.", byDefault = "backoff")
        IdleMode idle,

        @Setting(value = "Packets taken from a port at once.", byDefault = "64", min = 1, max = 256)
        int burst,

        @Setting(value = "CPU cores to pin the workers to, in order; empty pins none.", max = 64)
        List<Integer> cores) {
    public WorkersConfig {
        cores = List.copyOf(cores);
        if (!cores.isEmpty() && cores.size() < count) {
            throw new IllegalArgumentException(
                    "cores names " + cores.size() + " cores for " + count + " workers; name one for each, or none");
        }
    }
}
