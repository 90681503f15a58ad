package io.weir.agent.config;

import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.WorkerPriority;

/** Section {@code workers}. */
public record WorkersConfig(
        @Setting(value = "How many threads forward packets.", byDefault = "1", min = 1, max = 64)
        int count,

        @Setting(
                value = "What a worker without packets does: wait to be woken, or spin on a core of its own.",
                byDefault = "wait")
        IdleMode idle,

        @Setting(
                value = "Before whom a worker runs: normal, or realtime (needs firstCore and CAP_SYS_NICE).",
                byDefault = "normal")
        WorkerPriority priority,

        @Setting(value = "Packets taken from a port at once.", byDefault = "64", min = 1, max = 256)
        int burst,

        @Setting(
                value = "CPU core of the first worker, the next has the next core; -1 pins none.",
                byDefault = "-1",
                min = -1,
                max = 4095)
        int firstCore) {
    public WorkersConfig {
        if (priority == WorkerPriority.REALTIME && idle == IdleMode.SPIN) {
            throw new IllegalArgumentException(
                    "a realtime worker that spins lets nothing else run on its core; write idle: wait or priority: normal");
        }
        if (priority == WorkerPriority.REALTIME && firstCore < 0) {
            throw new IllegalArgumentException(
                    "a realtime worker stays on the core that it has and keeps others off it; choose it by firstCore");
        }
    }
}
