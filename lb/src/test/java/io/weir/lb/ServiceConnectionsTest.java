package io.weir.lb;

import static io.weir.lb.ServiceScene.TCP;
import static io.weir.lb.ServiceScene.UDP;
import static io.weir.lb.ServiceScene.backends;
import static io.weir.lb.ServiceScene.clusterIp;
import static io.weir.lb.ServiceScene.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConntrackCompiler;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackStages;
import io.weir.conntrack.SnatSpec;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections to Services over time: conntrack, service, source NAT and commit together. */
class ServiceConnectionsTest {
    private static final String CLIENT = "10.9.9.9";
    private static final String VIP = "172.30.0.1";

    private final VersionSlots slots = new VersionSlots(1 << 12);
    private final BackendTable states = new BackendTable(256);
    private final AffinityTable affinity = new AffinityTable(64);
    private final ServiceCompiler compiler = new ServiceCompiler(slots, states, affinity);
    private final ConntrackCompiler conntrack =
            new ConntrackCompiler(ConntrackSpec.DEFAULT, states, slots, new SplittableRandom(7));
    private final ConntrackStages stages = conntrack.compile(
            ConntrackSpec.DEFAULT,
            new SnatSpec(List.of(), Map.of(), List.of(IpAddress.parse("192.168.0.2")), 30000, 32767, false));
    private final long memory = OffHeap.allocate(4096);
    private final Packet packet = new Packet();
    private final Decision decision = new Decision();
    private ServiceTable table = compiler.compile(ServicesSpec.EMPTY, new Changes());
    private long nowNs = 1_000_000_000L;

    @AfterEach
    void close() {
        OffHeap.free(memory);
        conntrack.close();
        affinity.close();
        states.close();
        slots.close();
    }

    private void serve(ServiceSpec... services) {
        table = compiler.compile(new ServicesSpec(ServiceRules.NONE, List.of(services)), new Changes());
    }

    private static ServiceSpec service(int protocol, String... backendTexts) {
        return ServiceSpec.of(key("web"), protocol, List.of(clusterIp(VIP, 53)), backends(backendTexts));
    }

    private String send(PacketBuilder builder) {
        final byte[] frame = builder.build();
        OffHeap.copy(frame, 0, memory, frame.length);
        PacketParser.locate(packet, memory, frame.length, Packet.NONE, 1, 1, 0, false, nowNs);
        assertThat(PacketParser.parse(packet)).isNull();
        decision.reset(packet);
        nowNs += 1_000_000;
        for (final Stage stage : List.of(stages.conntrack(), new ServiceStage(table), stages.snat(), stages.commit())) {
            final Verdict verdict = stage.decide(packet, decision);
            if (verdict != Verdict.CONTINUE) {
                final var reason = decision.reason();
                return reason == null ? verdict.toString() : reason.label();
            }
        }
        return decision.destination() + ":" + decision.destinationPort();
    }

    private static PacketBuilder udp(int sourcePort) {
        return PacketBuilder.packet().ethernet().ip(CLIENT, VIP).udp(sourcePort, 53);
    }

    private static PacketBuilder tcp(String source, int sourcePort, String destination, int destinationPort) {
        return PacketBuilder.packet().ethernet().ip(source, destination).tcp(sourcePort, destinationPort);
    }

    /** Shakes hands and returns the backend: {@code 10.0.0.1:8080}. */
    private String connect(int sourcePort) {
        final String backend = send(tcp(CLIENT, sourcePort, VIP, 53).flags("S").seq(100));
        final String address = backend.substring(0, backend.indexOf(':'));
        final int port = Integer.parseInt(backend.substring(backend.indexOf(':') + 1));
        assertThat(send(tcp(address, port, CLIENT, sourcePort)
                        .flags("SA")
                        .seq(500)
                        .ack(101)))
                .isEqualTo(CLIENT + ":" + sourcePort);
        assertThat(decision.source()).hasToString(VIP);
        assertThat(decision.sourcePort()).isEqualTo(53);
        assertThat(acknowledge(sourcePort)).isEqualTo(backend);
        return backend;
    }

    private String acknowledge(int sourcePort) {
        return send(tcp(CLIENT, sourcePort, VIP, 53).flags("A").seq(101).ack(501));
    }

    @Test
    void aUdpFlowMovesAtOnceWhenItsBackendGoes() {
        serve(service(UDP, "10.0.0.1:53", "10.0.0.2:53"));
        final String first = send(udp(4000));
        assertThat(send(udp(4000))).isEqualTo(first);
        assertThat(decision.connectionState()).isEqualTo(ConnectionState.ESTABLISHED);
        final String other = first.equals("10.0.0.1:53") ? "10.0.0.2:53" : "10.0.0.1:53";
        serve(service(UDP, other));
        assertThat(send(udp(4000))).isEqualTo(other);
        assertThat(send(udp(4000))).isEqualTo(other);
        assertThat(decision.connectionState()).isEqualTo(ConnectionState.ESTABLISHED);
    }

    @Test
    void aUdpFlowIsRefusedWhenNoBackendIsLeftAndComesBackWithTheFirst() {
        serve(service(UDP, "10.0.0.1:53"));
        send(udp(4000));
        serve(service(UDP));
        assertThat(send(udp(4000))).isEqualTo("no-endpoint");
        serve(service(UDP, "10.0.0.3:53"));
        assertThat(send(udp(4000))).isEqualTo("10.0.0.3:53");
    }

