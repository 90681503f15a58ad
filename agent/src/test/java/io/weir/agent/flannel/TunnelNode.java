package io.weir.agent.flannel;

import io.weir.dataplane.answer.AnswerSettings;
import io.weir.dataplane.answer.NeighbourEvents;
import io.weir.dataplane.answer.NeighbourSettings;
import io.weir.dataplane.answer.NeighbourSpec;
import io.weir.dataplane.answer.NeighbourWorkers;
import io.weir.dataplane.answer.Neighbours;
import io.weir.dataplane.answer.RouterResponder;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.port.AfPacketPort;
import io.weir.dataplane.port.TapPort;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.segmentation.SoftwareOffload;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerSettings;
import io.weir.vxlan.VxlanCompiler;
import io.weir.vxlan.VxlanDrop;
import io.weir.vxlan.VxlanTermination;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A node's dataplane with one worker thread, one pod on a TAP device and an uplink on a packet socket, without policy,
 * Services and connection tracking: what flannel alone needs.
 */
final class TunnelNode implements AutoCloseable {
    static final MacAddress GATEWAY_MAC = MacAddress.parse("02:00:00:00:aa:01");
    static final MacAddress POD_MAC = MacAddress.parse("02:00:00:00:00:05");
    private static final int UPLINK = 0;
    private static final int POD = 1;
    private static final int UPLINK_MTU = 1500;
    private static final PacketSocketSpec SOCKET =
            PacketSocketSpec.DEFAULT.receiveRing(128, 128 << 10, 1).transmitRing(0, 2048);
    private static final DropReasons REASONS = new DropReasons(DataplaneDrop.values(), VxlanDrop.values());

    private final MacAddress uplinkMac;
    private final List<IpAddress> podAddresses;
    private final Function<IpAddress, MacAddress> nextHops;
    private final NeighbourEvents events = new NeighbourEvents();
    private final Dataplane dataplane;
    private final Neighbours neighbours;
    private final List<RouterResponder> responders = new ArrayList<>();
    private final RouteCompiler routes;
    private final VxlanCompiler tunnels = new VxlanCompiler();
    private final List<Long> memory = new ArrayList<>();
    private final AfPacketPort uplink;
    private final TapDevice tap;

    /**
     * @param own          has the uplink's interface up0
     * @param pod          gets the pod's interface eth0, which outlives this node
     * @param underlay     the node's addresses on the uplink
     * @param podAddresses the pod's
     * @param nextHops     Ethernet addresses of the other nodes
     */
    TunnelNode(
            NetworkNamespace own,
            NetworkNamespace pod,
            List<IpAddress> underlay,
            List<IpAddress> podAddresses,
            Function<IpAddress, MacAddress> nextHops) {
        this.podAddresses = podAddresses;
        this.nextHops = nextHops;
        dataplane = new Dataplane(
                new DataplaneSettings(
                        1,
                        new WorkerSettings(64, 2048, 256, 4096),
                        ThreadingMode.DEDICATED,
                        IdleMode.PARK,
                        -1,
                        8,
                        256,
                        4096),
                System::nanoTime,
                new Parts());
        neighbours = new Neighbours(
                NeighbourSettings.DEFAULT,
                events,
                id -> dataplane.ingresses().get(id),
                NeighbourWorkers.of(dataplane.proxies(), responders));
        routes = new RouteCompiler(dataplane.adjacencies(), dataplane.slots());
        try (Rtnetlink netlink = Rtnetlink.open(own)) {
            netlink.links().up("up0");
            uplinkMac = netlink.links().find("up0").orElseThrow().mac();
        }
        tap = TapDevice.open(TapSpec.of("eth0", 1).persistent(true), pod);
        try (Rtnetlink netlink = Rtnetlink.open(pod)) {
            netlink.links().mac("eth0", POD_MAC);
            netlink.links().mtu("eth0", 1450);
            netlink.links().up("eth0");
        }
        uplink = new AfPacketPort("uplink", PacketSocket.open("up0", SOCKET, own));
        dataplane.attach(
                new Ingress(
                        UPLINK, "uplink", Ingress.Role.UPLINK, uplinkMac, null, UPLINK_MTU, PortAddresses.of(underlay)),
                List.of(uplink));
        dataplane.attach(
                new Ingress(POD, "pod", Ingress.Role.POD, GATEWAY_MAC, POD_MAC, 1450, PortAddresses.POD_GATEWAYS),
                List.of(new TapPort("pod", tap, 0)));
        dataplane.start();
    }

    /** Makes the dataplane do what a plan says. */
    synchronized void apply(FlannelPlan plan) {
        final List<RouteSpec> wanted = new ArrayList<>();
        final Set<NeighbourSpec> known = new LinkedHashSet<>();
        for (final IpAddress address : podAddresses) {
            final byte[] header = ByteBuffer.allocate(14)
                    .put(POD_MAC.toBytes())
                    .put(GATEWAY_MAC.toBytes())
                    .putShort((short) (address.isIpv4() ? 0x0800 : 0x86DD))
                    .array();
            wanted.add(new RouteSpec(
                    IpPrefix.host(address), new RouteSpec.Via(POD, AdjacencyTable.ETHERNET, 1450, header), "pod"));
        }
        for (final IpAddress address : plan.nodeAddresses()) {
            wanted.add(new RouteSpec(IpPrefix.host(address), new RouteSpec.End(Route.Kind.LOCAL), "node"));
        }
        for (final FlannelRoute route : plan.routes()) {
            final IpAddress hop = route.way().underlay();
            known.add(new NeighbourSpec(UPLINK, hop, nextHops.apply(hop)));
            wanted.add(route.spec(UPLINK, hop, UPLINK_MTU));
        }
        neighbours.fixed(known);
        neighbours.configured(wanted);
        final Changes changes = new Changes();
        final RouteTable table = routes.compile(neighbours.routes(), changes);
        dataplane.publish(
                new Pipeline(List.of(new HopLimitStage(table), new RouteStage(table))),
                table,
                new VxlanTermination(tunnels.compile(plan.vxlan())),
                ConnectionTracker.NONE,
                changes);
        dataplane.awaitPassed();
        dataplane.conductor().reclaim();
        neighbours.published();
    }

    /** Drops by label, only those that happened. */
    Map<String, Long> drops() {
        final Map<String, Long> drops = new TreeMap<>();
        final PathCounters counters = dataplane.workers().getFirst().counters();
        for (final DropReason reason : REASONS.all()) {
            if (counters.drops(reason.id()) != 0) {
                drops.put(reason.label(), counters.drops(reason.id()));
            }
        }
        return drops;
    }

    @Override
    public void close() {
        dataplane.close();
        tap.close();
        memory.forEach(OffHeap::free);
    }

    private final class Parts implements Dataplane.WorkerParts {
        @Override
        public long counterMemory(int workerId, long length) {
            final long address = OffHeap.allocate(length);
            memory.add(address);
            return address;
        }

        @Override
        public Responder responder(int workerId) {
            final RouterResponder responder = new RouterResponder(workerId, AnswerSettings.DEFAULT, events);
            responders.add(responder);
            return responder;
        }

        @Override
        public Transmitter.Offload offload(int workerId) {
            return new SoftwareOffload();
        }
    }
}
