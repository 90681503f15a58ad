package io.weir.agent.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against fabric8's server, which stores objects and answers watches. */
@Timeout(60)
class KubeSubnetRegistryTest {
    private static final NetConf CONF =
            NetConf.parse("{\"Network\":\"10.244.0.0/16\",\"Backend\":{\"Type\":\"vxlan\"}}");
    private static final FlannelAnnotations NAMES = FlannelAnnotations.of(FlannelAnnotations.DEFAULT_PREFIX);
    private static final LeaseAttributes OWN = new LeaseAttributes(
            IpAddress.parse("192.168.1.10"), null, "vxlan", "{\"VNI\":1,\"VtepMAC\":\"aa:bb:cc:dd:ee:ff\"}", null);

    /** The stored objects know no strategic merge patch; it is answered without being carried out. */
    private static final class StatusPatchDispatcher extends KubernetesCrudDispatcher {
        @Override
        public MockResponse dispatch(RecordedRequest request) {
            final String type = request.getHeader("Content-Type");
            if (type == null || !type.startsWith("application/strategic-merge-patch+json")) {
                return super.dispatch(request);
            }
            return new MockResponse()
                    .setResponseCode(200)
                    .setBody("{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"node-1\"}}");
        }
    }

    private KubernetesMockServer server;
    private KubernetesClient client;

    @BeforeEach
    void startServer() {
        server = new KubernetesMockServer(
                new Context(), new MockWebServer(), new HashMap<>(), new StatusPatchDispatcher(), false);
        server.init();
        client = server.createClient();
    }

    @AfterEach
    void stopServer() {
        client.close();
        server.destroy();
    }

