package io.weir.agent.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Section {@code ports}. Pod ports need no setting: there is one for each attached Pod. */
public record PortsConfig(
        @Setting("Ports to the network outside.") List<UplinkConfig> uplinks,

        @Setting("The port into the node's own network namespace.")
        HostPortConfig host,

        @Setting("What all pods' ports have in common.") PodPortsConfig pods,

        @Setting(
                value = "Largest IP packet that a pod's port takes and sends, in bytes.",
                byDefault = "1500",
                min = 1280,
                max = 65535)
        int podMtu) {
    public PortsConfig {
        uplinks = List.copyOf(uplinks);
        final Set<String> names = new HashSet<>();
        for (final UplinkConfig uplink : uplinks) {
            if (!names.add(uplink.name())) {
                throw new IllegalArgumentException(
                        "two uplinks are called " + uplink.name() + "; give each its own name");
            }
        }
    }
}
