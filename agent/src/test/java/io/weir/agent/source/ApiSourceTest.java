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
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.weir.agent.cluster.ClusterState;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The Kubernetes API as a source, against a server with real HTTP watches. */
@Timeout(120)
class ApiSourceTest {
    private static final int PODS = 5_000;
    private static final int SERVICES = 1_000;
    private static final int NODES = ClusterObjects.NODES;

    private final ApiFixture api = new ApiFixture();

    @AfterEach
    void stopServer() {
        api.close();
    }

    private ApiSource source() {
        return new ApiSource(api.client(), null, ClusterObjects.SETTINGS);
    }

    private static List<HasMetadata> cluster() {
        final List<HasMetadata> objects = new ArrayList<>();
        IntStream.range(0, 4).forEach(i -> objects.add(namespace("ns-" + i)));
        IntStream.rangeClosed(1, NODES).forEach(i -> objects.add(node(i)));
        IntStream.range(0, 3).forEach(i -> objects.add(policy(i, "t2")));
        IntStream.range(0, PODS).forEach(i -> objects.add(pod(i)));
        for (int i = 0; i < SERVICES; i++) {
            objects.add(service(i, 80));
            objects.add(slice(i, i, i + 1000, i + 2000));
        }
        return objects;
    }

    /** The same objects, read by a source that has seen nothing else. */
    private List<String> freshTables(List<IpAddress> pods) throws IOException {
        try (ApiSource fresh = source();
                FollowingNode node = new FollowingNode(fresh)) {
            return TablesText.of(node.dataplane(), pods);
        }
    }

