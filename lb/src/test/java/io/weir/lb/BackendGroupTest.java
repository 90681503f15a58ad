package io.weir.lb;

import static io.weir.lb.ServiceScene.TCP;
import static io.weir.lb.ServiceScene.clusterIp;
import static io.weir.lb.ServiceScene.ip;
import static io.weir.lb.ServiceScene.key;
import static io.weir.lb.ServiceScene.withScheduler;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BackendGroupTest {
    private final ServiceScene scene = new ServiceScene();

    @AfterEach
    void close() {
        scene.close();
    }

    private static ServiceSpec weighted(Scheduler scheduler, int... weights) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            backends.add(
                    new BackendSpec(ip("10.0.0." + (i + 1)), 80, weights[i], true, false, EndpointState.READY, "", ""));
        }
        return withScheduler(
                ServiceSpec.of(key("web"), TCP, List.of(clusterIp("172.30.0.1", 80)), backends), scheduler, 0);
    }

    private Map<String, Integer> counts(int connections) {
        return scene.outcomes(connections, "10.9.9.9", "172.30.0.1", 80);
    }

    @Test
    void roundRobinTakesEachInTurn() {
        scene.serve(weighted(Scheduler.ROUND_ROBIN, 1, 1, 1));
        assertThat(counts(30))
                .containsOnly(Map.entry("10.0.0.1:80", 10), Map.entry("10.0.0.2:80", 10), Map.entry("10.0.0.3:80", 10));
    }

    @Test
    void roundRobinKeepsItsTurnOverAChange() {
        scene.serve(weighted(Scheduler.ROUND_ROBIN, 1, 1));
        counts(1);
        scene.serve(weighted(Scheduler.ROUND_ROBIN, 1, 1, 1));
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("10.0.0.2:80");
    }

    @Test
    void weightedRoundRobinServesByWeightAndSpreadsEvenly() {
        scene.serve(weighted(Scheduler.WEIGHTED_ROUND_ROBIN, 4, 2, 2));
        assertThat(counts(40))
                .containsOnly(Map.entry("10.0.0.1:80", 20), Map.entry("10.0.0.2:80", 10), Map.entry("10.0.0.3:80", 10));
        assertThat(BackendGroup.sequence(new int[] {4, 2, 2})).containsExactly((char) 0, (char) 1, (char) 2, (char) 0);
    }

    @Test
    void weightsThatDoNotFitAreScaledAndNobodyIsForgotten() {
        final char[] sequence = BackendGroup.sequence(new int[] {65535, 65533, 1});
        assertThat(sequence.length).isLessThanOrEqualTo(4097);
        assertThat(new String(sequence)).contains("\0", "\1", "\2");
    }

    @Test
    void leastConnectionsPrefersTheIdle() {
        scene.serve(weighted(Scheduler.LEAST_CONNECTIONS, 1, 1, 1));
        for (int i = 0; i < 30; i++) {
            scene.outcome(TCP, "10.9.9.9", 2000 + i, "172.30.0.1", 80);
            scene.states.opened(scene.decision.backend());
        }
        final List<ServiceStatus.BackendStatus> backends =
                scene.stage.table().statuses().get(0).backends();
        assertThat(backends)
                .extracting(ServiceStatus.BackendStatus::connections)
                .containsOnly(10L);
        for (int i = 0; i < 5; i++) {
            scene.states.closed(backends.get(1).id(), 3, 180);
        }
        assertThat(scene.tcp("10.9.9.9", "172.30.0.1", 80)).isEqualTo("10.0.0.2:80");
        final ServiceStatus.BackendStatus idle =
                scene.stage.table().statuses().get(0).backends().get(1);
        assertThat(idle.connections()).isEqualTo(5);
        assertThat(idle.packets()).isEqualTo(15);
        assertThat(idle.bytes()).isEqualTo(900);
    }

    @Test
    void leastConnectionsObeysWeights() {
        scene.serve(weighted(Scheduler.LEAST_CONNECTIONS, 3, 1));
        for (int i = 0; i < 40; i++) {
            scene.outcome(TCP, "10.9.9.9", 2000 + i, "172.30.0.1", 80);
            scene.states.opened(scene.decision.backend());
        }
        assertThat(scene.stage.table().statuses().get(0).backends())
                .extracting(ServiceStatus.BackendStatus::connections)
                .containsExactly(30L, 10L);
    }

    @Test
    void sourceHashIgnoresPorts() {
        scene.serve(weighted(Scheduler.SOURCE_HASH, 1, 1, 1, 1));
        assertThat(counts(50)).hasSize(1);
        final Set<String> seen = new HashSet<>();
        for (int i = 0; i < 60; i++) {
            seen.add(scene.tcp("10.9.9." + i, "172.30.0.1", 80));
        }
        assertThat(seen).hasSize(4);
    }
}
