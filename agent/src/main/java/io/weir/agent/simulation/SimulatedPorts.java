package io.weir.agent.simulation;

import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.PortsConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodePorts;
import io.weir.agent.node.StationAddresses;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Ports that are queues in memory. Every neighbour is known, with an Ethernet address made of its name. */
public final class SimulatedPorts implements NodePorts {
    /** Name of the host port in reports. */
    public static final String HOST = "host";

    private final PortsConfig config;
    private final Outbox outbox;
    private final Map<Integer, SimulatedPort> byId = new TreeMap<>();
    private final Map<Integer, Ingress> ingresses = new TreeMap<>();

    /** Ports of a node with this configuration, which send to the outbox. */
    public SimulatedPorts(PortsConfig config, Outbox outbox) {
        this.config = config;
        this.outbox = outbox;
    }

    @Override
    public Optional<Attached> pod(LocalPod pod, int id, int mtu) {
        return Optional.of(attach(new Ingress(
                id,
                pod.name(),
                Ingress.Role.POD,
                StationAddresses.GATEWAY,
                StationAddresses.stationOf(pod.name()),
                mtu)));
    }

    @Override
    public Attached uplink(UplinkConfig uplink, int id) {
        final MacAddress mac = uplink.mac();
        return attach(new Ingress(
                id,
                uplink.name(),
                Ingress.Role.UPLINK,
                mac == null ? StationAddresses.stationOf(uplink.name()) : mac,
                null,
                uplink.mtu(),
                PortAddresses.of(uplink.addresses().stream()
                        .map(InterfaceAddress::address)
                        .toList())));
    }

    @Override
    public Optional<Attached> host(HostPortConfig host, int id) {
        return Optional.of(attach(new Ingress(
                id,
                HOST,
                Ingress.Role.HOST,
                StationAddresses.GATEWAY,
                StationAddresses.stationOf(HOST),
                config.podMtu())));
    }

    @Override
    public Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop) {
        return Optional.of(StationAddresses.stationOf("neighbour " + nextHop));
    }

    private Attached attach(Ingress ingress) {
        final SimulatedPort port = new SimulatedPort(ingress, outbox);
        byId.put(ingress.port(), port);
        ingresses.put(ingress.port(), ingress);
        return new Attached(ingress, List.of(port));
    }

    /** The port with this id; null when there is none. */
    public @Nullable SimulatedPort port(int id) {
        return byId.get(id);
    }

    /** What the dataplane knows of the port with this id; null when there is none. */
    public @Nullable Ingress ingress(int id) {
        return ingresses.get(id);
    }
}
