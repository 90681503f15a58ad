package io.weir.conntrack;

import static io.weir.conntrack.StageRig.packet;
import static io.weir.conntrack.StageRig.tcp;
import static io.weir.conntrack.StageRig.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.Test;

/** Capacity, pressure and expiry. */
class ConntrackTableTest {
    private static final int CAPACITY = 1024;

    private static StageRig small() {
        return new StageRig(ConntrackSpec.DEFAULT.withCapacity(CAPACITY), SnatSpec.NONE);
    }

    private static PacketBuilder syn(int client) {
        return tcp("10.0." + (client >> 8) + "." + (client & 0xFF), 1000, "10.9.9.9", 80, "S")
                .seq(1000);
    }

    private static void establish(StageRig rig, int client) {
        final String address = "10.1." + (client >> 8) + "." + (client & 0xFF);
        rig.send(tcp(address, 1000, "10.9.9.9", 80, "S").seq(1000));
        rig.send(tcp("10.9.9.9", 80, address, 1000, "SA").seq(5000).ack(1001));
        rig.send(tcp(address, 1000, "10.9.9.9", 80, "A").seq(1001).ack(5001));
    }

    @Test
    void fullTableEvictsHalfOpenConnectionsOldestFirst() {
        try (StageRig rig = small()) {
            for (int i = 0; i < 500; i++) {
                establish(rig, i);
            }
            for (int i = 0; i < 3000; i++) {
                assertThat(rig.outcome(syn(i))).as("SYN " + i).isEqualTo("forward");
            }
            final long established = rig.connections().stream()
                    .filter(connection -> connection.state().equals("ESTABLISHED"))
                    .count();
            assertThat(established).isEqualTo(500);
            assertThat(rig.table.count()).isLessThanOrEqualTo(CAPACITY);
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isGreaterThan(2400);
            final int survivors = (int) rig.connections().stream()
                    .filter(connection -> connection.state().equals("SYN_SENT"))
                    .count();
            final int oldest = rig.connections().stream()
                    .filter(connection -> connection.state().equals("SYN_SENT"))
                    .mapToInt(connection -> connection.originalSource().ipv4Bits() & 0xFFFF)
                    .min()
                    .orElseThrow();
            assertThat(oldest).as("the survivors are the youngest").isGreaterThanOrEqualTo(3000 - survivors - 64);
        }
    }

    @Test
    void tableFullOfEstablishedConnectionsRefusesByNameAndRecovers() {
        try (StageRig rig = small()) {
            for (int i = 0; i < CAPACITY; i++) {
                establish(rig, i);
            }
            assertThat(rig.table.count()).isEqualTo(CAPACITY);
            assertThat(rig.outcome(syn(1))).isEqualTo("conntrack-table-full");
            assertThat(rig.table.counter(ConntrackCounter.INSERT_FAILURES)).isEqualTo(1);
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isZero();
            // one connection closes: it is the one that makes room
            rig.send(tcp("10.1.0.5", 1000, "10.9.9.9", 80, "R").seq(1001));
            rig.nowNs += StageRig.SECOND;
            assertThat(rig.outcome(syn(1))).isEqualTo("forward");
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isEqualTo(1);
        }
    }

