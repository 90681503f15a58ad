package io.weir.agent.run;

import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.PodGateways;
import io.weir.agent.node.StationAddresses;
import io.weir.agent.service.TranslatedServices;
import io.weir.dataplane.linux.KernelAddress;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The node's own interface to weir: a TAP in the node's namespace, with routes to pods and Services by way of weir's
 * gateway addresses. It has those of the node's addresses that no other interface has. All of it goes with the interface.
 */
final class HostInterface implements AutoCloseable {
    private static final int QUEUE_LENGTH = 1000;

    private final String name;
    private final Rtnetlink network;
    private final TapDevice device;
    private final int index;
    private final HostPortDiversion diversion;

    /** Kept true route by route: when the kernel refuses one, what was set before it is taken back the next time. */
    private final Set<KernelRoute> routes = new LinkedHashSet<>();

    private final Set<IpAddress> gateways = new HashSet<>();

    private HostInterface(String name, NetworkNamespace namespace, Rtnetlink network, TapDevice device) {
        this.name = name;
        this.network = network;
        this.device = device;
        index = network.links().index(name);
        diversion = new HostPortDiversion(name, index, namespace, network);
    }

    static HostInterface open(
            String name, NetworkNamespace namespace, Rtnetlink network, MacAddress mac, int queues, int mtu) {
        final TapDevice device = TapDevice.open(TapSpec.of(name, queues), namespace);
        try {
            network.links().mac(name, mac);
            network.links().mtu(name, mtu);
            network.links().transmitQueueLength(name, QUEUE_LENGTH);
            network.links().withoutGeneratedAddress(name);
            network.links().up(name);
            return new HostInterface(name, namespace, network, device);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    TapDevice device() {
        return device;
    }

    /**
     * Sets addresses and routes as the configuration wants them.
     *
     * @param others   destinations that the kernel reached by interfaces that are weir's now
     * @param services addresses of Services that are in no range get routes; the node's own stay the kernel's, but for ports
     */
    void arrange(LocalNode node, Collection<IpPrefix> others, TranslatedServices services) {
        final Set<IpAddress> wanted = node.allAddresses();
        node.config()
                .ports()
                .uplinks()
                .forEach(uplink -> uplink.addresses().stream()
                        .map(InterfaceAddress::address)
                        .forEach(wanted::add));
        final List<IpAddress> usable = List.copyOf(wanted);
        for (final KernelAddress known : network.addresses().list()) {
            if (known.interfaceIndex() != index) {
                wanted.remove(known.address());
            } else if (!wanted.contains(known.address())) {
                network.addresses().delete(name, known.address(), known.prefixLength());
            }
        }
        wanted.forEach(address -> network.addresses().add(name, address, address.bitLength()));
        final Set<IpPrefix> destinations = destinations(node, others);
        services.outsideAddresses().stream()
                .filter(address -> !usable.contains(address))
                .forEach(address -> destinations.add(IpPrefix.host(address)));
        route(destinations, usable, node);
        diversion.arrange(node, services.nodePorts());
    }

    private static Set<IpPrefix> destinations(LocalNode node, Collection<IpPrefix> others) {
        final Set<IpPrefix> destinations = new LinkedHashSet<>(node.clusterRanges());
        destinations.addAll(node.podRanges());
        destinations.addAll(node.config().serviceCidrs());
        node.pods()
                .values()
                .forEach(pod -> pod.addresses().forEach(address -> {
                    if (destinations.stream().noneMatch(range -> range.contains(address))) {
                        destinations.add(IpPrefix.host(address));
                    }
                }));
        node.config()
                .ports()
                .uplinks()
                .forEach(uplink -> uplink.addresses().forEach(address -> destinations.add(address.network())));
        destinations.addAll(others);
        return destinations;
    }

    /**
     * A family in which the node has no address gets no routes: nothing could come back by them. Towards pods the node speaks
     * from its address in their network when it has one: other nodes know a way back to it.
     */
    private void route(Set<IpPrefix> destinations, List<IpAddress> own, LocalNode node) {
        final Set<KernelRoute> wanted = new LinkedHashSet<>();
        for (final IpPrefix destination : destinations) {
            final boolean pods = Stream.concat(node.clusterRanges().stream(), node.podRanges().stream())
                    .anyMatch(range -> range.contains(destination.address()));
            final List<IpAddress> inside = node.podNetworkAddresses();
            Stream.concat(
                            pods ? inside.stream() : Stream.empty(),
                            own.stream().filter(address -> !inside.contains(address)))
                    .filter(address -> address.isIpv4() == destination.isIpv4() && !address.isLinkLocal())
                    .findFirst()
                    .ifPresent(source -> {
                        final IpAddress gateway = PodGateways.of(destination.address());
                        know(gateway);
                        wanted.add(KernelRoute.to(destination, index)
                                .viaOnlink(gateway)
                                .from(source));
                    });
        }
        for (final KernelRoute old : new ArrayList<>(routes)) {
            if (!wanted.contains(old)) {
                network.routes().delete(old);
                routes.remove(old);
            }
        }
        wanted.stream().filter(route -> !routes.contains(route)).forEach(route -> {
            network.routes().replace(route);
            routes.add(route);
        });
    }

    /** Its Ethernet address, so that the node's first packets need not wait for an answer ({@link PodInterface}). */
    private void know(IpAddress gateway) {
        if (gateways.add(gateway)) {
            network.neighbours().add(name, gateway, StationAddresses.GATEWAY);
        }
    }

    /** Takes the interface away, and with it its addresses and routes. */
    @Override
    public void close() {
        diversion.close();
        device.close();
    }
}
