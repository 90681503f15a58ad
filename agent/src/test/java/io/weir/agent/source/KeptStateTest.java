package io.weir.agent.source;

import static io.weir.agent.source.ClusterObjects.namespace;
import static io.weir.agent.source.ClusterObjects.node;
import static io.weir.agent.source.ClusterObjects.pod;
import static io.weir.agent.source.ClusterObjects.policy;
import static io.weir.agent.source.ClusterObjects.service;
import static io.weir.agent.source.ClusterObjects.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.StateText;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a restarted weir knows while its API server is away. */
@Timeout(60)
class KeptStateTest {
    @TempDir
    private Path directory;

    private final ApiFixture api = new ApiFixture();

    @AfterEach
    void stopServer() {
        api.close();
    }

    private ApiSource source() {
        final ApiSource source = new ApiSource(api.client(), null, ClusterObjects.SETTINGS);
        source.keepIn(directory.resolve("cluster-state"));
        return source;
    }

    private static List<String> tables(FollowingNode node) {
        return TablesText.of(
                node.dataplane(),
                node.cluster().pods().values().stream()
                        .map(pod -> IpAddress.parse(pod.getStatus().getPodIP()))
                        .toList());
    }

    private void putCluster() {
        api.put(node(1));
        api.put(namespace("ns-0"));
        api.put(namespace("ns-1"));
        for (int i = 0; i < 500; i += 50) {
            api.put(pod(i));
            api.put(service(i, 80));
            api.put(slice(i, i, i + 1000));
        }
        api.put(policy(0, "t2"));
        api.put(policy(1, "t3"));
        api.put(clusterPolicy());
    }

    private static GenericKubernetesResource clusterPolicy() {
        return new GenericKubernetesResourceBuilder()
                .withApiVersion("policy.networking.k8s.io/v1alpha2")
                .withKind("ClusterNetworkPolicy")
                .withNewMetadata()
                .withName("deny")
                .endMetadata()
                .addToAdditionalProperties("spec", Serialization.unmarshal("""
                        {"tier": "Admin", "priority": 10, "subject": {"namespaces": {"matchLabels": {"team": "ns-1"}}},
                         "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}""", Map.class))
                .build();
    }

    /** Follows until the whole cluster is in force, and ends as SIGTERM does. */
    private List<String> firstLife() throws IOException {
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            node.follow("it is watched", source::isFollowing);
            assertThat(node.cluster().pods()).hasSize(10);
            assertThat(node.cluster().clusterNetworkPolicies()).hasSize(1);
            assertThat(source.unconfirmed()).isZero();
            return tables(node);
        }
    }

    @Test
    void aRestartWhileTheServerIsAwayBringsEverythingBackAndTheListsCorrectIt() throws IOException {
        putCluster();
        final List<String> before = firstLife();
        assertThat(before).filteredOn(line -> line.startsWith("service ")).hasSize(10);
        assertThat(before).filteredOn(line -> line.endsWith(" false")).isNotEmpty();
        api.line().cut();
        api.delete(pod(50));
        api.delete(policy(1, "t3"));
        api.delete(clusterPolicy());
        api.put(policy(0, "t5"));
        api.put(service(100, 443));
        api.put(pod(600));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            assertThat(source.isFollowing()).isFalse();
            assertThat(tables(node)).isEqualTo(before);
            assertThat(source.unconfirmed()).isEqualTo(36);

            api.line().mend();
            node.follow("the lists", () -> source.isFollowing() && source.unconfirmed() == 0);
            // each kind is listed by itself, and what is listed is in force a moment later
            node.follow("the difference", () -> {
                final ClusterState now = node.cluster();
                return now.pods().containsKey("ns-0/pod-600")
                        && !now.pods().containsKey("ns-2/pod-50")
                        && now.clusterNetworkPolicies().isEmpty()
                        && now.networkPolicies().size() == 1
                        && now.networkPolicies().toString().contains("t5")
                        && now.services().values().stream()
                                .anyMatch(each ->
                                        each.getSpec().getPorts().getFirst().getPort() == 443);
            });
            assertThat(node.dataplane().podPorts()).doesNotContainKey("ns-2/pod-50");
            assertThat(node.cluster().networkPolicies()).hasSize(1);
            try (ApiSource fresh = new ApiSource(api.client(), null, ClusterObjects.SETTINGS);
                    FollowingNode other = new FollowingNode(fresh)) {
                assertThat(tables(node)).isEqualTo(tables(other)).isNotEqualTo(before);
            }
        }
    }

    @Test
    void whatAKilledWeirKeptIsAtMostAPauseOld() throws IOException {
        putCluster();
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            node.follow("it is watched", source::isFollowing);
            api.delete(pod(50));
            node.follow("a pod less", () -> node.cluster().pods().size() == 9);
            // nobody closes the source before the file is read
            final KeptState file = new KeptState(directory.resolve("cluster-state"));
            FollowingNode.await("it is in the file", () -> {
                LockSupport.parkNanos(20_000_000);
                final KeptState.Kept kept = file.read();
                return kept != null && kept.state().pods().size() == 9;
            });
        }
    }

    @Test
    void aServerThatAnswersIsBelievedAtOnce() throws IOException {
        putCluster();
        final List<String> before = firstLife();
        api.delete(policy(1, "t3"));
        try (ApiSource source = source()) {
            FollowingNode.await("the lists", source::isComplete);
            assertThat(source.load().cluster().networkPolicies()).hasSize(1);
            assertThat(source.unconfirmed()).isZero();
        }
        assertThat(before).isNotEmpty();
    }

    @Test
    void aDamagedFileIsNotUsed() throws IOException {
        putCluster();
        final List<String> before = firstLife();
        final Path file = directory.resolve("cluster-state");
        final byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        api.line().cut();
        try (ApiSource source = source()) {
            final long end = System.nanoTime() + 500_000_000L;
            while (System.nanoTime() - end < 0) {
                assertThat(source.isComplete() || source.beginsWithKept()).isFalse();
                LockSupport.parkNanos(1_000_000);
            }
            api.line().mend();
            try (FollowingNode node = new FollowingNode(source)) {
                assertThat(tables(node)).isEqualTo(before);
            }
        }
    }

    @Test
    void everyKindComesBackAsItWas() throws IOException {
        final ClusterState.Builder builder = ClusterState.builder();
        List.of(node(1), namespace("a"), pod(1), service(1, 80), slice(1, 1), policy(1, "x"), clusterPolicy())
                .forEach(builder::put);
        final ClusterState state = builder.build();
        final ClusterState back = StateText.read(StateText.write(state));
        assertThat(back.all().map(Serialization::asJson).toList())
                .isEqualTo(state.all().map(Serialization::asJson).toList())
                .hasSize(7);
        assertThat(Objects.requireNonNull(back.clusterNetworkPolicies().get("deny")))
                .isEqualTo(state.clusterNetworkPolicies().get("deny"));
    }
}
