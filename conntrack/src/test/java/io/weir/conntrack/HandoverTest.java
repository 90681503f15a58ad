package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Tracking;
import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections whose segments pass unseen for a while. The client's numbers begin at 1000, the server's at 5000. */
final class HandoverTest {
    private final StageRig rig = new StageRig();
    private final Handover handover = rig.table.handover();
    private final long memory = OffHeap.allocate(65_536);

    @BeforeEach
    void connect() {
        rig.send(client("S", 1000, 0, 0));
        rig.send(server("SA", 5000, 1001, 0));
        rig.send(client("A", 1001, 5001, 0));
        rig.send(client("A", 1001, 5001, 1000));
        rig.send(server("A", 5001, 2001, 1000));
    }

    @AfterEach
    void free() {
        rig.close();
        OffHeap.free(memory);
    }

    private static PacketBuilder client(String flags, long seq, long ack, int length) {
        return StageRig.tcp("10.0.0.1", 40000, "10.0.0.2", 80, flags)
                .seq(seq)
                .ack(ack)
                .window(8192)
                .payloadOf(length);
    }

    private static PacketBuilder server(String flags, long seq, long ack, int length) {
        return StageRig.tcp("10.0.0.2", 80, "10.0.0.1", 40000, flags)
                .seq(seq)
                .ack(ack)
                .window(8192)
                .payloadOf(length);
    }

    private ConnectionRecord connection() {
        assertThat(rig.connections()).hasSize(1);
        return rig.connections().getFirst();
    }

    private boolean begin() {
        return handover.begin(connection().entry(), connection().generation());
    }

    private void end() {
        handover.end(connection().entry(), connection().generation());
    }

    /** What a worker with a remembered decision asks. */
    private boolean segment(boolean reply, PacketBuilder segment) {
        final byte[] frame = segment.build();
        OffHeap.copy(frame, 0, memory, frame.length);
        final ConnectionRecord connection = connection();
        return rig.table.segment(
                connection.entry(), connection.generation(), reply, memory + 34, frame.length - 34, rig.nowNs);
    }

    @Test
    void segmentsFarAheadPassAfterAHandoverOnly() {
        final long ahead = 2001 + 900_000;
        assertThat(rig.outcome(client("A", ahead, 700_000, 10))).isEqualTo("tcp-sequence-ahead");
        assertThat(segment(false, client("A", ahead, 700_000, 10))).isFalse();
        assertThat(begin()).isTrue();
        assertThat(segment(false, client("A", ahead, 700_000, 10))).isTrue();
        assertThat(rig.outcome(client("A", ahead, 700_000, 10))).isEqualTo("forward");
        assertThat(rig.decision.tracking()).as("its windows are followed still").isEqualTo(Tracking.WINDOW);
        end();
        assertThat(segment(true, server("A", 4_000_000, 3_000_000, 10))).isTrue();
        assertThat(rig.outcome(server("A", 3_900_000, 2_900_000, 10)))
                .as("older")
                .isEqualTo("forward");
    }

    /** By more than half of all sequence numbers, too: what was unseen may be any number of bytes. */
    @ParameterizedTest
    @CsvSource({
        "0, false",
        "900000, false",
        "2300000000, false",
        "3900000000, false",
        "900000, true",
        "2300000000, true"
    })
    void whereTheWindowIsIsLearntAnew(long unseen, boolean isCached) {
        begin();
        end();
        final long seq = 2001 + unseen & 0xFFFF_FFFFL;
        final PacketBuilder data = client("A", seq, 6001, 500);
        final PacketBuilder answer = server("A", 6001, seq + 500 & 0xFFFF_FFFFL, 0);
        if (isCached) {
            assertThat(segment(false, data)).isTrue();
            assertThat(segment(true, answer)).isTrue();
        } else {
            assertThat(rig.outcome(data)).isEqualTo("forward");
            assertThat(rig.outcome(answer)).isEqualTo("forward");
        }
        final long at = rig.table.address(connection().entry());
        assertThat(TcpWindow.endOf(at, false)).isEqualTo((int) (seq + 500));
        assertThat(TcpWindow.highestAckOf(at, true)).isEqualTo((int) (seq + 500));
        assertThat(TcpWindow.isUnacknowledged(at)).isFalse();
        assertThat(Entry.status(Entry.control(at)) & Entry.RELEARN).isZero();
    }

    @Test
    void aSilentConnectionKeepsItsTimeout() {
        rig.send(client("A", 2001, 6001, 700));
        assertThat(connection().expiresInMs()).as("unacknowledged").isLessThan(301_000);
        begin();
        end();
        handover.carried(connection().entry(), connection().generation(), false, 1, 752, rig.nowNs);
        assertThat(connection().expiresInMs()).isGreaterThan(3_600_000);
    }

