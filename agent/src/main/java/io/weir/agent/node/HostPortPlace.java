package io.weir.agent.node;

import io.weir.agent.config.UplinkConfig;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A port of one address of the node that leads to a pod.
 *
 * @param protocol IP protocol number
 */
public record HostPortPlace(IpAddress address, int protocol, int port) {
    /** The addresses of a node that host ports are on, primary ones first. */
    static List<IpAddress> addresses(LocalNode node) {
        final Set<IpAddress> addresses = new LinkedHashSet<>(node.addresses());
        for (final UplinkConfig uplink : node.config().ports().uplinks()) {
            uplink.addresses().forEach(each -> addresses.add(each.address()));
        }
        return List.copyOf(addresses);
    }

    /** Where one host port is that leads to this address of a pod. */
    static List<HostPortPlace> of(HostPort port, IpAddress pod, List<IpAddress> nodeAddresses) {
        return nodeAddresses.stream()
                .filter(each -> each.isIpv4() == pod.isIpv4())
                .filter(each -> port.hostAddress() == null || port.hostAddress().equals(each))
                .map(each -> new HostPortPlace(each, port.protocol(), port.hostPort()))
                .toList();
    }

    /** All of a node. */
    public static List<HostPortPlace> of(LocalNode node) {
        final List<IpAddress> nodeAddresses = addresses(node);
        final List<HostPortPlace> places = new ArrayList<>();
        for (final LocalPod pod : node.pods().values()) {
            final Attachment attachment = pod.attachment();
            if (attachment != null) {
                for (final HostPort port : attachment.hostPorts()) {
                    attachment.addresses().forEach(address -> places.addAll(of(port, address, nodeAddresses)));
                }
            }
        }
        return places;
    }
}
