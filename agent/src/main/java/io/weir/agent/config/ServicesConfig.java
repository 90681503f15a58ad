package io.weir.agent.config;

import io.weir.dataplane.wire.IpPrefix;
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

        @Setting(
                value = "Which sources count as pods: cluster-cidr, node-cidr or pod-ports.",
                byDefault = "cluster-cidr")
        DetectLocal detectLocal,

        @Setting(value = "Size of a Service's Maglev table, a prime.", byDefault = "1021", min = 3, max = 655373)
        int maglevSize) {
    public ServicesConfig {
        nodePortAddresses = List.copyOf(nodePortAddresses);
    }
}
