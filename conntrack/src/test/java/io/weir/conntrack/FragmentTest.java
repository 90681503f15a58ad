package io.weir.conntrack;

import static io.weir.conntrack.StageRig.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FragmentTest {
    private static PacketBuilder datagram(boolean ipv4, int id, int length) {
        return ipv4
                ? packet().ip("10.0.0.1", "10.0.0.2").id(id).udp(5000, 53).payloadOf(length)
                : packet().ip("fd00::1", "fd00::2").udp(5000, 53).payloadOf(length);
    }

    /** Receives what is held; the outcomes of the frames in order. */
    private static List<String> drain(StageRig rig) {
        final List<String> outcomes = new ArrayList<>();
        rig.compiler
                .fragments()
                .drain(
                        new FragmentTracker.Sink() {
                            @Override
                            public void onReady(
                                    long address, int length, int ingressPort, int scope, boolean checksumPartial) {
                                outcomes.add(
                                        rig.outcome(rig.receive(address, length, ingressPort, scope, checksumPartial)));
                            }

                            @Override
                            public void onDropped(DropReason reason, int ingressPort, int length) {
                                outcomes.add(reason.label());
                            }
                        },
                        rig.nowNs,
                        Integer.MAX_VALUE);
        return outcomes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fragmentsInAnyOrderFollowTheirFirst(boolean ipv4) {
        final Random random = new Random(5);
        for (int round = 0; round < 50; round++) {
            try (StageRig rig = new StageRig()) {
                final List<byte[]> fragments =
                        new ArrayList<>(datagram(ipv4, round, 9000).fragments(1500));
                Collections.shuffle(fragments, random);
                int passed = 0;
                for (final byte[] fragment : fragments) {
                    final String outcome = rig.outcome(rig.send(fragment));
                    assertThat(outcome).isIn("forward", "punt");
                    passed += outcome.equals("forward") ? 1 : 0;
                    final List<String> held = drain(rig);
                    assertThat(held).allMatch("forward"::equals);
                    passed += held.size();
                }
                assertThat(passed).isEqualTo(fragments.size());
                assertThat(rig.connections()).hasSize(1);
                assertThat(rig.connections().get(0).packetsOriginal()).isEqualTo(fragments.size());
                assertThat(rig.compiler.fragments().heldCount()).isZero();
            }
        }
    }

    /** A question's tuple differs from its answer's, and only the first fragment says which of the two it is. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fragmentsOfEchoRequestsFollowTheirFirst(boolean ipv4) {
        try (StageRig rig = new StageRig()) {
            final PacketBuilder request = ipv4
                    ? packet().ip("10.0.0.1", "10.0.0.2").id(7).icmpEcho(9, 1).payloadOf(3000)
                    : packet().ip("fd00::1", "fd00::2").icmpEcho(9, 1).payloadOf(3000);
            for (final byte[] fragment : request.fragments(1500)) {
                assertThat(rig.outcome(rig.send(fragment))).isEqualTo("forward");
            }
            assertThat(rig.connections()).hasSize(1);
        }
    }

    /** RFC 9260 6.8: the CRC covers all fragments; addresses are not in it, ports are. */
    @Test
    void fragmentOfSctpIsDroppedWhereItsPortsWouldChangeAndElsePasses() {
        final SnatSpec masquerade = SenderThreads.masquerade();
        try (StageRig rig = new StageRig(ConntrackSpec.DEFAULT.withCapacity(1024), masquerade)) {
            rig.outputPort = 9;
            assertThat(rig.outcome(rig.send(init("10.244.1.5").fragments(1500).get(0))))
                    .isEqualTo("forward");
            assertThat(rig.way()).isEqualTo("192.168.0.10:5000 > 1.1.1.1:80");
            assertThat(rig.outcome(rig.send(init("10.244.1.6").fragments(1500).get(0))))
                    .as("its port is taken")
                    .isEqualTo("sctp-fragment-ports");
            assertThat(rig.connections()).hasSize(1);
            assertThat(rig.outcome(init("10.244.1.6"))).as("a whole packet").isEqualTo("forward");
            assertThat(rig.outcome(rig.send(init("10.244.1.6").fragments(1500).get(0))))
                    .as("of a known connection")
                    .isEqualTo("sctp-fragment-ports");
        }
    }

    /** An INIT with a parameter that makes it too big for one frame. */
    private static PacketBuilder init(String source) {
        final byte[] body = ByteBuffer.allocate(16 + 3000)
                .putInt(11)
                .putInt(65_536)
                .putInt(0x000A_000A)
                .putInt(1)
                .putShort((short) 0x8001)
                .putShort((short) 3000)
                .array();
        return packet().ip(source, "1.1.1.1")
                .id(7)
                .sctp(5000, 80)
                .verificationTag(0)
                .chunk(1, 0, body);
    }

    @Test
    void laterFragmentGetsThePortsAndTheTranslationOfItsFirst() {
        try (StageRig rig = new StageRig()) {
            rig.service = (packet, decision) -> {
                if (decision.connectionState() == ConnectionState.NEW) {
                    decision.translateToBackend(
                            1, 0, IpAddress.parse("10.1.1.1").low(), 5353);
                }
                return null;
            };
            final List<byte[]> fragments = datagram(true, 9, 2000).fragments(1500);
            rig.send(fragments.get(0));
            rig.send(fragments.get(1));
            assertThat(rig.way()).isEqualTo("10.0.0.1:5000 > 10.1.1.1:5353");
            assertThat(rig.decision.connectionState()).isEqualTo(ConnectionState.ESTABLISHED);
            assertThat(rig.decision.isCacheable()).isFalse();
        }
    }

    @Test
    void fragmentsOfADroppedFirstNeverPass() {
        try (StageRig rig = new StageRig()) {
            rig.policy = (packet, decision) -> decision.drop(DataplaneDrop.NOT_FOR_US);
            final List<byte[]> fragments = datagram(true, 9, 2000).fragments(1500);
            assertThat(rig.outcome(rig.send(fragments.get(0)))).isEqualTo("not-for-us");
            assertThat(rig.outcome(rig.send(fragments.get(1)))).isEqualTo("punt");
            assertThat(drain(rig)).isEmpty();
            rig.nowNs += 31 * StageRig.SECOND;
            assertThat(drain(rig)).containsExactly("fragment-without-first");
            assertThat(rig.compiler.fragments().heldCount()).isZero();
            assertThat(rig.compiler.fragments().datagramCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void overlapEndsTheDatagramAndARepetitionOnlyItself(boolean ipv4) {
        try (StageRig rig = new StageRig()) {
            final List<byte[]> fragments = datagram(ipv4, 7, 6000).fragments(1500);
            rig.send(fragments.get(0));
            rig.send(fragments.get(1));
            assertThat(rig.outcome(rig.send(fragments.get(1)))).isEqualTo("fragment-duplicate");
            assertThat(rig.outcome(rig.send(fragments.get(0)))).isEqualTo("fragment-duplicate");
            assertThat(rig.outcome(rig.send(fragments.get(2)))).isEqualTo("forward");
            // begins within the third fragment and reaches beyond it
            final byte[] overlapping = fragments.get(3).clone();
            final int field = ipv4 ? 14 + 6 : 14 + 40 + 2;
            final int begin = 3600;
            final ByteBuffer bytes = ByteBuffer.wrap(overlapping);
            bytes.putShort(field, (short) (ipv4 ? begin / 8 | 0x2000 : begin | 1));
            if (ipv4) {
                bytes.putShort(14 + 10, (short) (bytes.getShort(14 + 10) + (4440 - begin) / 8));
            }
            assertThat(rig.outcome(rig.send(overlapping))).isEqualTo("fragment-overlap");
            assertThat(rig.outcome(rig.send(fragments.get(3)))).isEqualTo("fragment-overlap");
        }
    }

    @Test
    void fragmentThatRewritesTheTransportHeaderIsAnOverlap() {
        try (StageRig rig = new StageRig()) {
            final List<byte[]> fragments = datagram(true, 7, 3000).fragments(1500);
            rig.send(fragments.get(0));
            final PacketBuilder evil = packet().ip("10.0.0.1", "10.0.0.2")
                    .id(7)
                    .protocol(17)
                    .fragmentOffset(8)
                    .moreFragments()
                    .payloadOf(1496);
            assertThat(rig.outcome(evil)).isEqualTo("fragment-overlap");
        }
    }

    @Test
    void identificationIsUsedAgainAfterACompleteDatagram() {
        try (StageRig rig = new StageRig()) {
            for (int round = 0; round < 5; round++) {
                for (final byte[] fragment : datagram(true, 7, 3000).fragments(1500)) {
                    assertThat(rig.outcome(rig.send(fragment))).isEqualTo("forward");
                }
            }
        }
    }

    @Test
    void datagramsAndHeldFramesAreBounded() {
        final ConntrackSpec spec =
                new ConntrackSpec(1024, ConntrackTimeouts.LINUX, false, true, Map.of(), 16, 16, Duration.ofSeconds(30));
        try (StageRig rig = new StageRig(spec, SnatSpec.NONE)) {
            int refused = 0;
            for (int i = 0; i < 100; i++) {
                final String outcome = rig.outcome(
                        rig.send(datagram(true, i, 2000).fragments(1500).get(1)));
                refused += outcome.equals("fragment-table-full") ? 1 : 0;
            }
            assertThat(refused).isEqualTo(84);
            assertThat(rig.compiler.fragments().heldCount()).isEqualTo(16);
            for (int i = 200; i < 300; i++) {
                assertThat(rig.outcome(
                                rig.send(datagram(true, i, 2000).fragments(1500).get(0))))
                        .isEqualTo("forward");
            }
            assertThat(rig.compiler.fragments().datagramCount()).isEqualTo(16);
            assertThat(drain(rig)).hasSize(16).allMatch("fragment-table-full"::equals);
            assertThat(rig.compiler.fragments().heldCount()).isZero();
        }
    }

    @Test
    void atomicFragmentIsAWholeDatagram() {
        try (StageRig rig = new StageRig()) {
            assertThat(rig.outcome(packet().ip("fd00::1", "fd00::2")
                            .fragment(1, 0, false)
                            .udp(1, 2)
                            .payload("x")))
                    .isEqualTo("forward");
            assertThat(rig.compiler.fragments().datagramCount()).isZero();
        }
    }
}