    @Test
    void aUdpFlowThatIsOlderThanItsServiceIsEndedWhenTheServiceComes() {
        // A client that asked too early would otherwise never reach a backend (kubernetes#48370).
        serve(ServiceSpec.of(key("other"), UDP, List.of(clusterIp("172.30.0.9", 53)), backends("10.0.0.9:53")));
        assertThat(send(udp(4000))).isEqualTo(VIP + ":53");
        assertThat(send(udp(4000))).isEqualTo(VIP + ":53");
        serve(service(UDP, "10.0.0.1:53"));
        assertThat(compiler.appearedUdp()).containsExactly(clusterIp(VIP, 53));
        for (final VirtualAddress address : compiler.appearedUdp()) {
            conntrack
                    .table()
                    .flush(
                            ConnectionFilter.ALL
                                    .withProtocol(UDP)
                                    .withDestination(IpPrefix.host(address.address()), address.port())::selects,
                            new Changes(),
                            nowNs);
        }
        assertThat(send(udp(4000))).isEqualTo("10.0.0.1:53");
        serve(service(UDP, "10.0.0.1:53", "10.0.0.2:53"));
        assertThat(compiler.appearedUdp()).isEmpty();
    }

    @Test
    void tcpStaysWithABackendThatIsNotChosenAnyMore() {
        serve(service(TCP, "10.0.0.1:8080"));
        assertThat(connect(4000)).isEqualTo("10.0.0.1:8080");
        final List<BackendSpec> draining = new ArrayList<>(backends("10.0.0.2:8080"));
        draining.add(
                new BackendSpec(IpAddress.parse("10.0.0.1"), 8080, 1, false, false, EndpointState.TERMINATING, "", ""));
        serve(ServiceSpec.of(key("web"), TCP, List.of(clusterIp(VIP, 53)), draining));
        assertThat(acknowledge(4000)).isEqualTo("10.0.0.1:8080");
        assertThat(connect(4001)).isEqualTo("10.0.0.2:8080");
    }

    @Test
    void tcpStaysWhenBackendsJoin() {
        serve(service(TCP, "10.0.0.1:8080"));
        for (int port = 4000; port < 4020; port++) {
            connect(port);
        }
        serve(service(TCP, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"));
        for (int port = 4000; port < 4020; port++) {
            assertThat(acknowledge(port)).isEqualTo("10.0.0.1:8080");
        }
    }

    @Test
    void tcpOutlivesItsService() {
        serve(service(TCP, "10.0.0.1:8080"));
        connect(4000);
        serve();
        assertThat(acknowledge(4000)).isEqualTo("10.0.0.1:8080");
        // Until its index has another owner: then nobody could tell whether it is gone.
        for (int i = 0; i < 300; i++) {
            serve(service(TCP, "10.0.0." + (2 + i % 200) + ":8080"));
        }
        serve();
        assertThat(states.isGone(0)).isTrue();
    }

    @Test
    void aCachedFlowIsDecidedAgainWhenItsBackendGoesAndNotOtherwise() {
        serve(service(UDP, "10.0.0.1:53"));
        send(udp(4000));
        send(udp(4000));
        final int slot = states.versionSlot(decision.backend());
        final List<Integer> dependencies = new ArrayList<>();
        for (int i = 0; i < decision.dependencyCount(); i++) {
            dependencies.add(decision.dependency(i));
        }
        assertThat(dependencies).contains(slot);
        final Changes joined = new Changes();
        compiler.compile(
                new ServicesSpec(ServiceRules.NONE, List.of(service(UDP, "10.0.0.1:53", "10.0.0.2:53"))), joined);
        assertThat(joined.touchedSlots()).doesNotContainAnyElementsOf(dependencies);
        final Changes left = new Changes();
        compiler.compile(new ServicesSpec(ServiceRules.NONE, List.of(service(UDP, "10.0.0.2:53"))), left);
        assertThat(left.touchedSlots()).contains(slot);
    }

    @Test
    void hairpinAnswersComeBackThroughTheService() {
        serve(ServiceSpec.of(key("web"), UDP, List.of(clusterIp(VIP, 53)), backends(CLIENT + ":5353")));
        assertThat(send(udp(4000))).isEqualTo(CLIENT + ":5353");
        assertThat(decision.source()).hasToString("192.168.0.2");
        final int hidden = decision.sourcePort();
        assertThat(send(PacketBuilder.packet()
                        .ethernet()
                        .ip(CLIENT, "192.168.0.2")
                        .udp(5353, hidden)))
                .isEqualTo(CLIENT + ":4000");
        assertThat(decision.source()).hasToString(VIP);
        assertThat(decision.sourcePort()).isEqualTo(53);
    }

    @Test
    void connectionsAndTrafficAreCounted() {
        serve(service(UDP, "10.0.0.1:53"));
        send(udp(4000));
        send(udp(4000));
        send(udp(4001));
        assertThat(status().connections()).isEqualTo(2);
        assertThat(status().chosen()).isEqualTo(2);
        nowNs += 3_600_000_000_000L;
        for (int i = 0; i < 10 && status().connections() > 0; i++) {
            conntrack.table().sweep(nowNs, Integer.MAX_VALUE);
            nowNs += 1_000_000_000L;
        }
        assertThat(status().connections()).isZero();
        assertThat(status().packets()).isEqualTo(3);
        assertThat(status().bytes()).isEqualTo(3 * 28);
    }

    private ServiceStatus.BackendStatus status() {
        return table.statuses().get(0).backends().get(0);
    }
}
