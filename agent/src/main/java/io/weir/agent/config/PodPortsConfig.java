package io.weir.agent.config;

/** Section {@code ports.pods}: what all pods' ports have in common. */
public record PodPortsConfig(
        @Setting(
                value =
                        "What a pod's interface is: `tap` takes every packet to weir; `veth` lets the kernel carry some.",
                byDefault = "tap")
        PodDevice device,

        @Setting(
                value = "Let the kernel carry TCP connections between pods of this node, and between them and uplinks, "
                        + "once they are decided and have carried much; needs `device: veth`.",
                byDefault = "false")
        boolean offload,

        @Setting(
                value = "Directions of connections that the kernel may carry at a time; a connection has two.",
                byDefault = "16384",
                min = 64,
                max = 1048576)
        int offloadFlows,

        @Setting(
                value = "Bytes that a direction carries within about a second before its connection is offloaded.",
                byDefault = "262144",
                min = 1,
                max = 1073741824)
        int offloadAfterBytes) {}
