package io.weir.agent.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.offload.OffloadedFlow;
import io.weir.dataplane.wire.IpAddress;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections by way of a Service's address: what the kernel is told, and what the Service's changes do to them. */
final class OffloadedServiceTest {
    private static final String SERVICE = "10.96.0.9";
    private static final String SERVICE_6 = "fd00:96::9";

    @TempDir
    private Path directory;

    private OffloadNode node;

    @BeforeEach
    void start() {
        node = new OffloadNode(directory);
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private OffloadedFlow flow(OffloadKey key) {
        return Objects.requireNonNull(node.kernel.flows.get(key), key.toString());
    }

    private Talk talk(int clientPort) {
        return Talk.to(node, "client", SERVICE, clientPort);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bothDirectionsGoToTheKernelWithTheirTranslation(boolean ipv6) {
        node.service("", 11);
        final Talk talk =
                Talk.to(node, "client", ipv6 ? SERVICE_6 : SERVICE, 40_000).much();
        final int client = node.port("client").port();
        final int server = node.port("server").port();
        final IpAddress clientAddress = IpAddress.parse(ipv6 ? "fd00:244:0:1::10" : "10.244.1.10");
        final IpAddress serverAddress = IpAddress.parse(ipv6 ? "fd00:244:0:1::11" : "10.244.1.11");
        final IpAddress service = IpAddress.parse(ipv6 ? SERVICE_6 : SERVICE);
        final OffloadKey there = new OffloadKey(client, clientAddress, service, 40_000, 80);
        final OffloadKey back = new OffloadKey(server, serverAddress, clientAddress, 8080, 40_000);
        assertThat(node.kernel.flows.values())
                .containsExactly(
                        new OffloadedFlow(
                                there,
                                back,
                                server,
                                node.port("server").mac(),
                                OffloadNode.station(node.port("server")),
                                1500),
                        new OffloadedFlow(
                                back,
                                there,
                                client,
                                node.port("client").mac(),
                                OffloadNode.station(node.port("client")),
                                1500));
        assertThat(node.kernel.flows.values()).allMatch(OffloadedFlow::isTranslated);
        talk.carried(100, 150_000);
        final ConnectionRecord before = node.connections().getFirst();
        node.turns(1, OffloadNode.SECOND);
        final ConnectionRecord now = node.connections().getFirst();
        assertThat(now.packetsOriginal() - before.packetsOriginal()).isEqualTo(100);
        assertThat(now.packetsReply() - before.packetsReply()).isEqualTo(50);
    }

    /** The answers are the busy direction, and what a worker tells of. */
    @Test
    void aDownloadGoesToTheKernel() {
        node.service("", 11);
        final Talk talk = talk(40_000);
        for (int i = 0; i < 10; i++) {
            talk.back("A", talk.serverSeq, talk.clientSeq, 1000);
            talk.serverSeq += 1000;
            talk.there("A", talk.clientSeq, talk.serverSeq, 0);
        }
        node.nowNs += 1_100_000_000L;
        talk.back("A", talk.serverSeq, talk.clientSeq, 0);
        node.turns(1, 1_000_000);
        assertThat(node.kernel.flows.keySet()).containsExactly(talk.original(), talk.reply());
    }

    /** A node port hides the client behind the node's address: both addresses change, in both directions. */
    @Test
    void aMasqueradedConnectionGoesToTheKernel() {
        node.service("externalIPs: [172.31.0.1]", 11);
        final Talk talk = Talk.to(node, "client", "172.31.0.1", 40_000).much();
        assertThat(talk.isOffloaded()).isTrue();
        final OffloadKey back = talk.reply();
        assertThat(back.destination()).isEqualTo(IpAddress.parse("192.168.0.1"));
        assertThat(flow(back).answers()).isEqualTo(talk.original());
    }

    /** A pod that reaches itself by its Service: in and out by one port. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPodThatIsItsOwnBackendIsOffloaded(boolean ipv6) {
        node.service("", 10);
        final Talk talk =
                Talk.to(node, "client", ipv6 ? SERVICE_6 : SERVICE, 40_000).much();
        assertThat(talk.server()).isEqualTo("default/client");
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(node.kernel.flows.values()).allMatch(flow -> flow.key().ingressPort() == flow.egressPort());
        assertThat(talk.reply().destination()).isEqualTo(IpAddress.parse(ipv6 ? "fd00:192::1" : "192.168.0.1"));
        talk.there("FA", talk.clientSeq, talk.serverSeq, 0);
        node.turns(1, 1_000_000);
        assertThat(talk.isOffloaded()).isFalse();
    }

    /** Weir's rule: a connection keeps its backend while that is in the EndpointSlices, whoever else comes or goes. */
    @Test
    void aBackendThatComesOrGoesElsewhereChangesNothing() {
        node.service("", 11);
        final Talk talk = talk(40_000).much();
        node.service("", 11, 12);
        assertThat(talk.isOffloaded()).as("its backend stays").isTrue();
        node.service("", 11);
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(node.value(OffloadCounter.REVOKED)).isZero();
        assertThat(node.connections()).hasSize(1);
    }

    /** The backend leaves the Service: the kernel gives the connection back before the change is in force. */
    @Test
    void aBackendThatGoesTakesItsConnectionsAlong() {
        node.service("", 11);
        final Talk talk = talk(40_000).much();
        final Talk direct = Talk.begin(node, "client", "server", false, 40_001).much();
        node.service("", 12);
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(node.value(OffloadCounter.REVOKED)).isEqualTo(1);
        assertThat(direct.isOffloaded())
                .as("reaches the pod without the Service")
                .isTrue();
        // as without offload: the next segment is decided anew, and the new backend knows no such connection
        assertThat(talk.there("A", talk.clientSeq, talk.serverSeq, 1000)).isNotEqualTo("default/server");
        node.turns(3, 1_000_000);
        assertThat(talk.isOffloaded()).isFalse();
    }

    /** Weir's rule: TCP outlives its Service. */
    @Test
    void aServiceThatGoesLeavesItsConnections() {
        node.service("", 11);
        final Talk talk = talk(40_000).much();
        node.remove("service.yaml");
        node.apply();
        talk.much();
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(talk.server()).isEqualTo("default/server");
        assertThat(node.connections()).hasSize(1);
    }

    @Test
    void aDenyTakesItBack() {
        node.service("", 11);
        final Talk talk = talk(40_000).much();
        assertThat(talk.isOffloaded()).isTrue();
        node.write("policy.yaml", """
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: server, namespace: default}
                spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress]}
                """);
        node.apply();
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(talk.there("A", talk.clientSeq, talk.serverSeq, 1000)).isEmpty();
        assertThat(talk.back("A", talk.serverSeq, talk.clientSeq, 1000))
                .as("answers are judged as their connection")
                .isEmpty();
    }

    /** Many clients, two backends: each connection is handed over to the pod that it was sent to. */
    @Test
    void eachStaysWithTheBackendThatItHas() {
        node.service("", 11, 12);
        for (int port = 1000; port < 1020; port++) {
            final Talk talk = talk(port).much();
            assertThat(talk.isOffloaded()).isTrue();
            assertThat(flow(talk.original()).egressPort())
                    .isEqualTo(talk.reply().ingressPort());
        }
        assertThat(node.kernel.flows.values().stream()
                        .filter(flow ->
                                flow.key().ingressPort() == node.port("client").port())
                        .map(OffloadedFlow::egressPort)
                        .distinct())
                .hasSize(2);
    }
}
