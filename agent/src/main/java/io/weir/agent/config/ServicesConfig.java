package io.weir.agent.config;

import io.weir.dataplane.wire.IpPrefix;
import io.weir.lb.Maglev;
import io.weir.lb.Scheduler;
import java.util.List;

/** Section {@code services}. */
public record ServicesConfig(
        @Setting(
                "Node addresses in these ranges serve NodePorts; empty means: the node's primary address of each family.")
        List<IpPrefix> nodePortAddresses,

        @Setting(value = "Ports that NodePorts are taken from; source NAT never uses them.", byDefault = "30000-32767")
        PortRange nodePortRange,

        @Setting(value = "Masquerade everything that goes to a ClusterIP.", byDefault = "false")
        boolean masqueradeAll,

        @Setting(value = "Which sources count as pods: cluster-cidr, node-cidr or none.", byDefault = "cluster-cidr")
        DetectLocal detectLocal,

        @Setting(
                value = "How a backend is chosen where a Service's annotation weir.io/scheduler does not say:"
                        + " maglev, round-robin, weighted-round-robin, least-connections or source-hash.",
                byDefault = "maglev")
        Scheduler scheduler,

        @Setting(
                value = "Slots of a Service's Maglev table, a prime; 0 picks one with more than 100 slots a backend.",
                byDefault = "0",
                min = 0,
                max = Maglev.MAX_TABLE_SIZE)
        int maglevSize,

        @Setting(
                value = "Clients that session affinity remembers; the oldest are forgotten first.",
                byDefault = "65536",
                min = 64,
                max = 1 << 26)
        int affinityClients,

        @Setting(
                value = "Endpoints of all Services together, counted once for each Service port.",
                byDefault = "262144",
                min = 64,
                max = 1 << 20)
        int backends,

        @Setting(
                value = "Honour trafficDistribution by the zones and nodes of endpoints where no EndpointSlice"
                        + " controller wrote hints.",
                byDefault = "false")
        boolean deriveHints,

        @Setting(
                value = "Where traffic from outside goes to a pod of another node that has this setting too, that node"
                        + " answers the client itself, and the pod sees the client's address.",
                byDefault = "false")
        boolean directServerReturn) {
    public ServicesConfig {
        nodePortAddresses = List.copyOf(nodePortAddresses);
        if (maglevSize != 0 && !Maglev.isTableSize(maglevSize)) {
            throw new IllegalArgumentException(
                    "maglevSize " + maglevSize + " is no prime; write 0, or a prime such as 1021, 16381 or 65537");
        }
    }
}
