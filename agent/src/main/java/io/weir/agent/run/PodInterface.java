package io.weir.agent.run;

import io.weir.agent.node.PodGateways;
import io.weir.agent.node.StationAddresses;
import io.weir.dataplane.linux.KernelAddress;
import io.weir.dataplane.linux.KernelRoute;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.offload.KernelOffload;
import io.weir.dataplane.offload.PodVeth;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The interface of a pod: a TAP, or one end of a veth pair whose other end weir has. It has the pod's addresses, each a network of
 * its own, and default routes by way of the gateways that every pod sees (field-facts: 169.254.1.1 and fe80::1, on no network).
 *
 * <p>It knows the gateways' Ethernet address from the start. A pod that had to ask for it would keep its first packets until the
 * answer comes, and Linux sends such packets on the answer's CPU core while the pod already sends newer ones past them.
 */
final class PodInterface {
    private static final IpPrefix ALL_IPV4 = IpPrefix.parse("0.0.0.0/0");
    private static final IpPrefix ALL_IPV6 = IpPrefix.parse("::/0");

    /** Packets that wait for a worker at most; twice the kernel's default, because a worker may be off its core. */
    private static final int QUEUE_LENGTH = 1000;

    /**
     * What the tunnel packets of a big segment may hold together to leave as one, behind an outer header over IPv6. A segment
     * a little longer costs a second packet everywhere on its way (measured: 32 instead of 60 kB a packet).
     */
    private static final int TRAIN_BYTES =
            65535 - AdjacencyTable.IPV6_TUNNEL_HEADER_LENGTH + AdjacencyTable.INSIDE_LENGTH;

    private final TapDevice tap;
    private final @Nullable PodVeth veth;

    private PodInterface(TapDevice tap, @Nullable PodVeth veth) {
        this.tap = tap;
        this.veth = veth;
    }

    /**
     * Makes the interface, or finds again what a weir that was killed has left, and sets it up. It outlives a weir that is
     * killed, so that connections in the pod do, too.
     *
     * @param offload makes veth pairs; null: a TAP
     */
    static PodInterface open(
            PodPlace place,
            List<IpAddress> addresses,
            MacAddress mac,
            int queues,
            int mtu,
            @Nullable KernelOffload offload) {
        try (NetworkNamespace namespace = NetworkNamespace.of(place.namespace());
                Rtnetlink network = Rtnetlink.open(namespace)) {
            final String name = place.interfaceName();
            final PodInterface made = make(namespace, name, mac, queues, offload);
            try {
                network.links().mac(name, mac);
                network.links().mtu(name, mtu);
                if (offload == null) {
                    network.links().transmitQueueLength(name, QUEUE_LENGTH);
                }
                network.links().segmentsPerPacket(name, TRAIN_BYTES / (mtu + AdjacencyTable.INSIDE_LENGTH));
                network.links().withoutGeneratedAddress(name);
                network.links().up(name);
                address(network, name, addresses);
                return made;
            } catch (RuntimeException e) {
                made.remove();
                throw e;
            }
        }
    }

    private static PodInterface make(
            NetworkNamespace namespace, String name, MacAddress mac, int queues, @Nullable KernelOffload offload) {
        if (offload == null) {
            return new PodInterface(TapDevice.open(TapSpec.of(name, queues).persistent(true), namespace), null);
        }
        final PodVeth veth = offload.pod(namespace, name, mac, StationAddresses.GATEWAY, queues);
        return new PodInterface(veth.tap(), veth);
    }

    private static void address(Rtnetlink network, String name, List<IpAddress> addresses) {
        final int index = network.links().index(name);
        for (final KernelAddress known : network.addresses().list()) {
            if (known.interfaceIndex() == index && !addresses.contains(known.address())) {
                network.addresses().delete(name, known.address(), known.prefixLength());
            }
        }
        addresses.forEach(address -> network.addresses().add(name, address, address.bitLength()));
        if (addresses.stream().anyMatch(IpAddress::isIpv4)) {
            network.routes().replace(KernelRoute.to(ALL_IPV4, index).viaOnlink(PodGateways.IPV4));
            network.neighbours().add(name, PodGateways.IPV4, StationAddresses.GATEWAY);
        }
        if (addresses.stream().anyMatch(IpAddress::isIpv6)) {
            network.routes().replace(KernelRoute.to(ALL_IPV6, index).viaOnlink(PodGateways.IPV6));
            network.neighbours().add(name, PodGateways.IPV6, StationAddresses.GATEWAY);
        }
    }

    /** Where workers read what the pod sends, and write. */
    TapDevice tap() {
        return tap;
    }

    /** The veth pair, if it is one. */
    @Nullable
    PodVeth veth() {
        return veth;
    }

    /** Leaves the interface in the pod to the next weir. */
    void close() {
        if (veth != null) {
            veth.close();
        } else {
            tap.close();
        }
    }

    /** Takes the interface away, and with it its addresses and routes. */
    void remove() {
        if (veth != null) {
            veth.remove();
            return;
        }
        try {
            tap.persistent(false);
        } catch (final LinuxException e) {
            System.getLogger(PodInterface.class.getName())
                    .log(System.Logger.Level.DEBUG, "it went with its namespace: {0}", e.getMessage());
        } finally {
            tap.close();
        }
    }
}
