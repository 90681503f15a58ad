package io.weir.conntrack;

import static io.weir.conntrack.StageRig.packet;
import static io.weir.conntrack.StageRig.tcp;
import static io.weir.conntrack.StageRig.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConntrackStageTest {
    private static final IpAddress BACKEND = IpAddress.parse("10.1.0.7");

    /** Sends what goes to 10.96.0.1 to 10.1.0.7:8080, as a Service would. */
    private static void addService(StageRig rig, int backend) {
        rig.service = (packet, decision) -> {
            if (decision.connectionState() == ConnectionState.NEW
                    && packet.destination().toString().equals("10.96.0.1")) {
                decision.translateToBackend(backend, BACKEND.high(), BACKEND.low(), 8080);
            }
            return null;
        };
    }

    @Test
    void firstPacketIsNewAndItsAnswerIsEstablished() {
        try (StageRig rig = new StageRig()) {
            assertThat(rig.outcome(udp("10.0.0.1", 5000, "10.0.0.2", 53))).isEqualTo("forward");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.NEW);
            assertThat(rig.decision.isCacheable()).isTrue();
            assertThat(rig.decision.tracking()).isEqualTo(Tracking.REFRESH);
            assertThat(rig.outcome(udp("10.0.0.2", 53, "10.0.0.1", 5000))).isEqualTo("forward");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.ESTABLISHED);
            assertThat(rig.decision.isReply()).isTrue();
            assertThat(rig.decision.isTranslated()).isFalse();
            assertThat(rig.subject()).isEqualTo("10.0.0.1:5000 > 10.0.0.2:53");
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.state()).isEqualTo("REPLIED");
        }
    }

    @Test
    void destinationTranslationIsKeptAndUndone() {
        try (StageRig rig = new StageRig()) {
            addService(rig, 3);
            rig.send(tcp("10.0.0.1", 5000, "10.96.0.1", 80, "S").seq(1));
            assertThat(rig.way()).isEqualTo("10.0.0.1:5000 > 10.1.0.7:8080");
            rig.send(tcp("10.1.0.7", 8080, "10.0.0.1", 5000, "SA").seq(9).ack(2));
            assertThat(rig.way()).isEqualTo("10.96.0.1:80 > 10.0.0.1:5000");
            assertThat(rig.subject()).isEqualTo("10.0.0.1:5000 > 10.1.0.7:8080");
            rig.service = (packet, decision) -> null; // the Service is gone; the connection keeps its backend
            rig.send(tcp("10.0.0.1", 5000, "10.96.0.1", 80, "A").seq(2).ack(10));
            assertThat(rig.way()).isEqualTo("10.0.0.1:5000 > 10.1.0.7:8080");
            assertThat(rig.decision.backend()).isEqualTo(3);
            assertThat(rig.decision.tracking()).isEqualTo(Tracking.WINDOW);
        }
    }

    @Test
    void connectionOfABackendThatIsGoneIsDecidedAgain() {
        final Set<Integer> gone = new HashSet<>();
        try (StageRig rig = new StageRig(ConntrackSpec.DEFAULT.withCapacity(1024), SnatSpec.NONE, gone::contains)) {
            addService(rig, 3);
            rig.send(udp("10.0.0.1", 5000, "10.96.0.1", 53));
            rig.send(udp("10.1.0.7", 8080, "10.0.0.1", 5000));
            gone.add(3);
            rig.service = (packet, decision) -> {
                if (decision.connectionState() == ConnectionState.NEW) {
                    decision.translateToBackend(
                            4, 0, IpAddress.parse("10.1.0.8").low(), 8080);
                }
                return null;
            };
            assertThat(rig.outcome(udp("10.0.0.1", 5000, "10.96.0.1", 53))).isEqualTo("forward");
            assertThat(rig.way()).isEqualTo("10.0.0.1:5000 > 10.1.0.8:8080");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.NEW);
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.connections().get(0).backend()).isEqualTo(4);
        }
    }

    @Test
    void droppedPacketLeavesNoConnectionAndIsRememberedUntilOneBegins() {
        try (StageRig rig = new StageRig()) {
            rig.policy = (packet, decision) -> decision.drop(DataplaneDrop.NOT_FOR_US);
            assertThat(rig.outcome(udp("10.0.0.1", 5000, "10.0.0.2", 53))).isEqualTo("not-for-us");
            assertThat(rig.connections()).isEmpty();
            assertThat(rig.decision.isCacheable()).isTrue();
            final int place = rig.decision.absencePlace();
            final int stamp = rig.decision.absenceStamp();
            assertThat(rig.table.isStillAbsent(place, stamp)).isTrue();
            rig.policy = (packet, decision) -> null;
            assertThat(rig.outcome(udp("10.0.0.2", 53, "10.0.0.1", 5000))).isEqualTo("forward");
            assertThat(rig.table.isStillAbsent(place, stamp)).isFalse();
        }
    }

    @Test
    void packetThatPolicyDropsDoesNotMoveTheConnection() {
        try (StageRig rig = new StageRig()) {
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000));
            rig.send(tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA").seq(5000).ack(1001));
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "A").seq(1001).ack(5001));
            rig.policy = (packet, decision) -> decision.drop(DataplaneDrop.NOT_FOR_US);
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "R").seq(1001));
            assertThat(rig.state()).isEqualTo("ESTABLISHED");
        }
    }

    @Test
    void dryRunChangesNothing() {
        try (StageRig rig = new StageRig()) {
            rig.decision.dryRun(true);
            assertThat(rig.outcome(tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000)))
                    .isEqualTo("forward");
            assertThat(rig.connections()).isEmpty();
            rig.decision.dryRun(false);
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000));
            rig.decision.dryRun(true);
            assertThat(rig.outcome(
                            tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA").seq(5000).ack(1001)))
                    .isEqualTo("forward");
            assertThat(rig.state()).isEqualTo("SYN_SENT");
        }
    }

    @Test
    void zonesKeepOverlappingAddressesApart() {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1024).withZones(Map.of(1, 100, 2, 200));
        try (StageRig rig = new StageRig(spec, SnatSpec.NONE)) {
            rig.outputPort = 1;
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.scope = 2;
            rig.outputPort = 2;
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.NEW);
            assertThat(rig.connections()).extracting(ConnectionRecord::zone).containsExactlyInAnyOrder(100, 200);
            rig.send(udp("10.0.0.2", 53, "10.0.0.1", 5000));
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.ESTABLISHED);
        }
    }

    @Test
    void echoIsMatchedByIdentifierAndAnUnaskedReplyIsInvalid() {
        try (StageRig rig = new StageRig()) {
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2").icmpEchoReply(7, 1)))
                    .isEqualTo("icmp-no-connection");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2").icmpEcho(7, 1)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpEchoReply(8, 1)))
                    .isEqualTo("icmp-no-connection");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpEchoReply(7, 1)))
                    .isEqualTo("forward");
            assertThat(rig.decision.isReply()).isTrue();
            // the other side may ping with the same identifier at the same time
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpEcho(7, 1)))
                    .isEqualTo("forward");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.NEW);
            assertThat(rig.outcome(packet().ip("fd00::1", "fd00::2").icmpEcho(7, 1)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("fd00::2", "fd00::1").icmpEchoReply(7, 1)))
                    .isEqualTo("forward");
            assertThat(rig.decision.isReply()).isTrue();
        }
    }

    private static byte[] ipPart(byte[] frame, int limit) {
        return Arrays.copyOfRange(frame, 14, Math.min(frame.length, 14 + limit));
    }

    @Test
    void errorAboutATranslatedConnectionReachesItsSenderInTheSendersTerms() {
        try (StageRig rig = new StageRig()) {
            addService(rig, 3);
            rig.send(udp("10.0.0.1", 5000, "10.96.0.1", 53));
            final byte[] sent = udp("10.0.0.1", 5000, "10.1.0.7", 8080).build();
            rig.send(packet().ip("10.1.0.7", "10.0.0.1").icmpError(3, 3, ipPart(sent, 28)));
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.RELATED);
            assertThat(rig.way()).isEqualTo("10.96.0.1:0 > 10.0.0.1:0");
            assertThat(rig.decision.isQuotedTranslated()).isTrue();
            assertThat(new IpAddress(rig.decision.quotedDestinationHigh(), rig.decision.quotedDestinationLow()))
                    .hasToString("10.96.0.1");
            assertThat(rig.decision.quotedDestinationPort()).isEqualTo(53);
            assertThat(new IpAddress(rig.decision.quotedSourceHigh(), rig.decision.quotedSourceLow()))
                    .hasToString("10.0.0.1");
            assertThat(rig.decision.quotedSourcePort()).isEqualTo(5000);
        }
    }

    @Test
    void errorAboutAnAnswerReachesTheBackendInItsTerms() {
        try (StageRig rig = new StageRig()) {
            addService(rig, 3);
            rig.send(udp("10.0.0.1", 5000, "10.96.0.1", 53));
            final byte[] answer = udp("10.96.0.1", 53, "10.0.0.1", 5000).build();
            assertThat(rig.outcome(rig.send(packet().ip("10.0.0.1", "10.96.0.1").icmpError(3, 3, ipPart(answer, 28)))))
                    .isEqualTo("forward");
            assertThat(rig.decision.isReply()).isFalse();
            assertThat(rig.way()).isEqualTo("10.0.0.1:0 > 10.1.0.7:0");
            assertThat(new IpAddress(rig.decision.quotedSourceHigh(), rig.decision.quotedSourceLow()))
                    .hasToString("10.1.0.7");
            assertThat(rig.decision.quotedSourcePort()).isEqualTo(8080);
        }
    }

    @Test
    void errorNeitherRefreshesNorEndsAConnection() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.pass(20);
            final byte[] sent = udp("10.0.0.1", 5000, "10.0.0.2", 53).build();
            rig.send(packet().ip("10.0.0.2", "10.0.0.1").icmpError(3, 3, ipPart(sent, 28)));
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.connections().get(0).expiresInMs()).isBetween(9_000L, 10_100L);
            assertThat(rig.connections().get(0).replied()).isFalse();
        }
    }

    @Test
    void forgedAndBrokenErrorsAreDropped() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            final byte[] sent = udp("10.0.0.1", 5000, "10.0.0.2", 53).build();
            final byte[] other = udp("10.0.0.1", 5001, "10.0.0.2", 53).build();
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpError(3, 3, ipPart(other, 28))))
                    .isEqualTo("icmp-error-unrelated");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpError(3, 3, ipPart(sent, 27))))
                    .isEqualTo("icmp-error-malformed");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1")
                            .icmpError(3, 3, ipPart(sent, 28))
                            .checksum(0x1234)))
                    .isEqualTo("icmp-error-checksum");
            final byte[] badInner = ipPart(sent, 28);
            badInner[10]++;
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpError(3, 3, badInner)))
                    .isEqualTo("icmp-error-checksum");
            // RFC 5508 REQ-3: the quoted transport checksum is not looked at
            final byte[] badTransport = ipPart(sent, 28);
            badTransport[26]++;
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpError(3, 3, badTransport)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1").icmpError(5, 1, ipPart(sent, 28))))
                    .isEqualTo("icmp-redirect-ignored");
        }
    }

    @Test
    void packetTooBigOfIpv6IsRelated() {
        try (StageRig rig = new StageRig()) {
            rig.send(tcp("fd00::1", 5000, "fd00::2", 80, "S").seq(1));
            final byte[] sent = tcp("fd00::1", 5000, "fd00::2", 80, "S").seq(1).build();
            assertThat(rig.outcome(packet().ip("fd00::99", "fd00::1")
                            .icmpError(2, 0, ipPart(sent, 60))
                            .icmpMtu(1280)))
                    .isEqualTo("forward");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.RELATED);
            assertThat(rig.decision.source()).hasToString("fd00::99");
        }
    }

    @Test
    void udpLifetimesFollowLinux() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.pass(29);
            assertThat(rig.connections()).hasSize(1);
            rig.pass(2);
            assertThat(rig.connections()).isEmpty();
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.pass(1);
            rig.send(udp("10.0.0.2", 53, "10.0.0.1", 5000));
            rig.pass(31);
            assertThat(rig.connections())
                    .as("answered within two seconds: no stream yet")
                    .isEmpty();
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.pass(3);
            rig.send(udp("10.0.0.2", 53, "10.0.0.1", 5000));
            rig.pass(119);
            assertThat(rig.connections()).hasSize(1);
            rig.pass(2);
            assertThat(rig.connections()).isEmpty();
            assertThat(rig.table.count()).isZero();
        }
    }

    @Test
    void newTimeoutsHoldForOldConnections() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.configure(
                    rig.spec()
                            .withTimeouts(
                                    ConntrackTimeouts.LINUX.withUdp(Duration.ofMinutes(5), Duration.ofMinutes(5))),
                    SnatSpec.NONE);
            rig.pass(200);
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.outcome(udp("10.0.0.2", 53, "10.0.0.1", 5000))).isEqualTo("forward");
            assertThat(rig.decision.isReply()).isTrue();
        }
    }

    @Test
    void flushEndsWhatTheFilterSelectsAndTouchesItsSlot() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            final int entry = rig.decision.connection();
            final int generation = rig.decision.connectionGeneration();
            assertThat(rig.decision.dependencyCount()).isEqualTo(1);
            assertThat(rig.decision.dependency(0)).isEqualTo(rig.table.flushSlot());
            rig.send(udp("10.0.0.1", 5000, "10.0.0.3", 53));
            assertThat(rig.table.refresh(entry, generation, false, 5, 500, rig.nowNs))
                    .isTrue();
            final Changes changes = new Changes();
            final ConnectionFilter filter = ConnectionFilter.ALL.withDestination(IpPrefix.parse("10.0.0.2/32"), -1);
            assertThat(rig.table.flush(filter::selects, changes, rig.nowNs)).isEqualTo(1);
            assertThat(changes.touchedSlots()).containsExactly(rig.table.flushSlot());
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.table.refresh(entry, generation, false, 1, 1, rig.nowNs))
                    .isFalse();
        }
    }

    @Test
    void onlySegmentsWithinTheWindowKeepATcpConnectionAlive() {
        try (StageRig rig = new StageRig()) {
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000).window(8192));
            rig.send(
                    tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA").seq(5000).ack(1001).window(8192));
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "A").seq(1001).ack(5001).window(8192));
            final int entry = rig.decision.connection();
            final int generation = rig.decision.connectionGeneration();
            rig.nowNs += 1000 * StageRig.SECOND;
            assertThat(rig.table.refresh(entry, generation, false, 1, 1, rig.nowNs))
                    .isTrue();
            assertThat(segment(rig, entry, generation, false, 900_000, 5001, 10))
                    .isFalse();
            assertThat(rig.connections().get(0).expiresInMs()).isLessThan(431_100_000L);
            assertThat(segment(rig, entry, generation, false, 1001, 5001, 0)).isTrue();
            assertThat(rig.connections().get(0).expiresInMs()).isGreaterThan(431_900_000L);
        }
    }

    @Test
    void cachedFlowDoesNotReviveAnExpiredConnection() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            final int entry = rig.decision.connection();
            final int generation = rig.decision.connectionGeneration();
            rig.nowNs += 29 * StageRig.SECOND;
            assertThat(rig.table.refresh(entry, generation, false, 1, 1, rig.nowNs))
                    .isTrue();
            rig.nowNs += 31 * StageRig.SECOND; // not swept
            assertThat(rig.table.refresh(entry, generation, false, 1, 1, rig.nowNs))
                    .isFalse();
        }
    }

    @Test
    void packetsAndBytesAreCountedByDirection() {
        try (StageRig rig = new StageRig()) {
            rig.send(udp("10.0.0.1", 5000, "10.0.0.2", 53));
            rig.send(udp("10.0.0.2", 53, "10.0.0.1", 5000));
            rig.send(udp("10.0.0.2", 53, "10.0.0.1", 5000));
            rig.table.refresh(
                    rig.decision.connection(), rig.decision.connectionGeneration(), false, 10, 1000, rig.nowNs);
            final ConnectionRecord connection = rig.connections().get(0);
            assertThat(connection.packetsOriginal()).isEqualTo(11);
            assertThat(connection.bytesOriginal()).isEqualTo(1029);
            assertThat(connection.packetsReply()).isEqualTo(2);
            assertThat(connection.bytesReply()).isEqualTo(58);
        }
    }

    @Test
    void sctpAssociationIsFollowedByItsTags() {
        try (StageRig rig = new StageRig()) {
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(5)
                            .data(1, (byte) 1)))
                    .isEqualTo("sctp-not-an-init");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(0)
                            .init(11, 1)))
                    .isEqualTo("forward");
            assertThat(rig.state()).isEqualTo("COOKIE_WAIT");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1")
                            .sctp(2, 1)
                            .verificationTag(12)
                            .initAck(22, 1)))
                    .isEqualTo("sctp-tag-invalid");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1")
                            .sctp(2, 1)
                            .verificationTag(11)
                            .initAck(22, 1)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(22)
                            .chunk(10, 0)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("10.0.0.2", "10.0.0.1")
                            .sctp(2, 1)
                            .verificationTag(11)
                            .chunk(11, 0)))
                    .isEqualTo("forward");
            assertThat(rig.state()).isEqualTo("ESTABLISHED");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(99)
                            .data(1, (byte) 1)))
                    .isEqualTo("sctp-tag-invalid");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(22)
                            .data(1, (byte) 1)))
                    .isEqualTo("forward");
            assertThat(rig.outcome(packet().ip("10.0.0.1", "10.0.0.2")
                            .sctp(1, 2)
                            .verificationTag(22)
                            .chunk(6, 0)))
                    .isEqualTo("forward");
            assertThat(rig.state()).isEqualTo("CLOSED");
        }
    }

    @Test
    void aPacketToItselfIsRefused() {
        try (StageRig rig = new StageRig()) {
            assertThat(rig.outcome(udp("10.0.0.1", 5000, "10.0.0.1", 5000))).isEqualTo("self-connection");
        }
    }

    @Test
    void segmentsOfACachedFlowMoveTheWindow() {
        try (StageRig rig = new StageRig()) {
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000).window(8192));
            rig.send(
                    tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA").seq(5000).ack(1001).window(8192));
            rig.send(tcp("10.0.0.1", 1, "10.0.0.2", 80, "A").seq(1001).ack(5001).window(8192));
            final int entry = rig.decision.connection();
            final int generation = rig.decision.connectionGeneration();
            for (int i = 0; i < 20; i++) {
                assertThat(segment(rig, entry, generation, false, 1001 + 1000 * i, 5001, 1000))
                        .isTrue();
                assertThat(segment(rig, entry, generation, true, 5001, 2001 + 1000 * i, 0))
                        .isTrue();
            }
            assertThat(segment(rig, entry, generation, false, 1001 + 60_000, 5001, 10))
                    .isFalse();
            assertThat(segment(rig, entry, generation + 2, false, 21_001, 5001, 10))
                    .isFalse();
            // the slow path agrees
            assertThat(rig.outcome(tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                            .seq(21_001)
                            .ack(5001)
                            .payload("x")))
                    .isEqualTo("forward");
        }
    }

    private static boolean segment(
            StageRig rig, int entry, int generation, boolean reply, long sequence, long ack, int length) {
        final long memory = io.weir.dataplane.memory.OffHeap.allocate(4096);
        try {
            final byte[] frame = tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                    .seq(sequence)
                    .ack(ack)
                    .window(8192)
                    .payloadOf(length)
                    .build();
            io.weir.dataplane.memory.OffHeap.copy(frame, 0, memory, frame.length);
            return rig.table.segment(entry, generation, reply, memory + 34, 20 + length, rig.nowNs);
        } finally {
            io.weir.dataplane.memory.OffHeap.free(memory);
        }
    }
}
