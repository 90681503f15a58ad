package io.weir.agent.source;

import static io.weir.agent.source.ClusterObjects.namespace;
import static io.weir.agent.source.ClusterObjects.node;
import static io.weir.agent.source.ClusterObjects.pod;
import static io.weir.agent.source.ClusterObjects.policy;
import static io.weir.agent.source.ClusterObjects.service;
import static io.weir.agent.source.ClusterObjects.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.PlainCounterMemory;
import io.weir.agent.simulation.SimulatedPorts;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pods, Services and policies come, change and go, thousands of times: what the node needs for them goes with them. */
@Timeout(120)
class ChurnTest {
    private static final int ROUNDS = Integer.getInteger("weir.churn.rounds", 1_500);
    private static final int WARM_ROUNDS = 100;

    /** What may be more after the last round than after the first ones, for all rounds together: caches of the JDK and the JIT. */
    private static final long HEAP_BYTES = 1 << 20;

    /** Each round has names and addresses of its own, in turns over 10,000 addresses. */
    private static List<HasMetadata> created(int round) {
        final List<HasMetadata> objects = new ArrayList<>();
        final int first = round * 50 % 10_000;
        for (int i = 0; i < 4; i++) {
            objects.add(pod(first + i * 50, "t1"));
            objects.add(pod(first + i * 50 + 7, "t" + round % 5));
            objects.add(service(first + i, 80));
            objects.add(slice(first + i, first, first + 50));
        }
        objects.add(namespace("extra-" + round % 50));
        for (int i = 0; i < 4; i++) {
            objects.add(policy(i, "t" + round % 7));
        }
        return objects;
    }

    private static List<HasMetadata> changed(int round) {
        final List<HasMetadata> objects = new ArrayList<>();
        final int first = round * 50 % 10_000;
        objects.add(pod(first, "t3"));
        objects.add(service(first + 1, 443));
        objects.add(slice(first + 2, first + 7));
        objects.add(policy(round % 4, "changed-" + round % 3));
        return objects;
    }

    /** What a node holds. */
    private record Level(long heap, long offHeap, int ports, int descriptors) {
        static Level now(NodeDataplane node) throws IOException {
            long used = Long.MAX_VALUE;
            for (int i = 0; i < 4; i++) {
                System.gc();
                used = Math.min(
                        used,
                        Runtime.getRuntime().totalMemory()
                                - Runtime.getRuntime().freeMemory());
            }
            return new Level(
                    used,
                    OffHeap.allocatedBytes(),
                    (int) node.dataplane().ingresses().stream()
                            .filter(Objects::nonNull)
                            .count(),
                    openDescriptors());
        }

        private static int openDescriptors() throws IOException {
            try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
                return (int) all.count();
            }
        }
    }

    @Test
    void theTablesOfThousandsOfChangesLeaveNothingBehind() throws IOException {
        final LoadedConfig empty = new LoadedConfig(
                ClusterState.EMPTY,
                NodeConfigReader.read(NodeConfigReader.EMPTY, ClusterObjects.SETTINGS),
                Origin.of("the test"),
                List.of());
        final ClusterState.Builder state = ClusterState.builder();
        state.put(node(1));
        for (int i = 0; i < 4; i++) {
            state.put(namespace("ns-" + i));
        }
        final LocalNode first = LocalNode.of(with(empty, state));
        try (PlainCounterMemory counters = new PlainCounterMemory();
                NodeDataplane node = new NodeDataplane(
                        first,
                        NodeDataplane.settings(first.config(), ThreadingMode.INVOKER),
                        SystemNanoClock.INSTANCE,
                        counters,
                        new SimulatedPorts(first.config().ports(), Outbox.NONE))) {
            node.apply(first);
            Level early = Level.now(node);
            for (int round = 0; round < ROUNDS; round++) {
                if (round == WARM_ROUNDS) {
                    early = Level.now(node);
                }
                created(round).forEach(state::put);
                apply(node, with(empty, state));
                changed(round).forEach(state::put);
                apply(node, with(empty, state));
                created(round).forEach(state::remove);
                apply(node, with(empty, state));
            }
            final Level late = Level.now(node);
            System.out.println("after " + WARM_ROUNDS + " rounds " + early + ", after " + ROUNDS + " " + late);
            assertThat(late.offHeap).isEqualTo(early.offHeap);
            assertThat(late.ports).isEqualTo(early.ports);
            assertThat(late.heap - early.heap).as("bytes of heap").isLessThan(HEAP_BYTES);
        }
    }

    private static LoadedConfig with(LoadedConfig config, ClusterState.Builder state) {
        return new LoadedConfig(state.build(), config.node(), config.nodeOrigin(), config.warnings());
    }

    private static void apply(NodeDataplane node, LoadedConfig config) {
        node.apply(LocalNode.of(config));
        node.dataplane().step();
        node.poll(System.nanoTime());
    }

    @Test
    void whatAServerTellsOfIsForgottenWhenItGoes() throws IOException {
        try (ApiFixture api = new ApiFixture()) {
            api.put(node(1));
            for (int i = 0; i < 4; i++) {
                api.put(namespace("ns-" + i));
            }
            try (ApiSource source = new ApiSource(api.client(), null, ClusterObjects.SETTINGS);
                    FollowingNode node = new FollowingNode(source)) {
                node.follow("it is watched", source::isFollowing);
                Level early = Level.now(node.dataplane());
                for (int round = 0; round < 60; round++) {
                    if (round == 20) {
                        early = Level.now(node.dataplane());
                    }
                    if (round % 10 == 5) {
                        api.forgetHistory();
                        api.line().hangUp();
                        node.follow("it is cut off", () -> !source.isFollowing());
                        api.line().mend();
                        node.follow("it is watched again", source::isFollowing);
                        LockSupport.parkNanos(300_000_000L); // the server's side of a watch is opened a little later
                    }
                    final List<HasMetadata> objects = created(round);
                    objects.forEach(api::put);
                    node.follow(
                            "they come", () -> node.cluster().networkPolicies().size() == 4);
                    changed(round).forEach(api::put);
                    objects.forEach(api::delete);
                    node.follow(
                            "they go",
                            () -> node.cluster().networkPolicies().isEmpty()
                                    && node.cluster().pods().isEmpty()
                                    && node.cluster().services().isEmpty()
                                    && node.cluster().endpointSlices().isEmpty());
                }
                node.follow("it is watched", source::isFollowing);
                final Level late = Level.now(node.dataplane());
                System.out.println("by HTTP, after 20 rounds " + early + ", after 60 " + late);
                assertThat(late.offHeap).isEqualTo(early.offHeap);
                assertThat(late.ports).isEqualTo(early.ports);
                assertThat(late.descriptors).isLessThan(early.descriptors + 30);
                assertThat(late.heap - early.heap).as("bytes of heap").isLessThan(HEAP_BYTES);
            }
        }
    }
}
