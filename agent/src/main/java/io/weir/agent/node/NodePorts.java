package io.weir.agent.node;

import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.service.TranslatedServices;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.offload.FlowOffload;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import java.util.Optional;

/** Makes the ports of a node: devices for an agent, memory for a replay. */
public interface NodePorts {
    /**
     * A port as the dataplane gets it.
     *
     * @param ingress its id, name, role and Ethernet addresses
     * @param queues  one for each worker
     * @param release gives back what is behind the queues, after these were closed
     */
    record Attached(Ingress ingress, List<? extends Port> queues, Runnable release) {
        public Attached {
            queues = List.copyOf(queues);
        }

        /** With nothing behind the queues. */
        public Attached(Ingress ingress, List<? extends Port> queues) {
            this(ingress, queues, () -> {});
        }
    }

    /**
     * The port of a pod; empty when this pod is not to be attached (yet).
     *
     * @param mtu the largest IP packet that it takes and sends, in bytes
     */
    Optional<Attached> pod(LocalPod pod, int id, int mtu);

    /** Where the pod's port is, or is to be: a pod whose place is another one now gets a new port. Empty: not known. */
    default Optional<String> placeOf(LocalPod pod) {
        return Optional.empty();
    }

    Attached uplink(UplinkConfig uplink, int id);

    /** The port into the node's own namespace; empty when there is none. */
    Optional<Attached> host(HostPortConfig host, int id);

    /**
     * The Ethernet address behind an uplink for this next hop, when it is known without asking the link; otherwise the
     * dataplane resolves it when the first packet goes there.
     */
    Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop);

    /** What carries connections between pods without the dataplane; it knows the ports by their numbers. */
    default FlowOffload offload() {
        return FlowOffload.NONE;
    }

    /**
     * All ports of this configuration are made: sets what they need around them, such as the node's own routes. Called with the
     * former configuration again when that fails.
     *
     * @param services whose addresses outside of the Service ranges, and whose node ports, the node reaches by its port, too
     */
    default void arrange(LocalNode node, TranslatedServices services) {}
}
