package io.weir.lb;

import static io.weir.lb.ServiceScene.TCP;
import static io.weir.lb.ServiceScene.UDP;
import static io.weir.lb.ServiceScene.backends;
import static io.weir.lb.ServiceScene.clusterIp;
import static io.weir.lb.ServiceScene.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServiceCompilerTest {
    private final ServiceScene scene = new ServiceScene();

    @AfterEach
    void close() {
        scene.close();
    }

    private static ServiceSpec service(String name, int protocol, int number, String... backendTexts) {
        return ServiceSpec.of(
                key(name), protocol, List.of(clusterIp("172.30.0." + number, 80)), backends(backendTexts));
    }

    private int backendFor(int protocol, String destination) {
        scene.outcome(protocol, "10.9.9.9", 1024, destination, 80);
        return scene.decision.backend();
    }

    @Test
    void nothingChangesWhenTheSpecDoesNot() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        assertThat(scene.changes.isEmpty()).isTrue();
    }

    @Test
    void anEndpointChangeTouchesItsOwnServiceOnly() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80", "10.0.0.2:80"), service("b", TCP, 2, "10.0.1.1:80"));
        final int b = backendFor(TCP, "172.30.0.2");
        final int bSlot = scene.states.versionSlot(b);
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"), service("b", TCP, 2, "10.0.1.1:80"));
        assertThat(scene.changes.touchedSlots()).hasSize(2).doesNotContain(bSlot);
        assertThat(scene.changes.releasedSlots()).hasSize(1);
        assertThat(backendFor(TCP, "172.30.0.2")).isEqualTo(b);
        assertThat(scene.states.isGone(b)).isFalse();
    }

    @Test
    void aNewEndpointLeavesEstablishedFlowsAlone() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final int old = backendFor(TCP, "172.30.0.1");
        scene.serve(service("a", TCP, 1, "10.0.0.1:80", "10.0.0.2:80"));
        assertThat(scene.changes.touchedSlots()).doesNotContain(scene.states.versionSlot(old));
        assertThat(scene.states.isGone(old)).isFalse();
    }

    @Test
    void aBackendKeepsItsIdAsLongAsItIsThere() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final int id = backendFor(TCP, "172.30.0.1");
        // It is not chosen any more, but its pod is still there: connections stay.
        final BackendSpec leaving =
                new BackendSpec(ServiceScene.ip("10.0.0.1"), 80, 1, false, false, EndpointState.TERMINATING, "", "");
        final ServiceSpec draining = ServiceSpec.of(
                key("a"),
                TCP,
                List.of(clusterIp("172.30.0.1", 80)),
                List.of(leaving, backends("10.0.0.2:80").get(0)));
        scene.serve(draining);
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("10.0.0.2:80");
        assertThat(scene.states.isGone(id)).isFalse();
        scene.serve(service("a", TCP, 1, "10.0.0.2:80"));
        assertThat(scene.states.isGone(id)).isTrue();
    }

    @Test
    void aBackendThatComesBackIsAnother() {
        scene.serve(service("a", UDP, 1, "10.0.0.1:80"));
        final int first = backendFor(UDP, "172.30.0.1");
        scene.serve(service("a", UDP, 1));
        scene.serve(service("a", UDP, 1, "10.0.0.1:80"));
        assertThat(scene.states.isGone(first)).isTrue();
        assertThat(backendFor(UDP, "172.30.0.1")).isNotEqualTo(first);
    }

    @Test
    void aDeletedServiceEndsUdpAtOnceAndLetsTcpLive() {
        scene.serve(service("t", TCP, 1, "10.0.0.1:80"), service("u", UDP, 2, "10.0.0.1:80"));
        final int tcp = backendFor(TCP, "172.30.0.1");
        final int udp = backendFor(UDP, "172.30.0.2");
        scene.serve();
        assertThat(scene.states.isGone(tcp)).isFalse();
        assertThat(scene.states.isGone(udp)).isTrue();
        assertThat(scene.states.inUse()).isZero();
        assertThat(scene.stage.table().size()).isZero();
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("untouched");
    }

    @Test
    void aCachedFlowDependsOnItsBackend() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final int id = backendFor(TCP, "172.30.0.1");
        assertThat(scene.decision.dependencyCount()).isEqualTo(1);
        assertThat(scene.decision.dependency(0)).isEqualTo(scene.states.versionSlot(id));
    }

    @Test
    void aFlowToNowhereDependsOnTheAddresses() {
        scene.serve();
        scene.tcp("10.9.9.9", "172.30.0.1", 80);
        final int slot = scene.decision.dependency(0);
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        assertThat(scene.changes.touchedSlots()).contains(slot);
        scene.serve(service("a", TCP, 1, "10.0.0.2:80"));
        assertThat(scene.changes.touchedSlots()).doesNotContain(slot);
    }

    @Test
    void aPortThatChangesItsProtocolStartsAnew() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final int id = backendFor(TCP, "172.30.0.1");
        scene.serve(service("a", UDP, 1, "10.0.0.1:80"));
        assertThat(scene.states.isGone(id)).isTrue();
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("ANSWER service-port-unknown");
        assertThat(scene.outcome(UDP, "10.9.9.9", 1, "172.30.0.1", 80)).isEqualTo("10.0.0.1:80");
    }

    @Test
    void anOldTableStillAnswersWhileWorkersHoldIt() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final ServiceStage old = scene.stage;
        scene.serve(service("b", TCP, 2, "10.0.0.3:80"));
        scene.stage = old;
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("10.0.0.1:80");
    }

    @Test
    void aBadSpecChangesNothing() {
        scene.serve(service("a", TCP, 1, "10.0.0.1:80"));
        final int id = backendFor(TCP, "172.30.0.1");
        assertThatThrownBy(() -> scene.serve(service("b", TCP, 1), service("b", TCP, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("default/b occurs twice");
        assertThat(scene.states.isGone(id)).isFalse();
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("10.0.0.1:80");
    }

    @Test
    void tooManyBackendsChangeNothing() {
        try (VersionSlots slots = new VersionSlots(100);
                BackendTable states = new BackendTable(2);
                AffinityTable affinity = new AffinityTable(1)) {
            final ServiceCompiler compiler = new ServiceCompiler(slots, states, affinity);
            final ServicesSpec three = new ServicesSpec(
                    ServiceRules.NONE, List.of(service("a", TCP, 1, "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80")));
            assertThatThrownBy(() -> compiler.compile(three, new Changes()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("3 backends");
            // Replacing both at once fits, because the old ones go first.
            for (int i = 0; i < 5000; i++) {
                final ServiceTable table = compiler.compile(
                        new ServicesSpec(
                                ServiceRules.NONE,
                                List.of(service(
                                        "a", TCP, 1, "10.0." + i % 250 + ".1:80", "10.0." + i % 250 + ".2:80"))),
                        freeing(slots));
                assertThat(table.size()).isEqualTo(1);
                assertThat(states.inUse()).isEqualTo(2);
            }
        }
    }

    /** Gives slots back at once, as the conductor would after the workers have passed on. */
    private final List<Changes> pending = new ArrayList<>();

    private Changes freeing(VersionSlots slots) {
        for (final Changes changes : pending) {
            changes.releasedSlots().forEachOrderedInt(slots::release);
        }
        pending.clear();
        final Changes changes = new Changes();
        pending.add(changes);
        return changes;
    }

    @Test
    void affinityTableForgetsTheOldestWhenASetIsFull() {
        try (AffinityTable table = new AffinityTable(7)) {
            assertThat(table.capacity()).isEqualTo(7);
            for (int i = 0; i < 8; i++) {
                table.remember(0, i, 1, 100 + i, i);
            }
            assertThat(table.find(0, 0, 1, 1000, 10)).isEqualTo(AffinityTable.MISSING);
            assertThat(table.find(0, 7, 1, 1000, 10)).isEqualTo(107);
            assertThat(table.find(0, 7, 2, 1000, 10)).isEqualTo(AffinityTable.MISSING);
            assertThat(table.evictions()).isEqualTo(1);
        }
    }

    @Test
    void establishedPacketsPassWhateverTheTable() {
        scene.serve();
        assertThat(scene.ask(ConnectionState.ESTABLISHED, TCP, "10.9.9.9", 1, "172.30.0.1", 80))
                .isEqualTo(Verdict.CONTINUE);
    }
}
