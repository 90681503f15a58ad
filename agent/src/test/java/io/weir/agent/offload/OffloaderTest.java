package io.weir.agent.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.agent.config.ConfigException;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.offload.OffloadedFlow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connections the kernel gets, and when it has to give them back. */
final class OffloaderTest {
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

    private Talk talk(String client, String server) {
        return Talk.begin(node, client, server, false, 40000);
    }

    private void deny(String pod, String allowedClient) {
        node.write("policy-" + pod + ".yaml", """
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: %1$s, namespace: default}
                spec:
                  podSelector: {matchLabels: {app: %1$s}}
                  policyTypes: [Ingress]
                  ingress: [{from: [{podSelector: {matchLabels: {app: %2$s}}}]}]
                """.formatted(pod, allowedClient));
        node.apply();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bothDirectionsOfABusyConnectionGoToTheKernel(boolean ipv6) {
        final Talk talk = Talk.begin(node, "client", "server", ipv6, 40000).much();
        final int client = node.port("client").port();
        final int server = node.port("server").port();
        assertThat(node.kernel.flows.values())
                .containsExactly(
                        new OffloadedFlow(
                                talk.original(),
                                talk.reply(),
                                server,
                                node.port("server").mac(),
                                OffloadNode.station(node.port("server")),
                                1500),
                        new OffloadedFlow(
                                talk.reply(),
                                talk.original(),
                                client,
                                node.port("client").mac(),
                                OffloadNode.station(node.port("client")),
                                1500));
        assertThat(node.value(OffloadCounter.ADDED)).isEqualTo(1);
        assertThat(node.node.offloader().size()).isEqualTo(1);
    }

    @Test
    void aQuietConnectionStaysWithWeir() {
        final Talk talk = talk("client", "server");
        for (int i = 0; i < 5; i++) {
            talk.data(3);
            node.nowNs += 1_100_000_000L;
            node.turns(1, 1_000_000);
        }
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(node.value(OffloadCounter.REFUSED)).isZero();
    }

    /** The answers' direction may be the busy one. */
    @Test
    void aDownloadGoesToTheKernel() {
        final Talk talk = talk("client", "server");
        for (int i = 0; i < 10; i++) {
            talk.back("A", talk.serverSeq, talk.clientSeq, 1000);
            talk.serverSeq += 1000;
            talk.there("A", talk.clientSeq, talk.serverSeq, 0);
        }
        node.nowNs += 1_100_000_000L;
        talk.back("A", talk.serverSeq, talk.clientSeq, 0);
        node.turns(1, 1_000_000);
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(node.kernel.flows.keySet()).containsExactly(talk.original(), talk.reply());
    }

    @Test
    void portsWithoutOffloadStayWithWeir() {
        node.kernel.refusedPorts.add(node.port("server").port());
        final Talk talk = talk("client", "server").much();
        assertThat(node.kernel.flows).isEmpty();
        assertThat(node.value(OffloadCounter.REFUSED)).isEqualTo(1);
        assertThat(talk.there("A", talk.clientSeq + 900_000, talk.serverSeq, 10))
                .as("its window is judged as before")
                .isEmpty();
    }

    @Test
    void aDenyTakesItBackAndOthersGoOn() {
        final Talk denied = talk("client", "server").much();
        final Talk other = talk("client", "other").much();
        assertThat(denied.isOffloaded()).isTrue();
        assertThat(other.isOffloaded()).isTrue();
        deny("server", "other");
        assertThat(denied.isOffloaded()).as("when the edit is applied").isFalse();
        assertThat(other.isOffloaded()).isTrue();
        assertThat(node.value(OffloadCounter.REVOKED)).isEqualTo(1);
        assertThat(denied.there("A", denied.clientSeq, denied.serverSeq, 1000)).isEmpty();
        node.nowNs += 1_100_000_000L;
        assertThat(denied.there("A", denied.clientSeq, denied.serverSeq, 1000)).isEmpty();
        node.turns(5, 1_000_000);
        assertThat(denied.isOffloaded()).isFalse();
    }

    @Test
    void anEditElsewhereConcernsNobody() {
        final Talk talk = talk("client", "server").much();
        deny("other", "client");
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(node.value(OffloadCounter.REVOKED)).isZero();
    }

    /** An edit that goes on allowing the connection takes it back as well; it is decided anew and comes again. */
    @Test
    void anEditThatAllowsBringsItBack() {
        final Talk talk = talk("client", "server").much();
        deny("server", "client");
        assertThat(talk.isOffloaded()).isFalse();
        talk.much();
        assertThat(talk.isOffloaded()).isTrue();
        assertThat(node.value(OffloadCounter.ADDED)).isEqualTo(2);
    }

    @Test
    void aPodThatGoesTakesItsConnectionsAlong() {
        final Talk talk = talk("client", "server").much();
        final Talk other = talk("client", "other").much();
        node.remove("pod-server.yaml");
        node.apply();
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(other.isOffloaded()).isTrue();
        node.turns(3, 1_000_000);
        assertThat(talk.isOffloaded()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"FA", "R"})
    void aCloseTakesItBack(String flags) {
        final Talk talk = talk("client", "server").much();
        talk.carried(1000, 1_500_000);
        assertThat(talk.there(flags, talk.clientSeq, talk.serverSeq, 0)).isEqualTo("default/server");
        node.turns(1, 1_000_000);
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(node.value(OffloadCounter.CLOSED)).isEqualTo(1);
        assertThat(node.connections())
                .extracting(ConnectionRecord::state)
                .containsExactly(flags.equals("R") ? "CLOSE" : "FIN_WAIT");
        assertThat(node.connections().getFirst().packetsOriginal())
                .as("what was carried last is counted")
                .isGreaterThan(1000);
    }

    @Test
    void silenceTakesItBack() {
        final Talk silent = talk("client", "server").much();
        final Talk busy = talk("client", "other").much();
        for (int i = 0; i < 12; i++) {
            busy.carried(2, 3000);
            node.turns(1, OffloadNode.SECOND);
        }
        assertThat(silent.isOffloaded()).isFalse();
        assertThat(busy.isOffloaded()).isTrue();
        assertThat(node.value(OffloadCounter.IDLE)).isEqualTo(1);
    }

    @Test
    void whatIsCarriedIsCounted() {
        final Talk talk = talk("client", "server").much();
        final ConnectionRecord before = node.connections().getFirst();
        for (int i = 0; i < 600; i++) {
            talk.carried(10, 15_000);
            node.turns(1, OffloadNode.SECOND);
        }
        final ConnectionRecord now = node.connections().getFirst();
        assertThat(now.packetsOriginal() - before.packetsOriginal()).isEqualTo(6000);
        assertThat(now.bytesOriginal() - before.bytesOriginal()).isEqualTo(9_000_000);
        assertThat(now.packetsReply() - before.packetsReply()).isEqualTo(3000);
        assertThat(node.value(OffloadCounter.PACKETS)).isEqualTo(9000);
        assertThat(node.value(OffloadCounter.BYTES)).isEqualTo(9_120_000);
        final List<OffloadedDirection> shown = new ArrayList<>();
        node.node.offloader().forEach(node.nowNs, shown::add);
        assertThat(shown).extracting(OffloadedDirection::packets).containsExactly(6000L, 3000L);
        assertThat(shown).extracting(OffloadedDirection::recentBytes).containsExactly(15_000L, 200L);
    }

    @Test
    void aFullTableKeepsTheConnectionWithWeir() {
        node.kernel.capacity = 3;
        final Talk first = talk("client", "server").much();
        final Talk second = talk("client", "other").much();
        assertThat(first.isOffloaded()).isTrue();
        assertThat(second.isOffloaded()).isFalse();
        assertThat(node.value(OffloadCounter.FULL)).isEqualTo(1);
        second.data(3);
    }

    /** More than are looked at in one turn; whichever go, the others stay and are counted. */
    @Test
    void manyComeAndGo() {
        node.kernel.capacity = 2000;
        final List<Talk> talks = new ArrayList<>();
        for (int i = 0; i < 700; i++) {
            talks.add(Talk.begin(node, "client", i % 2 == 0 ? "server" : "other", i % 3 == 0, 1000 + i)
                    .data(6));
        }
        node.nowNs += 1_100_000_000L;
        talks.subList(0, 400).forEach(talk -> talk.data(1));
        node.turns(12, 1_000_000); // the queue has room for some 580
        talks.subList(400, 700).forEach(talk -> talk.data(1));
        node.turns(12, 1_000_000);
        assertThat(talks).allMatch(Talk::isOffloaded);

        final Random random = new Random(4);
        final List<Talk> closed =
                talks.stream().filter(_ -> random.nextInt(3) == 0).toList();
        closed.forEach(talk -> talk.there("FA", talk.clientSeq, talk.serverSeq, 0));
        node.turns(2, 1_000_000);
        assertThat(talks).allMatch(talk -> talk.isOffloaded() != closed.contains(talk));

        final List<Talk> busy = talks.stream()
                .filter(talk -> !closed.contains(talk) && random.nextBoolean())
                .toList();
        for (int second = 0; second < 14; second++) {
            busy.forEach(talk -> talk.carried(4, 6000));
            node.turns(20, OffloadNode.SECOND / 20);
        }
        assertThat(talks).allMatch(talk -> talk.isOffloaded() == busy.contains(talk));
        assertThat(node.value(OffloadCounter.PACKETS)).isEqualTo(14L * 6 * busy.size());
        assertThat(node.value(OffloadCounter.CLOSED)).isEqualTo(closed.size());
        assertThat(node.value(OffloadCounter.IDLE)).isEqualTo(700 - closed.size() - busy.size());
    }

    @Test
    void whoLooksAtAllPacketsSeesThem() {
        final Talk talk = talk("client", "server").much();
        node.node.offloader().suspendAll(node.nowNs);
        assertThat(talk.isOffloaded()).isFalse();
        talk.much();
        assertThat(talk.isOffloaded()).isFalse();
        assertThat(node.value(OffloadCounter.SUSPENDED)).isEqualTo(2);
        node.node.offloader().resumeAll();
        talk.much();
        assertThat(talk.isOffloaded()).isTrue();
    }

    @Test
    void whoLooksAtAPortSeesItsPackets() {
        final Talk talk = talk("client", "server").much();
        final Talk other = talk("client", "other").much();
        final int port = node.port("server").port();
        node.node.offloader().suspend(port, node.nowNs);
        node.node.offloader().suspend(port, node.nowNs);
        node.node.offloader().resume(port);
        assertThat(talk.much().isOffloaded()).isFalse();
        assertThat(other.isOffloaded()).isTrue();
        node.node.offloader().resume(port);
        assertThat(talk.much().isOffloaded()).isTrue();
    }

    @Test
    void aFlushTakesItBack() {
        final Talk talk = talk("client", "server").much();
        assertThat(node.node.flushConnections(ConnectionFilter.ALL, node.nowNs)).isEqualTo(1);
        assertThat(talk.isOffloaded()).isFalse();
    }

    /** The connection is carried by the kernel and by weir in turns; no segment is dropped, whatever weir missed. */
    @ParameterizedTest
    @ValueSource(longs = {3_000_000L, 1_300_000_000L, 2_900_000_000L, 4_100_000_000L})
    void itGoesOnWhereverItsWindowIs(long unseen) {
        final Talk talk = talk("client", "server").much();
        for (int i = 0; i < 3; i++) {
            assertThat(talk.isOffloaded()).isTrue();
            talk.carried(unseen / 1500, unseen);
            node.turns(2, OffloadNode.SECOND);
            node.node.offloader().suspendAll(node.nowNs);
            assertThat(talk.isOffloaded()).isFalse();
            // what was sent before arrives late, and is acknowledged with what the kernel carried
            assertThat(talk.there("A", talk.clientSeq - 70_000, talk.serverSeq, 1000))
                    .isEqualTo("default/server");
            assertThat(talk.back("A", talk.serverSeq, talk.clientSeq, 0)).isEqualTo("default/client");
            talk.data(5);
            node.node.offloader().resumeAll();
            talk.much();
        }
        assertThat(node.counters().totalDrops()).isZero();
    }

    @Test
    void offloadNeedsVeth() {
        node.write("node.yaml", OffloadNode.NODE.replace("device: veth, ", ""));
        assertThatThrownBy(node::apply)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("ports.pods.offload")
                .hasMessageContaining("ports.pods.device=veth");
    }
}