    private static Node node(String name, @Nullable String podCidr, Map<String, String> annotations) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withPodCIDR(podCidr)
                .withPodCIDRs(podCidr == null ? List.of() : List.of(podCidr))
                .endSpec()
                .build();
    }

    /** As flanneld leaves a node (field-facts G2). */
    private static Map<String, String> flanneld(String address, String mac) {
        return Map.of(
                "flannel.alpha.coreos.com/kube-subnet-manager",
                "true",
                "flannel.alpha.coreos.com/backend-type",
                "vxlan",
                "flannel.alpha.coreos.com/backend-data",
                "{\"VNI\":1,\"VtepMAC\":\"" + mac + "\"}",
                "flannel.alpha.coreos.com/public-ip",
                address);
    }

    private void create(Node node) {
        client.nodes().resource(node).create();
    }

    private KubeSubnetRegistry registry(NetConf conf) {
        return new KubeSubnetRegistry(client, "node-1", NAMES, conf);
    }

    /** The last patch that the server got. */
    private RecordedRequest lastPatch() throws InterruptedException {
        RecordedRequest last = null;
        for (RecordedRequest request = server.takeRequest(1, TimeUnit.SECONDS);
                request != null;
                request = server.takeRequest(200, TimeUnit.MILLISECONDS)) {
            last = "PATCH".equals(request.getMethod()) ? request : last;
        }
        return java.util.Objects.requireNonNull(last, "no PATCH");
    }

    private static void eventually(Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 400; i++) {
            if (condition.call()) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("did not happen within 20 s");
    }

    @Test
    void annotationsAreWrittenAsFlanneldWritesThem() throws Exception {
        create(node("node-1", "10.244.1.0/24", Map.of("other", "stays")));
        final SubnetLease lease = registry(CONF).acquire(OWN);
        assertThat(lease).isEqualTo(new SubnetLease(IpPrefix.parse("10.244.1.0/24"), null, OWN));
        final RecordedRequest patch = lastPatch();
        assertThat(patch.getPath()).startsWith("/api/v1/nodes/node-1/status");
        assertThat(patch.getHeader("Content-Type")).startsWith("application/strategic-merge-patch+json");
        assertThat(patch.getUtf8Body())
                .isEqualTo("{\"metadata\":{\"annotations\":{"
                        + "\"flannel.alpha.coreos.com/backend-type\":\"vxlan\","
                        + "\"flannel.alpha.coreos.com/public-ip\":\"192.168.1.10\","
                        + "\"flannel.alpha.coreos.com/backend-data\":"
                        + "\"{\\\"VNI\\\":1,\\\"VtepMAC\\\":\\\"aa:bb:cc:dd:ee:ff\\\"}\","
                        + "\"flannel.alpha.coreos.com/kube-subnet-manager\":\"true\"}}}");
    }

    @Test
    void annotationsThatAreRightAreLeftAloneAndTheVtepMacIsFound() throws Exception {
        create(node("node-1", "10.244.1.0/24", flanneld("192.168.1.10", "aa:bb:cc:dd:ee:ff")));
        final KubeSubnetRegistry registry = registry(CONF);
        registry.acquire(OWN);
        assertThatThrownBy(this::lastPatch).hasMessage("no PATCH");
        final LeaseAttributes published = registry.published();
        assertThat(published).isNotNull();
        assertThat(published == null ? null : published.backendData())
                .isEqualTo("{\"VNI\":1,\"VtepMAC\":\"aa:bb:cc:dd:ee:ff\"}");
    }

    @Test
    void dualStackAndHostGwAndOverwrittenAddresses() throws Exception {
        create(new NodeBuilder(node("node-1", "10.244.1.0/24", Map.of(NAMES.publicIpOverwrite(), "1.2.3.4")))
                .editSpec()
                .withPodCIDRs("10.244.1.0/24", "fd00:0:0:1::/64")
                .endSpec()
                .build());
        final NetConf dual = NetConf.parse("{\"Network\":\"10.244.0.0/16\",\"EnableIPv6\":true,"
                + "\"IPv6Network\":\"fd00::/48\",\"Backend\":{\"Type\":\"host-gw\"}}");
        final SubnetLease lease = registry(dual)
                .acquire(new LeaseAttributes(
                        IpAddress.parse("192.168.1.10"), IpAddress.parse("fd01::10"), "host-gw", null, null));
        assertThat(lease.ipv6Subnet()).isEqualTo(IpPrefix.parse("fd00:0:0:1::/64"));
        assertThat(lease.attributes().publicIp()).isEqualTo(IpAddress.parse("1.2.3.4"));
        assertThat(lastPatch().getUtf8Body())
                .isEqualTo("{\"metadata\":{\"annotations\":{"
                        + "\"flannel.alpha.coreos.com/backend-type\":\"host-gw\","
                        + "\"flannel.alpha.coreos.com/public-ip\":\"1.2.3.4\","
                        + "\"flannel.alpha.coreos.com/backend-data\":\"null\","
                        + "\"flannel.alpha.coreos.com/public-ipv6\":\"fd01::10\","
                        + "\"flannel.alpha.coreos.com/backend-v6-data\":\"null\","
                        + "\"flannel.alpha.coreos.com/kube-subnet-manager\":\"true\"}}}");
    }

    @Test
    void theConditionIsFlannels() throws Exception {
        create(node("node-1", "10.244.1.0/24", Map.of()));
        registry(CONF).announceNetwork(Clock.fixed(Instant.parse("2026-11-22T06:00:00.5Z"), ZoneOffset.UTC));
        final RecordedRequest patch = lastPatch();
        assertThat(patch.getPath()).startsWith("/api/v1/nodes/node-1/status");
        assertThat(patch.getUtf8Body())
                .isEqualTo("{\"status\":{\"conditions\":[{\"type\":\"NetworkUnavailable\",\"status\":\"False\","
                        + "\"lastHeartbeatTime\":\"2026-11-22T06:00:00Z\","
                        + "\"lastTransitionTime\":\"2026-11-22T06:00:00Z\",\"reason\":\"FlannelIsUp\","
                        + "\"message\":\"Flannel is running on this node\"}]}}");
    }

    @Test
    void whatKeepsANodeFromJoiningIsExplained() {
        assertThatThrownBy(() -> registry(CONF).acquire(OWN)).hasMessageContaining("no node node-1");
        create(node("node-1", null, Map.of()));
        assertThatThrownBy(() -> registry(CONF).acquire(OWN)).hasMessageContaining("spec.podCIDRs lacks an IPv4");
        client.nodes().withName("node-1").delete();
        create(node("node-1", "10.99.1.0/24", Map.of()));
        assertThatThrownBy(() -> registry(CONF).acquire(OWN))
                .hasMessageContaining("10.99.1.0/24 is outside of the network 10.244.0.0/16");
    }

    @Test
    void otherNodesComeChangeAndGo() throws Exception {
        create(node("node-1", "10.244.1.0/24", flanneld("192.168.1.10", "aa:bb:cc:dd:ee:ff")));
        create(node("node-2", "10.244.2.0/24", flanneld("192.168.1.20", "aa:bb:cc:dd:ee:02")));
        create(node("not-flannel", "10.244.9.0/24", Map.of()));
        final List<Leases> heard = new CopyOnWriteArrayList<>();
        final List<String> taken = new CopyOnWriteArrayList<>();
        try (KubeSubnetRegistry registry = registry(CONF)) {
            registry.acquire(OWN);
            registry.watch(new SubnetRegistry.Listener() {
                @Override
                public void onLeases(Leases leases) {
                    heard.add(leases);
                }

                @Override
                public void onOwnLeaseTaken(String message) {
                    taken.add(message);
                }
            });
            eventually(() -> !heard.isEmpty());
            assertThat(heard.getFirst().byKey()).containsOnlyKeys("10.244.1.0-24", "10.244.2.0-24");

            create(node("node-3", "10.244.3.0/24", flanneld("192.168.1.30", "aa:bb:cc:dd:ee:03")));
            eventually(() -> heard.getLast().byKey().containsKey("10.244.3.0-24"));

            client.nodes()
                    .withName("node-2")
                    .edit(node -> new NodeBuilder(node)
                            .editMetadata()
                            .withAnnotations(flanneld("192.168.1.21", "aa:bb:cc:dd:ee:02"))
                            .endMetadata()
                            .build());
            eventually(() -> heard.getLast().all().stream()
                    .anyMatch(lease -> IpAddress.parse("192.168.1.21")
                            .equals(lease.attributes().publicIp())));

            client.nodes().withName("node-2").delete();
            eventually(() -> !heard.getLast().byKey().containsKey("10.244.2.0-24"));
            assertThat(taken).isEmpty();

            create(node("node-4", "10.244.1.0/24", flanneld("192.168.1.40", "aa:bb:cc:dd:ee:04")));
            eventually(() -> !taken.isEmpty());
            assertThat(taken.getFirst()).contains("10.244.1.0-24", "192.168.1.40");
        }
    }
}
