package io.weir.agent.node;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.AddressKind;
import io.weir.lb.BackendSpec;
import io.weir.lb.EndpointState;
import io.weir.lb.Scheduler;
import io.weir.lb.ServiceKey;
import io.weir.lb.ServiceSpec;
import io.weir.lb.ServicesSpec;
import io.weir.lb.TrafficPolicy;
import io.weir.lb.VirtualAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Host ports as Services of one backend: the node's addresses are the virtual ones, and the external traffic policy Local
 * keeps the address of clients from outside, as the reference portmap plugin does. A Service's node port has the better
 * claim to a port that both want, by its name. Remembers the specs of unchanged attachments, which the compiler then skips.
 * Control thread only.
 */
final class HostPortServices {
    /** Sorts behind every Kubernetes namespace. */
    private static final String NAMESPACE = "~host-port";

    private record Made(Attachment attachment, List<IpAddress> nodeAddresses, List<ServiceSpec> specs) {}

    private Map<String, Made> made = Map.of();

    /** The Services with the host ports of the node's attachments. */
    ServicesSpec with(ServicesSpec services, LocalNode node) {
        final List<ServiceSpec> all = new ArrayList<>(services.services());
        final List<IpAddress> addresses = HostPortPlace.addresses(node);
        final Map<String, Made> now = new HashMap<>();
        for (final LocalPod pod : node.pods().values()) {
            final Attachment attachment = pod.attachment();
            if (attachment == null || attachment.hostPorts().isEmpty()) {
                continue;
            }
            final Made before = made.get(attachment.id());
            final Made after =
                    before != null && before.attachment.equals(attachment) && before.nodeAddresses.equals(addresses)
                            ? before
                            : new Made(attachment, addresses, specs(attachment, addresses, node.name()));
            now.put(attachment.id(), after);
            all.addAll(after.specs);
        }
        made = now;
        return all.size() == services.services().size() ? services : new ServicesSpec(services.rules(), all);
    }

    private static List<ServiceSpec> specs(Attachment attachment, List<IpAddress> nodeAddresses, String node) {
        final List<ServiceSpec> specs = new ArrayList<>();
        for (final HostPort port : attachment.hostPorts()) {
            for (final IpAddress address : attachment.addresses()) {
                final List<VirtualAddress> virtual = HostPortPlace.of(port, address, nodeAddresses).stream()
                        .map(each -> new VirtualAddress(each.address(), each.port(), AddressKind.NODE_PORT))
                        .toList();
                if (!virtual.isEmpty()) {
                    specs.add(spec(attachment, port, address, virtual, node));
                }
            }
        }
        return List.copyOf(specs);
    }

    private static ServiceSpec spec(
            Attachment attachment, HostPort port, IpAddress address, List<VirtualAddress> virtual, String node) {
        final BackendSpec pod = new BackendSpec(
                address, port.containerPort(), 1, true, true, EndpointState.READY, node, attachment.pod());
        return new ServiceSpec(
                new ServiceKey(NAMESPACE, attachment.id(), label(port), address.isIpv6()),
                port.protocol(),
                virtual,
                List.of(pod),
                TrafficPolicy.CLUSTER,
                TrafficPolicy.LOCAL,
                Scheduler.ROUND_ROBIN,
                0,
                0,
                List.of());
    }

    private static String label(HostPort port) {
        final String protocol = switch (port.protocol()) {
            case PacketParser.PROTOCOL_TCP -> "tcp";
            case PacketParser.PROTOCOL_UDP -> "udp";
            default -> "sctp";
        };
        final String label = port.hostPort() + "/" + protocol;
        return port.hostAddress() == null ? label : port.hostAddress() + ":" + label;
    }
}
