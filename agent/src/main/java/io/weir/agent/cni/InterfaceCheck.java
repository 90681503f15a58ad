package io.weir.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.PodGateways;
import io.weir.dataplane.linux.KernelAddress;
import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.IpAddress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whether a pod's interface is still as ADD left it: in the kernel, and in the result that the runtime kept. */
final class InterfaceCheck {
    private final CniAttachment attachment;

    InterfaceCheck(CniAttachment attachment) {
        this.attachment = attachment;
    }

    /** @throws CniException that says what is different */
    void result(JsonNode previous) throws CniException {
        if (!previous.isObject()) {
            throw new CniException(CniException.INVALID_CONFIG, "CHECK needs the result of ADD in prevResult");
        }
        final Set<IpAddress> known = new HashSet<>();
        try {
            for (final JsonNode ip : previous.path("ips")) {
                known.add(NetworkConfig.address(ip.path("address").asText()));
            }
        } catch (final IllegalArgumentException e) {
            throw new CniException(CniException.INVALID_CONFIG, "prevResult.ips: " + e.getMessage());
        }
        if (!known.containsAll(attachment.addresses())) {
            throw different("it has the addresses " + attachment.addresses() + ", and prevResult says " + known);
        }
    }

    /** @throws CniException that says what is different */
    void kernel() throws CniException {
        try (NetworkNamespace namespace = NetworkNamespace.at(Path.of(attachment.namespace()));
                Rtnetlink network = Rtnetlink.open(namespace)) {
            final KernelLink link = network.links()
                    .find(attachment.interfaceName())
                    .orElseThrow(() -> different("there is no interface " + attachment.interfaceName()));
            if (!link.isUp()) {
                throw different("the interface is down");
            }
            if (!link.hasCarrier()) {
                throw different("nobody forwards the interface's packets");
            }
            if (!link.mac().equals(attachment.toAttachment().station())) {
                throw different("the interface has the Ethernet address " + link.mac() + " instead of "
                        + attachment.toAttachment().station());
            }
            final List<KernelAddress> addresses = network.addresses().list();
            final List<KernelRoute> routes = network.routes().list();
            for (final IpAddress address : attachment.addresses()) {
                if (addresses.stream()
                        .noneMatch(each -> each.interfaceIndex() == link.index()
                                && each.address().equals(address))) {
                    throw different("the interface lacks the address " + address);
                }
                if (routes.stream()
                        .noneMatch(route -> route.interfaceIndex() == link.index()
                                && route.destination().length() == 0
                                && PodGateways.of(address).equals(route.gateway()))) {
                    throw different("the default route by " + PodGateways.of(address) + " is missing");
                }
            }
        } catch (final LinuxException e) {
            throw new CniException(CniException.IO_FAILURE, String.valueOf(e.getMessage()));
        }
    }

    private CniException different(String what) {
        return new CniException(
                CniException.CHECK_FAILED, attachment.pod() + " (" + attachment.namespace() + "): " + what);
    }
}
