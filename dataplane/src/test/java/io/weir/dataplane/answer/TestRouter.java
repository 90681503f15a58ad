package io.weir.dataplane.answer;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.port.MemoryPort;
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
import io.weir.dataplane.worker.WorkerPriority;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A router of one single-stepped worker with four memory ports: a pod (10.1.0.2, fd01::2), another pod that takes big packets
 * (10.1.0.3, fd01::3, MTU 1,400), an uplink (192.0.2.1/24, 2001:db8::1/64) and the node. Time stands still unless a test
 * moves it.
 */
final class TestRouter implements AutoCloseable {
    /** Slots of the worker. */
    static final int PACKETS = 2048;

    static final int POD = 0;
    static final int BIG_POD = 1;
    static final int UPLINK = 2;
    static final int HOST = 3;

    static final String GATEWAY_MAC = "02:00:00:00:aa:01";
    static final String POD_MAC = "02:00:00:00:00:02";
    static final String BIG_POD_MAC = "02:00:00:00:00:03";
    static final String UPLINK_MAC = "02:00:00:00:bb:01";
    static final String PEER_MAC = "02:00:00:00:cc:01";
    static final String HOST_MAC = "02:00:00:00:dd:01";

    static final int BIG_POD_MTU = 1400;

    final MemoryPort pod = new MemoryPort("pod");
    final MemoryPort bigPod = new MemoryPort("big-pod", true);
    final MemoryPort uplink = new MemoryPort("uplink");
    final MemoryPort host = new MemoryPort("host");
    final NeighbourEvents events = new NeighbourEvents();
    final RouterResponder responder;
    final Dataplane dataplane;
    final Neighbours neighbours;
    private final RouteCompiler compiler;
    private final List<RouteSpec> routes = new ArrayList<>();
    private @Nullable Stage extra;
    private @Nullable TunnelTermination tunnels;
    private final long counterMemory = OffHeap.allocate(PathCounters.length(16));
    private final long[] before = new long[320];
    long nowNs = 1_000_000_000_000L;

    TestRouter() {
        this(AnswerSettings.DEFAULT);
    }

    TestRouter(AnswerSettings settings) {
        responder = new RouterResponder(0, settings, events);
        dataplane = new Dataplane(
                new DataplaneSettings(
                        1,
                        new WorkerSettings(64, PACKETS, 16, 1024),
                        ThreadingMode.INVOKER,
                        IdleMode.WAIT,
                        WorkerPriority.NORMAL,
                        -1,
                        16,
                        1024,
                        4096),
                () -> nowNs,
                new Dataplane.WorkerParts() {
                    @Override
                    public long counterMemory(int workerId, long length) {
                        return counterMemory;
                    }

                    @Override
                    public Responder responder(int workerId) {
                        return responder;
                    }

                    @Override
                    public Transmitter.Offload offload(int workerId) {
                        return new SoftwareOffload();
                    }
                });
        compiler = new RouteCompiler(dataplane.adjacencies(), dataplane.slots());
        neighbours = new Neighbours(
                NeighbourSettings.DEFAULT,
                events,
                id -> dataplane.ingresses().get(id),
                NeighbourWorkers.of(dataplane.proxies().getFirst(), responder));
        attach(POD, Ingress.Role.POD, GATEWAY_MAC, POD_MAC, 1500, PortAddresses.POD_GATEWAYS, pod);
        attach(BIG_POD, Ingress.Role.POD, GATEWAY_MAC, BIG_POD_MAC, BIG_POD_MTU, PortAddresses.POD_GATEWAYS, bigPod);
        attach(
                UPLINK,
                Ingress.Role.UPLINK,
                UPLINK_MAC,
                null,
                1500,
                own("192.0.2.1", "2001:db8::1", "fe80::b:1"),
                uplink);
        attach(HOST, Ingress.Role.HOST, GATEWAY_MAC, HOST_MAC, 1500, PortAddresses.POD_GATEWAYS, host);
        toPod("10.1.0.2", POD, POD_MAC, 1500);
        toPod("fd01::2", POD, POD_MAC, 1500);
        toPod("10.1.0.3", BIG_POD, BIG_POD_MAC, BIG_POD_MTU);
        toPod("fd01::3", BIG_POD, BIG_POD_MAC, BIG_POD_MTU);
        for (final String local :
                List.of("169.254.1.1", "fe80::1", "192.0.2.1", "2001:db8::1", "10.1.0.1", "fd01::1")) {
            end(local, Route.Kind.LOCAL);
        }
        end("10.66.0.0/16", Route.Kind.UNREACHABLE);
        end("fd66::/16", Route.Kind.UNREACHABLE);
        end("10.67.0.0/16", Route.Kind.PROHIBIT);
        end("fd67::/16", Route.Kind.PROHIBIT);
        routes.add(new RouteSpec(IpPrefix.parse("192.0.2.0/24"), new RouteSpec.Link(UPLINK, 1500), "link"));
        routes.add(new RouteSpec(IpPrefix.parse("2001:db8::/64"), new RouteSpec.Link(UPLINK, 1500), "link"));
        publish();
    }

