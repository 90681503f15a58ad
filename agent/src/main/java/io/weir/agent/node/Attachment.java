package io.weir.agent.node;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod's interface that the node's container runtime asked for.
 *
 * @param id            what the runtime calls it: container and interface, unique on the node
 * @param pod           {@code namespace/name} as Kubernetes has it; for a container that Kubernetes does not know, any name
 *                      with one slash that is unique on the node
 * @param namespace     the pod's network namespace: a path, the name of one, or a process in it
 * @param interfaceName what the interface is called in there
 * @param addresses     at least one; whoever gave them out knows that no other pod of the node has them
 * @param mac           the interface's Ethernet address; null for one that follows from the pod's name
 * @param hostPorts     ports of the node that lead to the pod
 */
public record Attachment(
        String id,
        String pod,
        String namespace,
        String interfaceName,
        List<IpAddress> addresses,
        @Nullable MacAddress mac,
        List<HostPort> hostPorts) {
    public Attachment {
        addresses = List.copyOf(addresses);
        hostPorts = List.copyOf(hostPorts);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException(pod + " has no address");
        }
        if (pod.indexOf('/') <= 0 || pod.endsWith("/")) {
            throw new IllegalArgumentException("'" + pod + "' is no namespace/name");
        }
    }

    /** Without host ports. */
    public Attachment(
            String id,
            String pod,
            String namespace,
            String interfaceName,
            List<IpAddress> addresses,
            @Nullable MacAddress mac) {
        this(id, pod, namespace, interfaceName, addresses, mac, List.of());
    }

    /** The pod's Kubernetes namespace. */
    public String podNamespace() {
        return pod.substring(0, pod.indexOf('/'));
    }

    /** The pod's name within its Kubernetes namespace. */
    public String podName() {
        return pod.substring(pod.indexOf('/') + 1);
    }

    /** The interface's Ethernet address. */
    public MacAddress station() {
        return mac != null ? mac : StationAddresses.stationOf(pod);
    }
}
