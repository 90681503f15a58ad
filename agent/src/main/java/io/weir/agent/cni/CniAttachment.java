package io.weir.agent.cni;

import io.weir.agent.node.Attachment;
import io.weir.agent.node.HostPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What weir remembers of an ADD until the DEL.
 *
 * @param network       name of the network
 * @param container     the runtime's id of it
 * @param interfaceName in the container
 * @param namespace     path of its network namespace
 * @param identity      of that namespace, so that another one at the same path is told apart
 * @param pod           {@code namespace/name}
 * @param addresses     at least one
 * @param mac           that was asked for; null for the one that follows from the pod's name
 */
record CniAttachment(
        String network,
        String container,
        String interfaceName,
        String namespace,
        String identity,
        String pod,
        List<IpAddress> addresses,
        @Nullable MacAddress mac,
        List<HostPort> hostPorts) {
    CniAttachment {
        addresses = List.copyOf(addresses);
        hostPorts = List.copyOf(hostPorts);
    }

    String id() {
        return container + "/" + interfaceName;
    }

    /** Its network namespace is still there. */
    boolean isAlive() {
        return NamespaceIdentity.of(namespace).filter(identity::equals).isPresent();
    }

    /** As the node attaches it. */
    Attachment toAttachment() {
        return new Attachment(id(), pod, namespace, interfaceName, addresses, mac, hostPorts);
    }
}