    @Test
    void whatWasCarriedCountsAndKeepsTheConnectionAlive() {
        begin();
        final ConnectionRecord before = connection();
        for (int i = 0; i < 5; i++) {
            rig.pass(200);
            handover.carried(before.entry(), before.generation(), true, 10, 15_000, rig.nowNs);
        }
        assertThat(connection().packetsReply()).isEqualTo(before.packetsReply() + 50);
        assertThat(connection().bytesReply()).isEqualTo(before.bytesReply() + 75_000);
        assertThat(connection().packetsOriginal()).isEqualTo(before.packetsOriginal());
    }

    @Test
    void anEndIsNoticed() {
        final ConnectionRecord connection = connection();
        begin();
        assertThat(handover.isOpen(connection.entry(), connection.generation())).isTrue();
        assertThat(rig.outcome(server("FA", 90_000, 80_000, 0))).isEqualTo("forward");
        assertThat(rig.state()).isEqualTo("FIN_WAIT");
        assertThat(handover.isOpen(connection.entry(), connection.generation())).isFalse();
        assertThat(begin()).as("it is closing").isFalse();
        end();
        assertThat(rig.outcome(client("A", 80_000, 90_001, 0))).isEqualTo("forward");
        assertThat(rig.outcome(client("FA", 80_000, 90_001, 0))).isEqualTo("forward");
        assertThat(rig.outcome(server("A", 90_001, 80_001, 0))).isEqualTo("forward");
        assertThat(rig.state()).isEqualTo("TIME_WAIT");
    }

    @Test
    void aResetEndsItWhateverItsNumber() {
        begin();
        assertThat(rig.outcome(client("R", 123_456_789, 0, 0))).isEqualTo("forward");
        assertThat(rig.state()).isEqualTo("CLOSE");
    }

    @Test
    void anotherGenerationIsLeftAlone() {
        final ConnectionRecord connection = connection();
        final int other = connection.generation() + 2;
        assertThat(handover.begin(connection.entry(), other)).isFalse();
        handover.end(connection.entry(), other);
        handover.carried(connection.entry(), other, false, 5, 5, rig.nowNs);
        assertThat(connection()).isEqualTo(connection);
        assertThat(segment(false, client("A", 900_000, 6001, 10))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"handshake", "udp"})
    void onlyEstablishedTcpIsHandedOver(String kind) {
        switch (kind) {
            case "handshake" -> rig.send(StageRig.tcp("10.0.0.3", 1, "10.0.0.2", 80, "S"));
            default -> {
                rig.send(StageRig.udp("10.0.0.3", 1, "10.0.0.2", 80));
                rig.send(StageRig.udp("10.0.0.2", 80, "10.0.0.3", 1));
            }
        }
        final ConnectionRecord other = from1();
        assertThat(other.state()).isEqualTo(kind.equals("udp") ? "REPLIED" : "SYN_SENT");
        assertThat(handover.begin(other.entry(), other.generation())).isFalse();
    }

    private ConnectionRecord from1() {
        return rig.connections().stream()
                .filter(each -> each.originalSourcePort() == 1)
                .findFirst()
                .orElseThrow();
    }

    /** Its translation stays, and each direction learns its window by itself as that of any other connection. */
    @Test
    void aTranslatedConnectionIsHandedOver() {
        rig.service = (_, decision) -> {
            if (decision.destinationPort() == 81) {
                decision.translateDestination(0, 0xFFFF_0A00_0002L, 80);
            }
            return null;
        };
        rig.send(StageRig.tcp("10.0.0.3", 1, "10.0.0.9", 81, "S").seq(1));
        rig.send(StageRig.tcp("10.0.0.2", 80, "10.0.0.3", 1, "SA").seq(1).ack(2));
        rig.send(StageRig.tcp("10.0.0.3", 1, "10.0.0.9", 81, "A").seq(2).ack(2));
        final ConnectionRecord other = from1();
        assertThat(handover.begin(other.entry(), other.generation())).isTrue();
        handover.end(other.entry(), other.generation());
        assertThat(rig.outcome(StageRig.tcp("10.0.0.3", 1, "10.0.0.9", 81, "A")
                        .seq(900_000)
                        .ack(700_000)
                        .payloadOf(10)))
                .isEqualTo("forward");
        assertThat(rig.decision.destinationPort()).isEqualTo(80);
        assertThat(rig.outcome(StageRig.tcp("10.0.0.2", 80, "10.0.0.3", 1, "A")
                        .seq(700_000)
                        .ack(900_010)))
                .isEqualTo("forward");
        assertThat(rig.decision.sourcePort()).isEqualTo(81);
        final long at = rig.table.address(other.entry());
        assertThat(TcpWindow.endOf(at, false)).isEqualTo(900_010);
        assertThat(TcpWindow.endOf(at, true)).isEqualTo(700_000);
        assertThat(TcpWindow.isUnacknowledged(at)).isFalse();
    }
}