    @Test
    void afterThousandsOfChangesTheTablesAreThoseOfAFreshLoad() throws IOException {
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            cluster().forEach(api::put);
            node.follow(
                    "everything created",
                    () -> node.cluster().pods().size() == PODS
                            && node.cluster().endpointSlices().size() == SERVICES);

            final List<HasMetadata> changed = new ArrayList<>();
            final List<HasMetadata> deleted = new ArrayList<>();
            final List<HasMetadata> created = new ArrayList<>();
            for (int i = 0; i < PODS; i += 10) {
                changed.add(pod(i % 100 == 0 ? i + 1 : i, "t2"));
                deleted.add(pod(i + 3));
            }
            for (int i = 0; i < SERVICES; i += 5) {
                changed.add(service(i, 443));
                changed.add(slice(i + 1, i + 1, i + 1001));
                deleted.add(service(i + 2, 80));
                deleted.add(slice(i + 2));
            }
            IntStream.range(PODS, PODS + 200).forEach(i -> created.add(pod(i)));
            changed.add(policy(0, "t3"));
            deleted.add(policy(1, "t2"));
            changed.forEach(api::put);
            deleted.forEach(api::delete);
            created.forEach(api::put);
            api.put(new NamespaceBuilder(namespace("last")).build());
            node.follow("everything changed", () -> {
                final ClusterState now = node.cluster();
                return now.namespaces().containsKey("last")
                        && now.pods().size() == PODS - 500 + 200
                        && now.services().size() == SERVICES - 200
                        && now.endpointSlices().size() == SERVICES - 200
                        && now.networkPolicies().size() == 2
                        && String.valueOf(now.networkPolicies().get("ns-0/p")).contains("t3")
                        && changed.stream().allMatch(object -> isIn(now, object));
            });
            final List<IpAddress> pods = node.cluster().pods().values().stream()
                    .map(pod -> IpAddress.parse(pod.getStatus().getPodIP()))
                    .toList();
            final List<String> tables = TablesText.of(node.dataplane(), pods);
            assertThat(tables).isEqualTo(freshTables(pods));
            assertThat(tables).filteredOn(line -> line.startsWith("service ")).hasSize(SERVICES - 200);
            assertThat(tables).filteredOn(line -> line.startsWith("port ")).hasSizeGreaterThan(90);
            assertThat(tables.stream().filter(line -> line.endsWith(" false")).count())
                    .isBetween(100L, 5_000L);
            // 9 000 events in batches
            assertThat(node.applied()).isLessThan(200);
        }
    }

    private static boolean isIn(ClusterState state, HasMetadata wanted) {
        final String key = ClusterState.keyOf(wanted);
        return switch (wanted) {
            case final Pod pod ->
                known(state.pods().get(key))
                        .getMetadata()
                        .getLabels()
                        .equals(pod.getMetadata().getLabels());
            case final Service service ->
                known(state.services().get(key))
                        .getSpec()
                        .getPorts()
                        .equals(service.getSpec().getPorts());
            case final EndpointSlice slice ->
                known(state.endpointSlices().get(key)).getEndpoints().size()
                        == slice.getEndpoints().size();
            default -> true;
        };
    }

    @Test
    void aServerThatIsAwayStopsNothingAndItsListTellsTheDifference() throws IOException {
        api.put(node(1));
        api.put(namespace("ns-0"));
        api.put(pod(0));
        api.put(pod(100));
        api.put(service(1, 80));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            assertThat(node.dataplane().podPorts()).containsOnlyKeys("ns-0/pod-0", "ns-0/pod-100");
            node.follow("it is watched", source::isFollowing);

            api.line().cut();
            node.follow("the cut is noticed", () -> !source.isFollowing());
            final int before = api.line().accepted();
            api.delete(pod(100));
            api.delete(service(1, 80));
            api.put(pod(200));
            api.forgetHistory();
            node.follow("it is tried again", () -> api.line().accepted() > before);
            assertThat(node.dataplane().podPorts()).containsOnlyKeys("ns-0/pod-0", "ns-0/pod-100");

            api.line().mend();
            node.follow(
                    "the difference is caught up",
                    () -> node.dataplane().podPorts().keySet().equals(java.util.Set.of("ns-0/pod-0", "ns-0/pod-200"))
                            && known(node.dataplane().services()).statuses().isEmpty());
            node.follow("it is watched again", source::isFollowing);
            api.put(pod(300));
            node.follow("a change", () -> node.dataplane().podPorts().containsKey("ns-0/pod-300"));
        }
    }

    @Test
    void aServerThatDoesNotAnswerIsWaitedForWithoutStandingStill() throws IOException {
        api.put(node(1));
        api.put(pod(0));
        api.line().stop();
        try (ApiSource source = source()) {
            final long begin = System.nanoTime();
            assertThat(source.isComplete()).isFalse();
            assertThat(source.hasSettledChange(begin)).isFalse();
            assertThat(System.nanoTime() - begin).isLessThan(1_000_000_000L);
            api.line().go();
            FollowingNode.await("the first state", source::isComplete);
            assertThat(source.load().cluster().pods()).containsOnlyKeys("ns-0/pod-0");
        }
    }

    @Test
    void aBadObjectIsLeftOutAndItsGoodVersionStays() throws IOException {
        api.put(node(1));
        api.put(pod(0));
        api.put(service(1, 80));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            final Pod bad = new PodBuilder(pod(100))
                    .editStatus()
                    .withPodIP("10.0.0.300")
                    .withPodIPs()
                    .endStatus()
                    .build();
            api.put(bad);
            final NetworkPolicy closing = policy(0, "t2");
            api.put(closing);
            api.put(pod(200));
            node.follow(
                    "the good ones",
                    () -> node.dataplane().podPorts().containsKey("ns-0/pod-200")
                            && node.cluster().networkPolicies().size() == 1);
            assertThat(node.dataplane().podPorts()).doesNotContainKey("ns-0/pod-100");
            assertThat(source.leftOut()).isEqualTo(1);

            final NetworkPolicy broken = new NetworkPolicyBuilder(closing)
                    .editSpec()
                    .editIngress(0)
                    .withFrom()
                    .addNewFrom()
                    .withNewIpBlock()
                    .withCidr("10.0.0.0/99")
                    .endIpBlock()
                    .endFrom()
                    .endIngress()
                    .endSpec()
                    .build();
            api.put(broken);
            api.put(pod(300));
            node.follow(
                    "the others",
                    () -> node.dataplane().podPorts().containsKey("ns-0/pod-300") && source.leftOut() == 2);
            assertThat(known(node.cluster().networkPolicies().get("ns-0/p")).getSpec())
                    .isEqualTo(closing.getSpec());

            api.put(pod(100));
            api.put(policy(0, "t5"));
            node.follow(
                    "they are good again",
                    () -> source.leftOut() == 0 && node.dataplane().podPorts().containsKey("ns-0/pod-100"));
            assertThat(known(node.cluster().networkPolicies().get("ns-0/p")).getSpec())
                    .isEqualTo(policy(0, "t5").getSpec());
        }
    }

    @Test
    void aPodOfTheApiCannotChooseItsNetworkNamespace() throws IOException {
        api.put(node(1));
        api.put(new PodBuilder(pod(0))
                .editMetadata()
                .addToAnnotations("weir.io/netns", "1")
                .addToAnnotations("example.com/kept", "yes")
                .endMetadata()
                .build());
        try (ApiSource source = source()) {
            FollowingNode.await("the first state", source::isComplete);
            assertThat(Objects.requireNonNull(source.load().cluster().pods().get("ns-0/pod-0"))
                            .getMetadata()
                            .getAnnotations())
                    .containsOnlyKeys("example.com/kept");
        }
    }

    @Test
    void twoPodsOfOneAddressDisputeUntilOneGoes() throws IOException {
        api.put(node(1));
        api.put(pod(0));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            final Pod second = new PodBuilder(pod(0))
                    .editMetadata()
                    .withName("pod-x")
                    .endMetadata()
                    .build();
            api.put(second);
            api.put(pod(100));
            node.follow("the other", () -> node.dataplane().podPorts().containsKey("ns-0/pod-100"));
            node.follow("the second is left out", () -> source.leftOut() == 1);
            assertThat(node.dataplane().podPorts()).containsOnlyKeys("ns-0/pod-0", "ns-0/pod-100");
            api.delete(pod(0));
            node.follow(
                    "the second has the address",
                    () -> node.dataplane().podPorts().keySet().equals(java.util.Set.of("ns-0/pod-x", "ns-0/pod-100")));
        }
    }

    @Test
    void withoutTheKindOfClusterPoliciesTheRestIsFollowed() throws IOException {
        api.withoutClusterPolicies();
        api.put(node(1));
        api.put(pod(0));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            assertThat(node.dataplane().podPorts()).containsOnlyKeys("ns-0/pod-0");
            node.follow("it is watched", source::isFollowing);
        }
    }

    @Test
    void clusterPoliciesAreFollowed() throws IOException {
        api.put(node(1));
        try (ApiSource source = source();
                FollowingNode node = new FollowingNode(source)) {
            final GenericKubernetesResource policy = new GenericKubernetesResourceBuilder()
                    .withApiVersion("policy.networking.k8s.io/v1alpha2")
                    .withKind("ClusterNetworkPolicy")
                    .withNewMetadata()
                    .withName("deny")
                    .endMetadata()
                    .addToAdditionalProperties("spec", Serialization.unmarshal("""
                            {"tier": "Admin", "priority": 10, "subject": {"namespaces": {}},
                             "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}""", Map.class))
                    .build();
            api.put(policy);
            node.follow(
                    "the policy", () -> node.cluster().clusterNetworkPolicies().containsKey("deny"));
            assertThat(source.leftOut()).isZero();
        }
    }

    private static <T> T known(@Nullable T object) {
        return Objects.requireNonNull(object);
    }
}
