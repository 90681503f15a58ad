package io.weir.dataplane.worker;

import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.EndpointSpec;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * A single-stepped dataplane with three memory ports for tests: an uplink (0) and two pods (1: 10.0.1.1, fd00:1::1; 2:
 * 10.0.1.2, fd00:1::2). The default route leads to a router behind the uplink; time stands still unless it is moved.
 */
public final class TestDataplane implements AutoCloseable {
    public static final MacAddress UPLINK_MAC = MacAddress.parse("02:00:00:00:0a:00");
    public static final MacAddress ROUTER_MAC = MacAddress.parse("02:00:00:00:0b:00");
    public static final MacAddress GATEWAY_MAC = MacAddress.parse("02:00:00:00:0a:01");
    public static final MacAddress POD1_MAC = MacAddress.parse("02:00:00:00:01:01");
    public static final MacAddress POD2_MAC = MacAddress.parse("02:00:00:00:01:02");
    public static final int UPLINK = 0;
    public static final int POD1 = 1;
    public static final int POD2 = 2;
    public static final int MTU = 1500;

    public final Dataplane dataplane;
    public final MemoryPort uplink = new MemoryPort("uplink");
    public final MemoryPort pod1 = new MemoryPort("pod1");
    public final MemoryPort pod2 = new MemoryPort("pod2");
    public final RouteCompiler routes;
    public final EndpointCompiler endpoints;
    public long nowNs = 1_000_000_000L;
    public ConnectionTracker tracker = ConnectionTracker.NONE;

    private final List<Long> memory = new ArrayList<>();
    private final PacketEvents events;
    private final BiFunction<RouteTable, TestDataplane, List<Stage>> stagesAfterSourceCheck;

    public TestDataplane() {
        this((table, self) -> List.of(new RouteStage(table)));
    }

    /** With other stages behind source check and hop limit. */
    public TestDataplane(BiFunction<RouteTable, TestDataplane, List<Stage>> stages) {
        this(stages, PacketEvents.NONE);
    }

    /** Whose worker takes down events. */
    public TestDataplane(PacketEvents events) {
        this((table, self) -> List.of(new RouteStage(table)), events);
    }

    private TestDataplane(BiFunction<RouteTable, TestDataplane, List<Stage>> stages, PacketEvents events) {
        stagesAfterSourceCheck = stages;
        this.events = events;
        final DataplaneSettings settings = new DataplaneSettings(
                1,
                new WorkerSettings(64, 512, 8, 4096),
                ThreadingMode.INVOKER,
                IdleMode.WAIT,
                WorkerPriority.NORMAL,
                -1,
                8,
                256,
                4096);
        dataplane = new Dataplane(settings, () -> nowNs, new Parts());
        routes = new RouteCompiler(dataplane.adjacencies(), dataplane.slots());
        endpoints = new EndpointCompiler(dataplane.slots());
        dataplane.attach(
                new Ingress(UPLINK, "uplink", Ingress.Role.UPLINK, UPLINK_MAC, null, MTU), List.of((Port) uplink));
        dataplane.attach(new Ingress(POD1, "pod1", Ingress.Role.POD, GATEWAY_MAC, POD1_MAC, MTU), List.of((Port) pod1));
        dataplane.attach(new Ingress(POD2, "pod2", Ingress.Role.POD, GATEWAY_MAC, POD2_MAC, MTU), List.of((Port) pod2));
        final Changes changes = new Changes();
        endpoints.compile(
                List.of(
                        new EndpointSpec(IpAddress.parse("10.0.1.1"), POD1, "pod1"),
                        new EndpointSpec(IpAddress.parse("fd00:1::1"), POD1, "pod1"),
                        new EndpointSpec(IpAddress.parse("10.0.1.2"), POD2, "pod2"),
                        new EndpointSpec(IpAddress.parse("fd00:1::2"), POD2, "pod2")),
                changes);
        routes.compile(defaultRoutes(), changes);
        publish(changes);
    }

