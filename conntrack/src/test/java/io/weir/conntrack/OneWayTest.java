package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections whose answers go another way: how long they live, and when they begin anew. */
class OneWayTest {
    private static final String CLIENT = "198.51.100.7";
    private static final String SERVICE = "203.0.113.9";
    private static final int BACKEND = 5;

    /** What the load balancer says of the only backend. */
    private static final class Backend implements BackendStates {
        boolean isGone;
        boolean isDirect = true;

        @Override
        public boolean isGone(int backend) {
            return isGone;
        }

        @Override
        public boolean isDirect(int backend) {
            return isDirect;
        }
    }

    private final Backend backend = new Backend();

    private StageRig rig() {
        return rig(ConntrackSpec.DEFAULT.withCapacity(4096), SnatSpec.NONE);
    }

    /** With a service stage that sends all packets of clients on as they are. */
    private StageRig rig(ConntrackSpec spec, SnatSpec snat) {
        final StageRig rig = new StageRig(spec, snat, backend);
        rig.service = (packet, decision) -> {
            if (!decision.isReply()) {
                decision.directTo(BACKEND, 0, 0xFFFF_0A00_0001L, 8080);
            }
            return null;
        };
        return rig;
    }

    private static PacketBuilder tcp(String flags) {
        return StageRig.tcp(CLIENT, 4000, SERVICE, 80, flags);
    }

    @ParameterizedTest
    @CsvSource({
        "S, ONE_WAY_FIRST, 119, 121", // as a SYN that nobody answers
        "S A, ONE_WAY, 431998, 432002", // five days
        "S A FA, ONE_WAY_ENDED, 119, 121",
        "S RA, ONE_WAY_ENDED, 119, 121",
        "S A FA A, ONE_WAY_ENDED, 119, 121",
        "A, ONE_WAY, 431998, 432002" // taken up in the middle
    })
    void flagsOfTheClientTellHowLongItMayBeSilent(String segments, String state, long alive, long gone) {
        try (StageRig rig = rig()) {
            for (final String flags : segments.split(" ", -1)) {
                assertThat(rig.outcome(tcp(flags))).isEqualTo("forward");
                assertThat(rig.way()).isEqualTo(CLIENT + ":4000 > " + SERVICE + ":80");
                assertThat(rig.decision.isDirect()).isTrue();
            }
            assertThat(rig.state()).isEqualTo(state);
            rig.pass(alive);
            assertThat(rig.state()).isEqualTo(state);
            rig.pass(gone - alive);
            assertThat(rig.state()).isEqualTo("none");
        }
    }

    @Test
    void datagramsLiveAsLongAsAStreamFromTheSecondOneOn() {
        try (StageRig rig = rig()) {
            rig.send(StageRig.udp(CLIENT, 4000, SERVICE, 53));
            rig.pass(29);
            rig.send(StageRig.udp(CLIENT, 4000, SERVICE, 53));
            rig.pass(119);
            assertThat(rig.state()).isEqualTo("ONE_WAY");
            rig.pass(2);
            assertThat(rig.state()).isEqualTo("none");
        }
    }

    @Test
    void aSynBeginsAnewOnlyAfterTheEnd() {
        try (StageRig rig = rig()) {
            rig.send(tcp("S"));
            rig.send(tcp("S"));
            assertThat(rig.connections().getFirst().packetsOriginal()).isEqualTo(2);
            rig.send(tcp("R"));
            rig.send(tcp("S"));
            assertThat(rig.connections()).singleElement().satisfies(each -> {
                assertThat(each.state()).isEqualTo("ONE_WAY_FIRST");
                assertThat(each.packetsOriginal()).isEqualTo(1);
            });
        }
    }

    /** Where routing brings the answers here all the same, they pass as they are. */
    @Test
    void answersMayPass() {
        try (StageRig rig = rig()) {
            rig.send(tcp("S"));
            assertThat(rig.outcome(StageRig.tcp(SERVICE, 80, CLIENT, 4000, "SA")))
                    .isEqualTo("forward");
            assertThat(rig.decision.isReply()).isTrue();
            assertThat(rig.way()).isEqualTo(SERVICE + ":80 > " + CLIENT + ":4000");
            assertThat(rig.decision.isDirect()).isFalse();
        }
    }

    /** A rule that would hide the sender has no say. */
    @Test
    void theSenderIsNeverHidden() {
        try (StageRig rig = rig(ConntrackSpec.DEFAULT.withCapacity(4096), SenderThreads.masquerade())) {
            rig.send(tcp("S"));
            assertThat(rig.way()).isEqualTo(CLIENT + ":4000 > " + SERVICE + ":80");
        }
    }

    @ParameterizedTest
    @CsvSource({"true, true", "false, false"})
    void aLostBackendIsChosenAnew(boolean isGone, boolean isDirect) {
        try (StageRig rig = rig()) {
            rig.send(StageRig.udp(CLIENT, 4000, SERVICE, 53));
            backend.isGone = isGone;
            backend.isDirect = isDirect;
            rig.service = (packet, decision) -> null; // it finds none
            rig.send(StageRig.udp(CLIENT, 4000, SERVICE, 53));
            assertThat(rig.connections()).singleElement().satisfies(each -> {
                assertThat(each.backend()).isEqualTo(-1);
                assertThat(each.state()).isEqualTo("UNREPLIED");
            });
        }
    }

    /** Connections that are tracked in full can't be found again by their backend's choice: they stay. */
    @Test
    void aFullTableDropsOneWayConnectionsFirst() {
        try (StageRig rig = rig(ConntrackSpec.DEFAULT.withCapacity(1024), SnatSpec.NONE)) {
            final StageRig.Hook direct = rig.service;
            rig.service = (packet, decision) -> null;
            for (int port = 1; port <= 512; port++) {
                rig.send(StageRig.tcp(CLIENT, port, "192.0.2.1", 80, "S").seq(1));
                rig.send(
                        StageRig.tcp("192.0.2.1", 80, CLIENT, port, "SA").seq(1).ack(2));
                rig.send(StageRig.tcp(CLIENT, port, "192.0.2.1", 80, "A").seq(2).ack(2));
            }
            rig.service = direct;
            for (int port = 1; port <= 2000; port++) {
                assertThat(rig.outcome(StageRig.tcp(CLIENT, port, SERVICE, 80, "S")))
                        .isEqualTo("forward");
                rig.send(StageRig.tcp(CLIENT, port, SERVICE, 80, "A"));
                rig.nowNs += StageRig.SECOND / 100;
            }
            assertThat(rig.connections().stream()
                            .filter(each -> each.state().equals("ESTABLISHED"))
                            .count())
                    .isEqualTo(512);
            assertThat(rig.table.counter(ConntrackCounter.EVICTED)).isPositive();
        }
    }
}