    /** Connections alone don't fill the table, but with the entries that rest after others have ended, none is free. */
    @Test
    void halfOpenConnectionsMakeRoomWhileEntriesRest() {
        final int ended = CAPACITY / 8;
        try (StageRig rig = small()) {
            for (int i = 0; i < CAPACITY; i++) {
                assertThat(rig.outcome(syn(i))).isEqualTo("forward");
            }
            rig.table.flush(connection -> connection.originalSource().ipv4Bits() % 8 == 0, new Changes(), rig.nowNs);
            assertThat(rig.table.count()).isEqualTo(CAPACITY - ended);
            for (int i = 0; i < ended; i++) {
                assertThat(rig.outcome(syn(CAPACITY + i))).as("SYN " + i).isEqualTo("forward");
            }
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isEqualTo(ended);
            rig.nowNs += StageRig.SECOND / 10;
            for (int i = 0; i < ended / 2; i++) {
                assertThat(rig.outcome(syn(2 * CAPACITY + i))).isEqualTo("forward");
            }
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).as("rested").isLessThan(ended + 64);
        }
    }

    @Test
    void expiredEntriesAreUsedAgainWithoutASweep() {
        try (StageRig rig = small()) {
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < CAPACITY; i++) {
                    final String outcome = rig.outcome(udp("10.2." + (i >> 8) + "." + (i & 0xFF), 1, "10.9.9.9", 2));
                    assertThat(outcome).isEqualTo("forward");
                }
                rig.nowNs += 31 * StageRig.SECOND;
            }
            assertThat(rig.table.counter(ConntrackCounter.CREATED)).isEqualTo(5 * CAPACITY);
        }
    }

    @Test
    void sweepLooksAtTheWholeTableOnceASecondInSmallSteps() {
        try (StageRig rig = small()) {
            rig.table.sweep(rig.nowNs, 16);
            for (int i = 0; i < 300; i++) {
                rig.send(udp("10.2." + (i >> 8) + "." + (i & 0xFF), 1, "10.9.9.9", 2));
            }
            rig.nowNs += 31 * StageRig.SECOND;
            int removed = 0;
            int most = 0;
            for (int step = 0; step < 200; step++) {
                rig.nowNs += StageRig.SECOND / 100;
                final int now = rig.table.sweep(rig.nowNs, 16);
                removed += now;
                most = Math.max(most, now);
            }
            assertThat(removed).isEqualTo(300);
            assertThat(most).isLessThanOrEqualTo(16);
            assertThat(rig.table.count()).isZero();
        }
    }

    @Test
    void protocolsExpireByTheirOwnTimeouts() {
        try (StageRig rig = small()) {
            rig.send(packet().ip("10.0.0.1", "10.0.0.2").icmpEcho(7, 1));
            rig.send(packet().ip("10.0.0.1", "10.0.0.2").protocol(47).payload("gre"));
            rig.send(packet().ip("10.0.0.1", "10.0.0.2")
                    .sctp(1, 2)
                    .verificationTag(0)
                    .init(11, 1));
            assertThat(rig.connections()).hasSize(3);
            rig.pass(4);
            assertThat(rig.connections()).as("the SCTP handshake has ended").hasSize(2);
            rig.pass(27);
            assertThat(rig.connections()).as("the echo has ended").hasSize(1);
            rig.pass(568);
            assertThat(rig.connections()).hasSize(1);
            rig.pass(3);
            assertThat(rig.connections()).isEmpty();
        }
    }

    @Test
    void aReusedEntryCountsFromZero() {
        try (StageRig rig = small()) {
            rig.sweep(); // a lap begins with the first call
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < CAPACITY; i++) {
                    final String address = "10.2." + (i >> 8) + "." + (i & 0xFF);
                    rig.send(udp(address, 1, "10.9.9.9", 2));
                    rig.send(udp("10.9.9.9", 2, address, 1));
                }
                assertThat(rig.connections()).hasSize(CAPACITY).allSatisfy(connection -> {
                    assertThat(connection.packetsOriginal()).isEqualTo(1);
                    assertThat(connection.packetsReply()).isEqualTo(1);
                    assertThat(connection.bytesReply()).isEqualTo(29);
                });
                rig.pass(121);
                rig.nowNs += StageRig.SECOND; // freed entries rest for two ticks
            }
        }
    }

    @Test
    void aReusedEntryHasAnotherGeneration() {
        try (StageRig rig = small()) {
            rig.send(udp("10.0.0.1", 1, "10.0.0.2", 2));
            final int entry = rig.decision.connection();
            final int generation = rig.decision.connectionGeneration();
            rig.pass(31);
            // the second lap begins one entry further than the first, so that entry comes last of its 64
            for (int i = 0; i < CAPACITY + 63; i++) {
                rig.send(udp("10.2." + (i >> 8) + "." + (i & 0xFF), 1, "10.9.9.9", 2));
            }
            assertThat(rig.table.count()).isEqualTo(CAPACITY);
            assertThat(rig.table.refresh(entry, generation, false, 1, 1, rig.nowNs))
                    .isFalse();
            assertThat(rig.table.refresh(entry, generation + 2, false, 1, 1, rig.nowNs))
                    .isTrue();
        }
    }

    @Test
    void clockMayBeNegativeAndWrap() {
        for (final long start : new long[] {-5 * StageRig.SECOND, (1L << 54) - 5 * StageRig.SECOND}) {
            try (StageRig rig = small()) {
                rig.nowNs = start;
                rig.send(udp("10.0.0.1", 1, "10.0.0.2", 2));
                rig.pass(29);
                assertThat(rig.connections()).hasSize(1);
                rig.pass(2);
                assertThat(rig.connections()).isEmpty();
                assertThat(rig.table.count()).isZero();
            }
        }
    }

    @Test
    void stateCodesAreTheirPositions() {
        for (final TcpState state : TcpState.values()) {
            assertThat(TcpState.of(state.code)).isEqualTo(state);
        }
        for (final SctpState state : SctpState.values()) {
            assertThat(SctpState.of(state.code)).isEqualTo(state);
        }
    }
}
