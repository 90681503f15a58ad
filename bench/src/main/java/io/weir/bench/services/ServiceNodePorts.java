package io.weir.bench.services;

import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodePorts;
import io.weir.agent.node.StationAddresses;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.NullPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import java.util.Optional;

/** The one pod sends the same packets over and over; the uplink takes all. */
final class ServiceNodePorts implements NodePorts {
    private static final int MTU = 1500;

    private final List<byte[]> frames;

    ServiceNodePorts(List<byte[]> frames) {
        this.frames = frames;
    }

    static MacAddress podMac() {
        return StationAddresses.stationOf("bench/client");
    }

    @Override
    public Optional<Attached> pod(LocalPod pod, int id, int mtu) {
        return Optional.of(new Attached(
                new Ingress(id, pod.name(), Ingress.Role.POD, StationAddresses.GATEWAY, podMac(), mtu),
                List.of(new LoopSource(pod.name(), frames))));
    }

    @Override
    public Attached uplink(UplinkConfig uplink, int id) {
        return new Attached(
                new Ingress(
                        id, uplink.name(), Ingress.Role.UPLINK, StationAddresses.stationOf(uplink.name()), null, MTU),
                List.of(new NullPort(uplink.name())));
    }

    @Override
    public Optional<Attached> host(HostPortConfig host, int id) {
        return Optional.empty();
    }

    @Override
    public Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop) {
        return Optional.of(StationAddresses.stationOf("neighbour"));
    }
}
