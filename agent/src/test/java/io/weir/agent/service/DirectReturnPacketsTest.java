package io.weir.agent.service;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.service.PacketNode.Sent;
import io.weir.lb.LbDrop;
import io.weir.policy.PolicyDrop;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Direct server return by packets: the way there and back, where it does not apply, errors, fragments and policies. A pod of the
 * Service on node b alone, unless a test says otherwise.
 */
class DirectReturnPacketsTest extends DirectReturnNodes {
    // ---- the way there and back -------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "192.168.0.1, 30080", "203.0.113.9, 80", "192.0.2.9, 80",
        "fd00:192::1, 30080", "2001:db8:8::9, 80", "2001:db8:9::9, 80"
    })
    void theBackendsNodeAnswersTheClientItself(String vip, int port) {
        start();
        final boolean ipv6 = isIpv6(vip);
        final String client = ipv6 ? CLIENT6 : CLIENT;
        final String pod = pod(2, ipv6);
        final String[] there = {"S", "A", "PA", "A", "FA", "A"};
        final int[] seq = {100, 101, 101, 101, 101, 102};
        final int[] ack = {0, 501, 501, 501, 502, 502};
        final String[] back = {"SA", null, "PA", "FA", "A", null};
        for (int i = 0; i < there.length; i++) {
            final int at = i;
            final List<Sent> tunnelled = send(
                    a,
                    client,
                    vip,
                    packet ->
                            packet.tcp(4000, port).flags(there[at]).seq(seq[at]).ack(ack[at]));
            inner(tunnelled, ipv6)
                    .ip(src(client), dst(vip))
                    .tcp(srcPort(4000), dstPort(port))
                    .checksumsValid();
            final List<Sent> delivered = through(tunnelled, b);
            assertThat(delivered).hasSize(1);
            assertPacket(outer(delivered.getFirst()))
                    .ethernet()
                    .ip(src(client), dst(pod))
                    .tcp(srcPort(4000), dstPort(8080))
                    .checksumsValid();
            if (back[i] == null) {
                continue;
            }
            final List<Sent> answer = send(
                    b,
                    pod,
                    client,
                    packet -> packet.tcp(8080, 4000)
                            .flags(back[at])
                            .seq(at == 0 ? 500 : at == 4 ? 502 : 501)
                            .ack(at == 4 ? 102 : 101));
            assertThat(answer).hasSize(1);
            assertThat(answer.getFirst().port().name()).isEqualTo("uplink");
            assertPacket(outer(answer.getFirst()))
                    .ethernet()
                    .ip(src(vip), dst(client))
                    .tcp(srcPort(port), dstPort(4000))
                    .checksumsValid();
        }
        assertThat(a.drops()).isZero();
        assertThat(b.drops()).isZero();
        assertThat(a.connection(client).state()).isEqualTo("ONE_WAY_ENDED");
        assertThat(b.connection(client).replied()).isTrue();
    }

    /** The second and third packet are decided by the flow cache. */
    @ParameterizedTest
    @CsvSource({"192.168.0.1, 30081", "203.0.113.9, 80", "fd00:192::1, 30081", "2001:db8:8::9, 80"})
    void laterDatagramsGoTheSameWay(String vip, int port) {
        start();
        final boolean ipv6 = isIpv6(vip);
        final String client = ipv6 ? CLIENT6 : CLIENT;
        for (int i = 0; i < 3; i++) {
            final List<Sent> tunnelled = send(a, client, vip, packet -> packet.udp(4000, port));
            inner(tunnelled, ipv6).ip(src(client), dst(vip)).udp(srcPort(4000), dstPort(port));
            final List<Sent> delivered = through(tunnelled, b);
            assertPacket(outer(delivered.getFirst()))
                    .ethernet()
                    .ip(src(client), dst(pod(2, ipv6)))
                    .udp(srcPort(4000), dstPort(8080))
                    .checksumsValid();
        }
        assertThat(a.pipelineRuns()).isEqualTo(1);
        assertThat(b.pipelineRuns()).isEqualTo(1);
    }

    @Test
    void aPodOfTheFirstNodeSeesTheClientToo() {
        start(true, true, "", "", 1);
        final List<Sent> delivered = send(a, CLIENT, "192.168.0.1", packet -> packet.udp(4000, 30081));
        assertThat(delivered).hasSize(1);
        assertPacket(outer(delivered.getFirst())).ethernet().ip(src(CLIENT), dst(pod(1, false)));
        final List<Sent> answer = send(a, pod(1, false), CLIENT, packet -> packet.udp(8080, 4000));
        assertPacket(outer(answer.getFirst()))
                .ethernet()
                .ip(src("192.168.0.1"), dst(CLIENT))
                .udp(srcPort(30081));
    }

    /** Answers pass no tunnel, but what they announce is how large the client's segments may be, and those do. */
    @ParameterizedTest
    @CsvSource({"203.0.113.9, 1410", "2001:db8:8::9, 1370"})
    void theClientLearnsTheSegmentSizeOfTheTunnel(String vip, int size) {
        start();
        final boolean ipv6 = isIpv6(vip);
        final String client = ipv6 ? CLIENT6 : CLIENT;
        through(
                send(
                        a,
                        client,
                        vip,
                        packet -> packet.tcp(4000, 80).flags("S").seq(1).mss(1460)),
                b);
        final List<Sent> answer = send(
                b,
                pod(2, ipv6),
                client,
                packet -> packet.tcp(8080, 4000).flags("SA").seq(7).ack(2).mss(1460));
        assertThat(answer).hasSize(1);
        final byte[] frame = outer(answer.getFirst());
        final int option = 14 + (ipv6 ? 40 : 20) + 20;
        assertThat(frame[option]).as("the kind of the option").isEqualTo((byte) 2);
        assertThat((frame[option + 2] & 0xFF) << 8 | (frame[option + 3] & 0xFF)).isEqualTo(size);
        assertPacket(frame)
                .ethernet()
                .ip(src(vip), dst(client))
                .tcp(srcPort(80))
                .checksumsValid();
    }

    // ---- where it does not apply ------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "false, true, '', ''",
        "true, false, '', ''",
        "true, true, ', annotations: {weir.io/scheduler: round-robin}', ''"
    })
    void otherwiseTheSenderIsHidden(boolean isOn, boolean isAnnotated, String metadata, String spec) {
        start(isOn, isAnnotated, metadata, spec, 2);
        final List<Sent> tunnelled = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80));
        inner(tunnelled, false).ip(src("10.244.1.0"), dst(pod(2, false))).udp(dstPort(8080));
        final List<Sent> delivered = through(tunnelled, b);
        assertPacket(outer(delivered.getFirst())).ethernet().ip(src("10.244.1.0"), dst(pod(2, false)));
    }

    @Test
    void hintsForOtherZonesHideTheSender() {
        start();
        PacketNode.write(directory, "slices.yaml", """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-4, namespace: default, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: u, protocol: UDP, port: 8080}]
                endpoints:
                - {addresses: [10.244.2.21], nodeName: b, hints: {forNodes: [{name: a}]}}
                - {addresses: [10.244.3.21], nodeName: c, hints: {forNodes: [{name: b}]}}
                """);
        a.apply();
        final List<Sent> tunnelled = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80));
        inner(tunnelled, false).ip(src("10.244.1.0"), dst("10.244.2.21"));
    }

    @Test
    void podsAndNodesAreServedAsBefore() {
        start();
        PacketNode.write(directory, "client.yaml", """
                apiVersion: v1
                kind: Pod
                metadata: {name: client, namespace: default}
                spec: {nodeName: a}
                status: {podIPs: [{ip: 10.244.1.10}]}
                """);
        a.apply();
        final List<Sent> tunnelled = send(a, "10.244.1.10", "203.0.113.9", packet -> packet.udp(4000, 80));
        inner(tunnelled, false).ip(src("10.244.1.0"), dst(pod(2, false)));
        assertThat(send(a, "192.168.0.1", "203.0.113.9", packet -> packet.udp(4000, 80)))
                .noneSatisfy(each -> inner(List.of(each), false).ip(src("192.168.0.1")));
    }

    @Test
    void aPacketIsNeverSentOnTwice() {
        start();
        final List<Sent> tunnelled = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80));
        endpoints(3);
        b.apply();
        c.apply();
        // a has not heard yet that the pod has moved from b to c
        final List<Sent> onwards = through(tunnelled, b);
        inner(onwards, false).ip(src("10.244.2.0"), dst(pod(3, false)));
        assertPacket(outer(through(onwards, c).getFirst())).ethernet().ip(src("10.244.2.0"), dst(pod(3, false)));
    }

    @Test
    void aServiceThatTheSecondNodeDoesNotKnowIsDroppedByName() {
        start();
        final List<Sent> tunnelled = send(a, CLIENT, "203.0.113.9", packet -> packet.udp(4000, 80));
        PacketNode.write(directory, "service.yaml", "");
        b.apply();
        assertThat(through(tunnelled, b)).isEmpty();
        assertThat(b.drops(LbDrop.PEER_SERVICE_UNKNOWN)).isEqualTo(1);
    }

    // ---- errors, fragments, policies --------------------------------------------------------------------------------

    /** A router behind which answers are too big tells the Service's address, which is the first node's. */
    @ParameterizedTest
    @CsvSource({"203.0.113.9, 3, 4", "2001:db8:8::9, 2, 0"})
    void anErrorAboutAnAnswerReachesThePod(String vip, int type, int code) {
        start();
        final boolean ipv6 = isIpv6(vip);
        final String client = ipv6 ? CLIENT6 : CLIENT;
        through(send(a, client, vip, packet -> packet.udp(4000, 80)), b);
        final byte[] answer = outer(
                send(b, pod(2, ipv6), client, packet -> packet.udp(8080, 4000).payload(new byte[600]))
                        .getFirst());
        final byte[] quoted = Arrays.copyOfRange(answer, 14, answer.length);
        final List<Sent> tunnelled = send(
                a, client, vip, packet -> packet.icmpError(type, code, quoted).icmpMtu(1300));
        inner(tunnelled, ipv6).ip(src(client), dst(vip));
        final List<Sent> delivered = through(tunnelled, b);
        assertThat(delivered).hasSize(1);
        assertPacket(outer(delivered.getFirst())).ethernet().ip(src(client), dst(pod(2, ipv6)));
        final byte[] frame = outer(delivered.getFirst());
        final int header = ipv6 ? 40 : 20;
        final byte[] inner = Arrays.copyOfRange(frame, 14 + header + 8, frame.length);
        assertThat((inner[header] & 0xFF) << 8 | (inner[header + 1] & 0xFF))
                .as("the pod's own port")
                .isEqualTo(8080);
    }

    @ParameterizedTest
    @CsvSource({"203.0.113.9", "2001:db8:8::9"})
    void fragmentsStayTogether(String vip) {
        start();
        final boolean ipv6 = isIpv6(vip);
        final String client = ipv6 ? CLIENT6 : CLIENT;
        for (final byte[] part :
                a.from(client, vip).udp(4000, 80).payload(new byte[3000]).fragments(1200)) {
            final List<Sent> tunnelled = a.in(client, part);
            inner(tunnelled, ipv6).ip(src(client), dst(vip));
            assertPacket(outer(through(tunnelled, b).getFirst())).ethernet().ip(src(client), dst(pod(2, ipv6)));
        }
    }

    @ParameterizedTest
    @CsvSource({"198.51.100.7, true", "198.51.100.8, false"})
    void policiesSeeTheClientsAddress(String client, boolean isAllowed) {
        start();
        PacketNode.write(directory, "policy.yaml", """
                apiVersion: v1
                kind: Pod
                metadata: {name: web, namespace: default, labels: {app: web}}
                spec: {nodeName: b}
                status: {podIPs: [{ip: 10.244.2.21}]}
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: one-client, namespace: default}
                spec:
                  podSelector: {matchLabels: {app: web}}
                  ingress: [{from: [{ipBlock: {cidr: 198.51.100.7/32}}]}]
                """);
        b.apply();
        final List<Sent> delivered = through(send(a, client, "203.0.113.9", packet -> packet.udp(4000, 80)), b);
        assertThat(delivered).hasSize(isAllowed ? 1 : 0);
        assertThat(b.drops(PolicyDrop.INGRESS_DENIED)).isEqualTo(isAllowed ? 0 : 1);
    }
}
