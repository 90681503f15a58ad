package io.weir.agent.run;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.InterfaceAddress;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.Origin;
import io.weir.agent.config.PodDevice;
import io.weir.agent.config.PodPortsConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.config.UplinkKind;
import io.weir.agent.node.Attachment;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodePorts;
import io.weir.agent.node.StationAddresses;
import io.weir.agent.service.TranslatedServices;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketFanout;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.linux.XdpDevice;
import io.weir.dataplane.linux.XdpSocket;
import io.weir.dataplane.linux.XdpSocketSpec;
import io.weir.dataplane.offload.FlowOffload;
import io.weir.dataplane.offload.KernelOffload;
import io.weir.dataplane.offload.OffloadUplink;
import io.weir.dataplane.port.AfPacketPort;
import io.weir.dataplane.port.AfXdpPort;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.port.TapPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of a node on Linux: a TAP or veth in each annotated pod's namespace, AF_PACKET or AF_XDP sockets (or a TAP) for uplinks, and a
 * TAP in the node's own namespace. Called by the control thread.
 */
public final class DevicePorts implements NodePorts, AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(DevicePorts.class);

    private final NetworkNamespace nodeNamespace;
    private final Rtnetlink network;
    private final int queues;
    private final int podMtu;
    private final UplinkTakeover takeover;
    private final boolean offloads;
    private final @Nullable KernelOffload offload;
    private @Nullable HostInterface host;
    private boolean leavesAttachments;

    /**
     * @param nodeNamespace the namespace that uplinks are in and the host port goes to; stays the caller's
     * @param node          its name, number of workers and size of packets
     * @param taken         where {@link UplinkTakeover} notes what it took from the kernel
     */
    public DevicePorts(NetworkNamespace nodeNamespace, LocalNode node, Path taken) {
        final NodeConfig config = node.config();
        this.nodeNamespace = nodeNamespace;
        network = Rtnetlink.open(nodeNamespace);
        queues = config.workers().count();
        podMtu = config.ports().podMtu();
        takeover = new UplinkTakeover(nodeNamespace, network, taken);
        final PodPortsConfig pods = config.ports().pods();
        offloads = pods.offload();
        offload = offload(node.name(), pods);
    }

    /** For veths, which need it also when it carries nothing. */
    private @Nullable KernelOffload offload(String node, PodPortsConfig pods) {
        // Of the namespace, too: two nodes on one machine may have the same name.
        final String switchName =
                "weir-switch-" + node.replaceAll("[^A-Za-z0-9.-]", "_") + "-" + nodeNamespace.identity();
        if (pods.device() == PodDevice.VETH) {
            return KernelOffload.open(switchName, pods.offloadFlows());
        }
        KernelOffload.removeLeft(switchName);
        return null;
    }

    @Override
    public Optional<Attached> pod(LocalPod pod, int id, int mtu) {
        return PodPlace.of(pod).map(place -> {
            final Attachment attachment = pod.attachment();
            final MacAddress mac = attachment == null ? StationAddresses.stationOf(pod.name()) : attachment.station();
            final PodInterface device = PodInterface.open(place, pod.addresses(), mac, queues, mtu, offload);
            if (offload != null && device.veth() != null) {
                offload.attach(id, device.veth());
            }
            return new Attached(
                    new Ingress(id, pod.name(), Ingress.Role.POD, StationAddresses.GATEWAY, mac, mtu),
                    tapPorts(pod.name(), device.tap()),
                    () -> release(id, device, attachment != null));
        });
    }

    private void release(int id, PodInterface device, boolean isAttachment) {
        if (offload != null && device.veth() != null) {
            offload.detach(id, device.veth());
        }
        if (isAttachment && leavesAttachments) {
            device.close();
        } else {
            device.remove();
        }
    }

    @Override
    public FlowOffload offload() {
        return offload == null || !offloads ? FlowOffload.NONE : offload;
    }

    /**
     * From now on the interfaces that the runtime asked for stay when their ports go: its containers outlive weir, and the next
     * weir finds them again.
     */
    void leaveAttachments() {
        leavesAttachments = true;
    }

    @Override
    public Optional<String> placeOf(LocalPod pod) {
        return PodPlace.of(pod).flatMap(PodPlace::identity);
    }

    @Override
    public Attached uplink(UplinkConfig uplink, int id) {
        final String name = uplink.device();
        if (name == null) {
            throw invalid(uplink, "device", null, "name the Linux interface that this uplink is");
        }
        return switch (uplink.kind()) {
            case AF_PACKET -> packetUplink(uplink, name, id);
            case TAP -> tapUplink(uplink, name, id);
            case AF_XDP -> xdpUplink(uplink, name, id);
        };
    }

    private Attached packetUplink(UplinkConfig uplink, String name, int id) {
        final KernelLink link = existing(uplink, name);
        final List<PacketSocket> sockets =
                PacketSocket.openGroup(name, PacketSocketSpec.DEFAULT, queues, PacketFanout.HASH, nodeNamespace);
        final List<Port> ports = new ArrayList<>();
        sockets.forEach(socket -> ports.add(new AfPacketPort(uplink.name(), socket)));
        final Ingress ingress = ingress(uplink, id, link.mac());
        if (offload == null || !offloads) {
            return new Attached(ingress, ports);
        }
        try {
            final OffloadUplink carrier = offload.uplink(nodeNamespace, name, ingress.mac(), sockets);
            offload.attach(id, carrier);
            return new Attached(ingress, ports, () -> {
                offload.detach(id, carrier);
                carrier.close();
            });
        } catch (final RuntimeException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
    }

    private Attached xdpUplink(UplinkConfig uplink, String name, int id) {
        final KernelLink link = existing(uplink, name);
        final XdpDevice device = XdpDevice.open(name, XdpSocketSpec.ofMtu(name, link.mtu()), nodeNamespace);
        final List<XdpSocket> sockets = device.sockets();
        if (sockets.size() < queues) {
            device.close();
            throw invalid(
                    uplink,
                    "kind",
                    "af-xdp",
                    name + " has " + sockets.size() + " receive queues for " + queues
                            + " workers: give it more (ethtool -L), or write fewer workers, or af-packet");
        }
        final List<Port> ports = new ArrayList<>();
        for (int worker = 0; worker < queues; worker++) {
            final List<XdpSocket> own = new ArrayList<>();
            for (int queue = worker; queue < sockets.size(); queue += queues) {
                own.add(sockets.get(queue));
            }
            // A real device hands on what was on the wire; a virtual one, which says of what kind it is, what it was
            // given.
            ports.add(new AfXdpPort(uplink.name(), own, link.mtu(), !link.kind().isEmpty()));
        }
        LOGGER.info(
                "{}: {} receive queues of {} by AF_XDP, {}",
                uplink.name(),
                sockets.size(),
                name,
                sockets.getFirst().isZeroCopy() ? "without copies by the kernel" : "frames copied by the kernel");
        return new Attached(ingress(uplink, id, link.mac()), ports, device::close);
    }

    private KernelLink existing(UplinkConfig uplink, String name) {
        final KernelLink link = network.links()
                .find(name)
                .orElseThrow(() -> invalid(
                        uplink,
                        "device",
                        name,
                        "there is no such interface in the " + nodeNamespace + "; it has " + interfaces()));
        if (link.mtu() < uplink.mtu()) {
            throw invalid(uplink, "mtu", uplink.mtu(), name + " takes packets of up to " + link.mtu() + " bytes only");
        }
        return link;
    }

    private Attached tapUplink(UplinkConfig uplink, String name, int id) {
        final TapDevice device = TapDevice.open(TapSpec.of(name, queues), nodeNamespace);
        try {
            network.links().mtu(name, uplink.mtu());
            network.links().up(name);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
        return new Attached(
                ingress(uplink, id, StationAddresses.stationOf(uplink.name())),
                tapPorts(uplink.name(), device),
                device::close);
    }

    private static Ingress ingress(UplinkConfig uplink, int id, MacAddress own) {
        final MacAddress wanted = uplink.mac();
        final List<IpAddress> addresses =
                uplink.addresses().stream().map(InterfaceAddress::address).toList();
        return new Ingress(
                id,
                uplink.name(),
                Ingress.Role.UPLINK,
                wanted == null ? own : wanted,
                null,
                uplink.mtu(),
                PortAddresses.of(addresses));
    }

    @Override
    public Optional<Attached> host(HostPortConfig config, int id) {
        final MacAddress mac = StationAddresses.stationOf("host");
        final HostInterface made = HostInterface.open(config.device(), nodeNamespace, network, mac, queues, podMtu);
        host = made;
        return Optional.of(new Attached(
                new Ingress(
                        id,
                        "host",
                        Ingress.Role.HOST,
                        StationAddresses.GATEWAY,
                        mac,
                        podMtu,
                        PortAddresses.POD_GATEWAYS),
                tapPorts("host", made.device()),
                () -> {
                    made.close();
                    if (host == made) {
                        host = null;
                    }
                }));
    }

    @Override
    public Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop) {
        return Optional.empty();
    }

    @Override
    public void arrange(LocalNode node, TranslatedServices services) {
        final List<String> devices = new ArrayList<>();
        for (final UplinkConfig uplink : node.config().ports().uplinks()) {
            if (uplink.kind() != UplinkKind.TAP && uplink.device() != null) {
                devices.add(uplink.device());
            }
        }
        takeover.reconcile(devices);
        if (host != null) {
            host.arrange(node, takeover.destinations(), services);
        }
    }

    private static List<TapPort> tapPorts(String name, TapDevice device) {
        return IntStream.range(0, device.queueCount())
                .mapToObj(queue -> new TapPort(name, device, queue))
                .toList();
    }

    private List<String> interfaces() {
        return network.links().list().stream()
                .filter(link -> !link.isLoopback())
                .map(KernelLink::name)
                .toList();
    }

    private static ConfigException invalid(UplinkConfig uplink, String field, @Nullable Object value, String problem) {
        return new ConfigException(
                Origin.of("NodeConfig"), "ports.uplinks (" + uplink.name() + ")." + field, value, problem);
    }

    /** Gives uplinks back to the kernel. The ports are closed by then. */
    @Override
    public void close() {
        try {
            takeover.close();
            if (offload != null) {
                offload.close();
            }
        } finally {
            network.close();
        }
    }
}