    private static PortAddresses own(String... addresses) {
        return PortAddresses.of(Arrays.stream(addresses).map(IpAddress::parse).toList());
    }

    private void attach(
            int id,
            Ingress.Role role,
            String mac,
            @Nullable String peer,
            int mtu,
            PortAddresses addresses,
            MemoryPort port) {
        final MacAddress peerMac = peer == null ? null : MacAddress.parse(peer);
        dataplane.attach(
                new Ingress(id, port.name(), role, MacAddress.parse(mac), peerMac, mtu, addresses), List.of(port));
    }

    void toPod(String address, int port, String mac, int mtu) {
        final IpAddress target = IpAddress.parse(address);
        route(address, via(port, mtu, mac, GATEWAY_MAC, target.isIpv4()));
    }

    static RouteSpec.Via via(int port, int mtu, String mac, String ownMac, boolean isIpv4) {
        final byte[] header = new byte[14];
        System.arraycopy(MacAddress.parse(mac).toBytes(), 0, header, 0, 6);
        System.arraycopy(MacAddress.parse(ownMac).toBytes(), 0, header, 6, 6);
        header[12] = (byte) (isIpv4 ? 0x08 : 0x86);
        header[13] = (byte) (isIpv4 ? 0x00 : 0xDD);
        return new RouteSpec.Via(port, AdjacencyTable.ETHERNET, mtu, header);
    }

    void route(String prefix, RouteSpec.Target target) {
        routes.add(new RouteSpec(IpPrefix.parse(prefix), target, "test"));
    }

    private void end(String prefix, Route.Kind kind) {
        route(prefix, new RouteSpec.End(kind));
    }

    /** One more stage in front of the others. */
    void stage(Stage stage) {
        extra = stage;
        publish();
    }

    void tunnels(TunnelTermination termination) {
        tunnels = termination;
        publish();
    }

    void publish() {
        final Changes changes = new Changes();
        neighbours.configured(routes);
        final RouteTable table = compiler.compile(neighbours.routes(), changes);
        final List<Stage> stages = new ArrayList<>(List.of(new HopLimitStage(table), new RouteStage(table)));
        if (extra != null) {
            stages.addFirst(extra);
        }
        dataplane.publish(new Pipeline(stages), table, tunnels, ConnectionTracker.NONE, changes);
        dataplane.conductor().reclaim();
        neighbours.published();
    }

    /** Lets packets through and the conductor's part act until nothing moves; forgets the counters' values before. */
    TestRouter run() {
        remember();
        settle();
        return this;
    }

    /** Takes in what has come and publishes the routes that follow; the workers have not seen them yet. */
    void publishWhatWasHeard() {
        dataplane.step();
        if (neighbours.poll(nowNs)) {
            publish();
        }
    }

    private void settle() {
        for (int i = 0; i < 8; i++) {
            dataplane.step();
            if (neighbours.poll(nowNs)) {
                publish();
            }
        }
    }

    TestRouter advance(long millis) {
        nowNs += millis * 1_000_000L;
        return run();
    }

    private void remember() {
        for (int i = 0; i < before.length; i++) {
            before[i] = OffHeap.getLong(counterMemory + 8L * i);
        }
    }

    /** The counters that the last {@link #run} or {@link #advance} changed, as {@code label=difference}, by id. */
    List<String> counted() {
        final List<String> changed = new ArrayList<>();
        for (int i = 0; i < before.length; i++) {
            final long difference = OffHeap.getLong(counterMemory + 8L * i) - before[i];
            final String label = label(i);
            if (difference != 0 && !label.endsWith("cycles") && !label.equals("bursts")) {
                changed.add(label + "=" + difference);
            }
        }
        return changed;
    }

    private static String label(int index) {
        if (index >= 256) {
            return Arrays.stream(PathCounter.values())
                    .filter(counter -> counter.id() == index - 256)
                    .map(PathCounter::label)
                    .findFirst()
                    .orElse("path-" + index);
        }
        return Arrays.stream(DataplaneDrop.values())
                .filter(reason -> reason.id() == index)
                .map(DataplaneDrop::label)
                .findFirst()
                .orElse("drop-" + index);
    }

    /** The oldest frame that this port sent. */
    static byte[] next(MemoryPort port) {
        return Objects.requireNonNull(port.poll(), "no frame from " + port.name());
    }

    /** The one frame that this port sent. */
    static byte[] only(MemoryPort port) {
        final byte[] frame = next(port);
        assertThat(port.poll()).as("a second frame from %s", port.name()).isNull();
        return frame;
    }

    static void silent(MemoryPort... ports) {
        for (final MemoryPort port : ports) {
            assertThat(port.poll()).as("a frame from %s", port.name()).isNull();
        }
    }

    PacketPool pool() {
        return dataplane.workers().getFirst().pool();
    }

    @Override
    public void close() {
        dataplane.close();
        OffHeap.free(counterMemory);
    }
}
