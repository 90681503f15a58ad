package io.weir.conntrack;

import static io.weir.conntrack.StageRig.packet;
import static io.weir.conntrack.StageRig.tcp;
import static io.weir.conntrack.StageRig.udp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnatTest {
    private static final IpAddress NODE = IpAddress.parse("192.168.0.10");
    private static final IpAddress NODE_V6 = IpAddress.parse("2001:db8::10");
    private static final IpPrefix PODS = IpPrefix.parse("10.244.1.0/24");
    private static final IpPrefix PODS_V6 = IpPrefix.parse("fd00:1::/64");
    private static final IpPrefix CLUSTER = IpPrefix.parse("10.244.0.0/16");

    private static SnatSpec spec(List<SnatRule> rules) {
        return new SnatSpec(rules, Map.of(9, List.of(NODE, NODE_V6)), List.of(NODE), 30_000, 32_767, false);
    }

    private static SnatSpec masqueradeAll() {
        return spec(SnatRule.ipMasqAgent(List.of(PODS, PODS_V6), List.of(), true, true));
    }

    private static StageRig rig(int capacity, SnatSpec spec) {
        return new StageRig(ConntrackSpec.DEFAULT.withCapacity(capacity), spec);
    }

    @Test
    void masqueradeKeepsAFreePortAndAnswersComeBack() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(udp("10.244.1.5", 5000, "1.1.1.1", 53));
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 1.1.1.1:53");
            assertThat(rig.subject()).isEqualTo("10.244.1.5:5000 > 1.1.1.1:53");
            rig.send(udp("1.1.1.1", 53, "192.168.0.10", 5000));
            assertThat(rig.way()).isEqualTo("1.1.1.1:53 > 10.244.1.5:5000");
            assertThat(rig.subject()).isEqualTo("10.244.1.5:5000 > 1.1.1.1:53");
            rig.send(udp("fd00:1::5", 5000, "2001:4860::1", 53));
            assertThat(rig.way()).isEqualTo("2001:db8::10:5000 > 2001:4860::1:53");
        }
    }

    /** RFC 4787 REQ-3: no two flows to one destination share a translated port; to different ones they may. */
    @Test
    void twoPodsWithTheSamePortGetDifferentPortsToTheSameDestinationOnly() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(udp("10.244.1.5", 5000, "1.1.1.1", 53));
            rig.send(udp("10.244.1.6", 5000, "1.1.1.1", 53));
            final int port = rig.decision.sourcePort();
            assertThat(port).isNotEqualTo(5000).isBetween(1024, 65_535);
            rig.send(udp("1.1.1.1", 53, "192.168.0.10", port));
            assertThat(rig.way()).isEqualTo("1.1.1.1:53 > 10.244.1.6:5000");
            rig.send(udp("10.244.1.6", 5000, "8.8.8.8", 53));
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 8.8.8.8:53");
        }
    }

    /** RFC 4787 REQ-3a. */
    @Test
    void privilegedPortsStayPrivileged() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(udp("10.244.1.5", 700, "1.1.1.1", 53));
            assertThat(rig.decision.sourcePort()).isEqualTo(700);
            for (int i = 6; i < 100; i++) {
                rig.send(udp("10.244.1." + i, 700, "1.1.1.1", 53));
                assertThat(rig.decision.sourcePort()).isBetween(600, 1023);
            }
        }
    }

    @Test
    void nodePortRangeIsNeverUsed() {
        try (StageRig rig = rig(65_536, masqueradeAll())) {
            final Set<Integer> ports = new HashSet<>();
            for (int i = 0; i < 20_000; i++) {
                final String pod = "10.244.1." + (1 + i % 200);
                assertThat(rig.outcome(udp(pod, 30_000 + i / 200, "1.1.1.1", 53)))
                        .isEqualTo("forward");
                assertThat(rig.decision.sourcePort()).matches(port -> port < 30_000 || port > 32_767);
                ports.add(rig.decision.sourcePort());
            }
            assertThat(ports).hasSize(20_000);
        }
    }

    @Test
    void everyPortIsUsedBeforeTheSearchFailsByName() {
        try (StageRig rig = rig(1 << 17, masqueradeAll())) {
            final int all = 65_536 - 1024 - 2768;
            for (int i = 0; i < all; i++) {
                final String outcome = rig.outcome(udp("10.244.1." + (1 + i % 250), 1024 + i / 250, "1.1.1.1", 53));
                assertThat(outcome).as("connection " + i).isEqualTo("forward");
            }
            assertThat(rig.outcome(udp("10.244.1.251", 9, "1.1.1.2", 53))).isEqualTo("forward");
            assertThat(rig.outcome(udp("10.244.1.251", 9000, "1.1.1.1", 53))).isEqualTo("snat-ports-exhausted");
            assertThat(rig.table.counter(ConntrackCounter.NAT_PORTS_EXHAUSTED)).isEqualTo(1);
            assertThat(rig.outcome(udp("10.244.1.251", 9000, "8.8.8.8", 53)))
                    .as("another destination has all ports")
                    .isEqualTo("forward");
            rig.pass(31);
            assertThat(rig.outcome(udp("10.244.1.251", 9000, "1.1.1.1", 53))).isEqualTo("forward");
        }
    }

    @Test
    void lastPortsAreTakenFromClosedConnections() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            for (int i = 0; i < 424; i++) {
                final String pod = "10.244.1." + (1 + i % 250);
                assertThat(rig.outcome(
                                tcp(pod, 600 + i / 250, "1.1.1.1", 80, "S").seq(1)))
                        .isEqualTo("forward");
            }
            assertThat(rig.outcome(tcp("10.244.1.251", 700, "1.1.1.1", 80, "S").seq(1)))
                    .isEqualTo("snat-ports-exhausted");
            rig.nowNs += StageRig.SECOND;
            rig.send(tcp("10.244.1.1", 600, "1.1.1.1", 80, "R").seq(2));
            assertThat(rig.outcome(tcp("10.244.1.251", 700, "1.1.1.1", 80, "S").seq(1)))
                    .isEqualTo("forward");
            assertThat(rig.table.counter(ConntrackCounter.NAT_PORT_RECLAIMED)).isEqualTo(1);
        }
    }

    @Test
    void echoIdentifiersAreTranslatedWhenTheyCollide() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(packet().ip("10.244.1.5", "1.1.1.1").icmpEcho(7, 1));
            assertThat(rig.decision.sourcePort()).isEqualTo(7);
            rig.send(packet().ip("10.244.1.6", "1.1.1.1").icmpEcho(7, 1));
            final int identifier = rig.decision.sourcePort();
            assertThat(identifier).isNotEqualTo(7);
            rig.send(packet().ip("1.1.1.1", "192.168.0.10").icmpEchoReply(identifier, 1));
            assertThat(rig.decision.destination()).hasToString("10.244.1.6");
            assertThat(rig.decision.destinationPort()).isEqualTo(7);
            rig.send(packet().ip("1.1.1.1", "192.168.0.10").icmpEchoReply(7, 1));
            assertThat(rig.decision.destination()).hasToString("10.244.1.5");
        }
    }

    @Test
    void pathMtuErrorThroughMasqueradeKeepsTheRoutersAddress() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(tcp("10.244.1.5", 5000, "1.1.1.1", 80, "S").seq(1));
            final byte[] onTheWire =
                    tcp("192.168.0.10", 5000, "1.1.1.1", 80, "S").seq(1).build();
            final byte[] quoted = Arrays.copyOfRange(onTheWire, 14, 14 + 28);
            rig.send(packet().ip("172.16.0.1", "192.168.0.10")
                    .icmpError(3, 4, quoted)
                    .icmpMtu(1400));
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.RELATED);
            assertThat(rig.way()).isEqualTo("172.16.0.1:0 > 10.244.1.5:0");
            assertThat(new IpAddress(rig.decision.quotedSourceHigh(), rig.decision.quotedSourceLow()))
                    .hasToString("10.244.1.5");
            assertThat(rig.decision.quotedSourcePort()).isEqualTo(5000);
        }
    }

    @Test
    void errorFromInsideShowsTheTranslatedAddressOutside() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(udp("10.244.1.5", 5000, "1.1.1.1", 53));
            final byte[] answer = udp("1.1.1.1", 53, "10.244.1.5", 5000).build();
            rig.send(packet().ip("10.244.1.5", "1.1.1.1").icmpError(3, 3, Arrays.copyOfRange(answer, 14, 42)));
            assertThat(rig.way()).isEqualTo("192.168.0.10:0 > 1.1.1.1:0");
            assertThat(new IpAddress(rig.decision.quotedDestinationHigh(), rig.decision.quotedDestinationLow()))
                    .hasToString("192.168.0.10");
        }
    }

    /** Hairpin: RFC 4787 REQ-9; the Service stage asks for masquerade when a pod reaches itself by its Service. */
    @Test
    void hairpinIsMasqueradedAndComesBack() {
        try (StageRig rig = rig(1024, spec(List.of()))) {
            rig.service = (packet, decision) -> {
                if (decision.connectionState() == ConnectionState.NEW) {
                    decision.translateToBackend(
                            1, 0, IpAddress.parse("10.244.1.5").low(), 8080);
                    decision.masquerade(true);
                }
                return null;
            };
            rig.send(tcp("10.244.1.5", 5000, "10.96.0.1", 80, "S").seq(1));
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 10.244.1.5:8080");
            rig.send(tcp("10.244.1.5", 8080, "192.168.0.10", 5000, "SA").seq(1).ack(2));
            assertThat(rig.way()).isEqualTo("10.96.0.1:80 > 10.244.1.5:5000");
        }
    }

    /** RFC 5508, REQ-7: both ends are inside, and the error must be in the terms of the one that began. */
    @Test
    void errorAboutAHairpinComesBackInTheSendersTerms() {
        try (StageRig rig = rig(1024, spec(List.of()))) {
            rig.service = (packet, decision) -> {
                if (decision.connectionState() == ConnectionState.NEW) {
                    decision.translateToBackend(
                            1, 0, IpAddress.parse("10.244.1.6").low(), 8080);
                    decision.masquerade(true);
                }
                return null;
            };
            rig.send(udp("10.244.1.5", 5000, "10.96.0.1", 53));
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 10.244.1.6:8080");
            final byte[] arrived = udp("192.168.0.10", 5000, "10.244.1.6", 8080).build();
            rig.send(packet().ip("10.244.1.6", "192.168.0.10").icmpError(3, 3, Arrays.copyOfRange(arrived, 14, 42)));
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.RELATED);
            assertThat(rig.way()).isEqualTo("10.96.0.1:0 > 10.244.1.5:0");
            assertThat(new IpAddress(rig.decision.quotedSourceHigh(), rig.decision.quotedSourceLow()))
                    .hasToString("10.244.1.5");
            assertThat(rig.decision.quotedSourcePort()).isEqualTo(5000);
            assertThat(new IpAddress(rig.decision.quotedDestinationHigh(), rig.decision.quotedDestinationLow()))
                    .hasToString("10.96.0.1");
            assertThat(rig.decision.quotedDestinationPort()).isEqualTo(53);
        }
    }

    /** The same client port to a Service and to its backend: the answers must be told apart. */
    @Test
    void connectionThatWouldCollideWithoutSourceNatGetsAnotherPort() {
        try (StageRig rig = rig(1024, SnatSpec.NONE)) {
            rig.service = (packet, decision) -> {
                if (packet.destination().toString().equals("10.96.0.1")
                        && decision.connectionState() == ConnectionState.NEW) {
                    decision.translateToBackend(
                            1, 0, IpAddress.parse("10.244.2.5").low(), 80);
                }
                return null;
            };
            rig.send(tcp("10.244.1.5", 5000, "10.244.2.5", 80, "S").seq(1));
            assertThat(rig.outcome(tcp("10.244.1.5", 5000, "10.96.0.1", 80, "S").seq(1)))
                    .isEqualTo("forward");
            final int port = rig.decision.sourcePort();
            assertThat(rig.decision.source()).hasToString("10.244.1.5");
            assertThat(port).isNotEqualTo(5000);
            rig.send(tcp("10.244.2.5", 80, "10.244.1.5", port, "SA").seq(1).ack(2));
            assertThat(rig.way()).isEqualTo("10.96.0.1:80 > 10.244.1.5:5000");
        }
    }

    @Test
    void reopenedConnectionKeepsItsTranslatedPort() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            rig.send(tcp("10.244.1.5", 5000, "1.1.1.1", 80, "S").seq(1));
            rig.send(tcp("10.244.1.5", 5000, "1.1.1.1", 80, "R").seq(2));
            assertThat(rig.outcome(tcp("10.244.1.5", 5000, "1.1.1.1", 80, "S").seq(900)))
                    .isEqualTo("forward");
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 1.1.1.1:80");
            assertThat(rig.connections()).hasSize(1);
        }
    }

    /** field-facts G5; weir: none, masquerade. */
    @ParameterizedTest
    @CsvSource({
        "10.244.1.5, 10.244.2.7, keep",
        "10.244.2.7, 10.244.1.5, keep",
        "192.168.0.99, 10.244.1.5, keep",
        "10.244.1.5, 1.1.1.1, masquerade",
        "10.244.2.7, 1.1.1.1, masquerade",
        "10.244.2.7, 10.244.3.7, masquerade",
        "192.168.0.99, 10.244.3.7, masquerade",
        "192.168.0.99, 1.1.1.1, keep",
    })
    void flannelsRules(String source, String destination, String expected) {
        try (StageRig rig = rig(1024, spec(SnatRule.flannel(List.of(CLUSTER), List.of(PODS))))) {
            rig.send(udp(source, 5000, destination, 53));
            assertThat(rig.decision.source()).hasToString(expected.equals("keep") ? source : NODE.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10.244.1.5, 10.9.0.1, keep",
        "10.244.1.5, 172.31.0.1, keep",
        "10.244.1.5, 100.64.0.1, keep",
        "10.244.1.5, 169.254.20.10, keep",
        "10.244.1.5, 8.8.8.8, masquerade",
        "192.168.0.99, 8.8.8.8, keep",
    })
    void ipMasqAgentsDefaults(String source, String destination, String expected) {
        final List<SnatRule> rules = SnatRule.ipMasqAgent(List.of(PODS), SnatRule.DEFAULT_NON_MASQUERADE, false, false);
        try (StageRig rig = rig(1024, spec(rules))) {
            rig.send(udp(source, 5000, destination, 53));
            assertThat(rig.decision.source()).hasToString(expected.equals("keep") ? source : NODE.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void linkLocalIsMasqueradedWhenAsked(boolean masquerade) {
        final List<SnatRule> rules = SnatRule.ipMasqAgent(List.of(PODS), List.of(), masquerade, false);
        try (StageRig rig = rig(1024, spec(rules))) {
            rig.send(udp("10.244.1.5", 5000, "169.254.169.254", 80));
            assertThat(rig.decision.isTranslated()).isEqualTo(masquerade);
        }
    }

    /** RFC 4787 REQ-2: all flows of one sender use the same address of a pool. */
    @Test
    void poolAddressIsPairedWithTheSender() {
        final List<IpAddress> pool =
                List.of(IpAddress.parse("203.0.113.1"), IpAddress.parse("203.0.113.2"), IpAddress.parse("203.0.113.3"));
        try (StageRig rig = rig(4096, spec(List.of(SnatRule.pool(PODS, pool))))) {
            final Set<String> used = new HashSet<>();
            for (int pod = 1; pod < 100; pod++) {
                final Set<String> ofOne = new HashSet<>();
                for (int i = 0; i < 20; i++) {
                    rig.send(udp("10.244.1." + pod, 5000 + i, "1.1.1." + i, 53));
                    ofOne.add(rig.decision.source().toString());
                }
                assertThat(ofOne).hasSize(1);
                used.addAll(ofOne);
            }
            assertThat(used).hasSize(3);
        }
    }

    @Test
    void wayOutWithoutAnAddressIsNamed() {
        final SnatSpec spec = new SnatSpec(
                SnatRule.ipMasqAgent(List.of(PODS_V6), List.of(), true, true), Map.of(), List.of(NODE), 1, 0, false);
        try (StageRig rig = rig(1024, spec)) {
            assertThat(rig.outcome(udp("fd00:1::5", 5000, "2001:4860::1", 53))).isEqualTo("snat-no-address");
            assertThat(rig.connections()).isEmpty();
        }
    }

    @Test
    void randomFullyNeverAimsAtTheOldPort() {
        final SnatSpec spec = new SnatSpec(
                SnatRule.ipMasqAgent(List.of(PODS), List.of(), true, true), Map.of(), List.of(NODE), 1, 0, true);
        try (StageRig rig = rig(4096, spec)) {
            int kept = 0;
            for (int i = 0; i < 1000; i++) {
                rig.send(udp("10.244.1.5", 5000 + i, "1.1.1.1", 53));
                kept += rig.decision.sourcePort() == 5000 + i ? 1 : 0;
            }
            assertThat(kept).isLessThan(5);
        }
    }

    @Test
    void protocolWithoutPortsHasOneConnectionPerDestination() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            assertThat(rig.outcome(gre("10.244.1.5"))).isEqualTo("forward");
            assertThat(rig.outcome(gre("10.244.1.6"))).isEqualTo("snat-ports-exhausted");
        }
    }

    private static PacketBuilder gre(String source) {
        return packet().ip(source, "1.1.1.1").protocol(47).payload("gre");
    }

    @Test
    void specsAreChecked() {
        assertThatThrownBy(() -> new SnatSpec(List.of(), Map.of(), List.of(NODE, NODE), 1, 0, false))
                .hasMessageContaining("one of each family");
        assertThatThrownBy(() -> SnatRule.pool(PODS, List.of())).hasMessageContaining("POOL");
        assertThatThrownBy(() -> new SnatSpec(List.of(), Map.of(), List.of(), 1, 65_535, false))
                .hasMessageContaining("too few ports");
        assertThatThrownBy(() -> ConntrackSpec.DEFAULT.withCapacity(1)).hasMessageContaining("capacity 1 is outside");
    }

    @Test
    void rulesAreExplained() {
        try (StageRig rig = rig(1024, masqueradeAll())) {
            final StringBuilder said = new StringBuilder();
            rig.decision.explainTo(new io.weir.dataplane.pipeline.Explanation() {
                @Override
                public void stage(String name) {
                    said.append('[').append(name).append("] ");
                }

                @Override
                public void because(String sentence) {
                    said.append(sentence).append(". ");
                }

                @Override
                public void verdict(io.weir.dataplane.pipeline.Verdict verdict) {
                    said.append(verdict).append("; ");
                }
            });
            rig.decision.dryRun(true);
            rig.send(udp("10.244.1.5", 5000, "1.1.1.1", 53));
            assertThat(said.toString())
                    .contains("[conntrack] no connection is known: the packet begins one")
                    .contains("source NAT rule 1 says MASQUERADE")
                    .contains("the source becomes 192.168.0.10 port 5000, which is free");
            assertThat(rig.connections()).isEmpty();
        }
    }
}