    /** The routes that a new test dataplane has. */
    public static List<RouteSpec> defaultRoutes() {
        return List.of(
                via("10.0.1.1/32", POD1, GATEWAY_MAC, POD1_MAC),
                via("fd00:1::1/128", POD1, GATEWAY_MAC, POD1_MAC),
                via("10.0.1.2/32", POD2, GATEWAY_MAC, POD2_MAC),
                via("fd00:1::2/128", POD2, GATEWAY_MAC, POD2_MAC),
                new RouteSpec(IpPrefix.parse("169.254.1.1"), new RouteSpec.End(Route.Kind.LOCAL), "gateway"),
                new RouteSpec(IpPrefix.parse("10.9.0.0/16"), new RouteSpec.End(Route.Kind.BLACKHOLE), "test"),
                via("0.0.0.0/0", UPLINK, UPLINK_MAC, ROUTER_MAC),
                via("::/0", UPLINK, UPLINK_MAC, ROUTER_MAC));
    }

    /** A route to a neighbour by Ethernet. */
    public static RouteSpec via(String prefix, int port, MacAddress from, MacAddress to) {
        return new RouteSpec(
                IpPrefix.parse(prefix),
                new RouteSpec.Via(port, AdjacencyTable.ETHERNET, MTU, ethernet(from, to)),
                "test");
    }

    /** An Ethernet header; the type is the rewriter's business, by the family of the packet. */
    public static byte[] ethernet(MacAddress from, MacAddress to) {
        final byte[] header = new byte[14];
        System.arraycopy(to.toBytes(), 0, header, 0, 6);
        System.arraycopy(from.toBytes(), 0, header, 6, 6);
        return header;
    }

    /** Publishes the compilers' current tables. */
    public void publish(Changes changes) {
        final RouteTable table = routes.table();
        final List<Stage> stages = new ArrayList<>();
        stages.add(new SourceCheckStage(endpoints.table(), dataplane.ingresses()));
        stages.add(new HopLimitStage(table));
        stages.addAll(stagesAfterSourceCheck.apply(table, this));
        dataplane.publish(new Pipeline(stages), table, null, tracker, changes);
        dataplane.awaitPassed();
    }

    /** Runs the frame in from a port, to its end. */
    public void send(MemoryPort port, byte[] frame) {
        port.offer(frame);
        dataplane.step();
    }

    public PathCounters counters() {
        return dataplane.workers().getFirst().counters();
    }

    /** Drops by label, only those that happened. */
    public Map<String, Long> drops() {
        final Map<String, Long> drops = new TreeMap<>();
        for (final DropReason reason : DataplaneDrop.values()) {
            if (counters().drops(reason.id()) != 0) {
                drops.put(reason.label(), counters().drops(reason.id()));
            }
        }
        return drops;
    }

    public long count(PathCounter counter) {
        return counters().value(counter);
    }

    @Override
    public void close() {
        dataplane.close();
        memory.forEach(OffHeap::free);
    }

    /** Parts whose responder answers nothing, so that a test sees what the path itself does. */
    private final class Parts implements Dataplane.WorkerParts {
        @Override
        public long counterMemory(int workerId, long length) {
            final long address = OffHeap.allocate(length);
            memory.add(address);
            return address;
        }

        @Override
        public PacketEvents events(int workerId) {
            return events;
        }

        @Override
        public Responder responder(int workerId) {
            return new SilentResponder();
        }

        @Override
        public Transmitter.Offload offload(int workerId) {
            return new Transmitter.Offload() {
                @Override
                public void send(Transmitter to, int port, int handle, long frame, int length, int notes) {
                    to.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
                }

                @Override
                public void sendTunnelled(
                        Transmitter to, long adjacency, int handle, long ip, int ipLength, int notes, int hash) {
                    to.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
                }
            };
        }
    }

    private static final class SilentResponder implements Responder {
        @Override
        public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // ignored
        }

        @Override
        public void answer(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // ignored
        }

        @Override
        public void hold(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // ignored
        }

        @Override
        public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
            // ignored
        }
    }
}
