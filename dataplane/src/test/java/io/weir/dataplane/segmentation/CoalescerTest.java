package io.weir.dataplane.segmentation;

import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoalescerTest {
    private static final int SIZE = 1000;

    private final OffloadRig rig = new OffloadRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private static PacketBuilder segment(boolean ipv6, int port, int sequence) {
        final PacketBuilder builder = packet().ethernet();
        return (ipv6
                        ? builder.ipv6("fd00::1", "fd00::2")
                        : builder.ipv4("10.0.0.1", "10.0.0.2").dontFragment())
                .tcp(port, 80)
                .flags("A")
                .seq(5000 + sequence)
                .ack(1)
                .window(500)
                .tcpOption(1, 1)
                .timestamps(10, 20);
    }

    private static byte[] piece(boolean ipv6, int port, int number) {
        return segment(ipv6, port, number * SIZE).payload(bytes(number, SIZE)).build();
    }

    private static byte[] bytes(int value, int count) {
        final byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private List<MemoryPort.Frame> send(byte[]... frames) {
        return rig.send(OffloadRig.BIG, 0, frames);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mergesWhatFollowsAndTheSegmenterCutsTheSameAgain(boolean ipv6) {
        final List<byte[]> pieces = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            pieces.add(piece(ipv6, 1, i));
        }
        pieces.add(segment(ipv6, 1, 30 * SIZE).flags("PA").payload(bytes(9, 10)).build());
        final List<MemoryPort.Frame> sent = rig.send(OffloadRig.BIG, 0, pieces);
        assertThat(sent).hasSize(1);
        final MemoryPort.Frame merged = sent.getFirst();
        final int headers = ipv6 ? 86 : 66;
        assertThat(merged.notes()).isEqualTo(Burst.CHECKSUM_PARTIAL | SIZE);
        assertThat(merged.bytes()).hasSize(headers + 30 * SIZE + 10);
        final byte[] expected = merged.bytes().clone();
        SegmenterPropertyTest.putPseudoSum(expected, ipv6, headers - 32, headers - 16, 6);
        assertThat(merged.bytes()).isEqualTo(expected);

        final List<byte[]> cut = rig.bytes(rig.send(OffloadRig.SMALL, merged.notes(), merged.bytes()));
        assertThat(cut).hasSameSizeAs(pieces);
        for (int i = 0; i < cut.size(); i++) {
            assertThat(withoutId(cut.get(i))).isEqualTo(withoutId(pieces.get(i)));
        }
    }

    /** The sender may leave identifications as they are where DF is set; cutting counts them up. */
    private static byte[] withoutId(byte[] frame) {
        final byte[] copy = frame.clone();
        if (copy[12] == 8) {
            Arrays.fill(copy, 18, 20, (byte) 0);
            Arrays.fill(copy, 24, 26, (byte) 0);
        }
        return copy;
    }

    @Test
    void leavesPortsAloneThatTakeNoBigPackets() {
        assertThat(rig.bytes(rig.send(OffloadRig.SMALL, 0, piece(false, 1, 0), piece(false, 1, 1))))
                .containsExactly(piece(false, 1, 0), piece(false, 1, 1));
    }

    @Test
    void mergesConnectionsSideBySide() {
        final List<MemoryPort.Frame> sent = send(
                piece(false, 1, 0),
                piece(false, 2, 0),
                piece(true, 1, 0),
                piece(false, 2, 1),
                piece(false, 1, 1),
                piece(true, 1, 1));
        assertThat(sent)
                .hasSize(3)
                .allSatisfy(frame -> assertThat(frame.notes() & 0xFFFF).isEqualTo(SIZE));
        assertThat(sent.get(0).bytes()[35]).isEqualTo((byte) 1);
        assertThat(sent.get(1).bytes()[35]).isEqualTo((byte) 2);
    }

    @Test
    void aShorterPieceAndAPushEndAPacket() {
        final byte[] shorter = segment(false, 1, SIZE).payload(bytes(1, 500)).build();
        final byte[] after =
                segment(false, 1, SIZE + 500).payload(bytes(1, SIZE)).build();
        assertThat(lengths(send(piece(false, 1, 0), shorter, after))).containsExactly(66 + 1500, 66 + SIZE);
        final byte[] pushed =
                segment(false, 1, SIZE).flags("PA").payload(bytes(1, SIZE)).build();
        assertThat(lengths(send(piece(false, 1, 0), pushed, piece(false, 1, 2))))
                .containsExactly(66 + 2 * SIZE, 66 + SIZE);
    }

    private static List<Integer> lengths(List<MemoryPort.Frame> frames) {
        return frames.stream().map(frame -> frame.bytes().length).toList();
    }

    @Test
    void neverExceedsAnIpPacket() {
        final List<byte[]> pieces = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pieces.add(piece(false, 1, i));
        }
        assertThat(lengths(rig.send(OffloadRig.BIG, 0, pieces))).containsExactly(66 + 65 * SIZE, 66 + 35 * SIZE);
    }

    private void staysApart(UnaryOperator<PacketBuilder> change) {
        final byte[] first = piece(false, 1, 0);
        final byte[] second =
                change.apply(segment(false, 1, SIZE)).payload(bytes(1, SIZE)).build();
        final List<MemoryPort.Frame> sent = send(first, second);
        assertThat(rig.bytes(sent)).containsExactly(first, second);
        assertThat(sent).allSatisfy(frame -> assertThat(frame.notes()).isZero());
    }

    @Test
    void whatDiffersStaysApart() {
        staysApart(second -> second.seq(5000 + SIZE + 1));
        staysApart(second -> second.seq(5000 + SIZE - 1));
        staysApart(second -> second.ack(2));
        staysApart(second -> second.window(501));
        staysApart(second -> second.ttl(63));
        staysApart(second -> second.trafficClass(1));
        staysApart(second -> second.checksum(0x1234));
        for (final String flags : new String[] {"SA", "FA", "RA", "UA", "EA", "CA", "P", ""}) {
            staysApart(second -> second.flags(flags));
        }
        staysApart(second -> second.urgent(0).tcpOption(1, 1));
        final byte[] first = piece(false, 1, 0);
        final byte[] later = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .dontFragment()
                .tcp(1, 80)
                .flags("A")
                .seq(5000 + SIZE)
                .ack(1)
                .window(500)
                .tcpOption(1, 1)
                .timestamps(11, 20)
                .payload(bytes(1, SIZE))
                .build();
        assertThat(rig.bytes(send(first, later))).containsExactly(first, later);
    }

    @Test
    void aWrongFirstChecksumIsHandedOnAsItIs() {
        final byte[] first =
                segment(false, 1, 0).checksum(1).payload(bytes(0, SIZE)).build();
        final byte[] second = piece(false, 1, 1);
        assertThat(rig.bytes(send(first, second))).containsExactly(first, second);
    }

    @Test
    void identificationsMustCountUpUnlessDontFragmentIsSet() {
        final List<byte[]> counted = new ArrayList<>();
        final List<byte[]> same = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            counted.add(withId(i, 65535 + i & 0xFFFF));
            same.add(withId(i, 7));
        }
        assertThat(rig.send(OffloadRig.BIG, 0, counted)).hasSize(1);
        assertThat(rig.send(OffloadRig.BIG, 0, same)).hasSize(3);
    }

    private static byte[] withId(int number, int id) {
        return packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .id(id)
                .tcp(1, 80)
                .flags("A")
                .seq(5000 + number * SIZE)
                .payload(bytes(number, SIZE))
                .build();
    }

    @Test
    void packetsOfAConnectionStayInOrder() {
        final byte[] finish = segment(false, 1, 2 * SIZE).flags("FA").build();
        final byte[] again = piece(false, 1, 2);
        final List<MemoryPort.Frame> sent =
                send(piece(false, 1, 0), piece(false, 1, 1), finish, again, piece(false, 1, 3));
        assertThat(lengths(sent)).containsExactly(66 + 2 * SIZE, 66, 66 + 2 * SIZE);
        assertThat(sent.get(1).bytes()).isEqualTo(finish);
    }

    @Test
    void verifiedAndPartialPiecesAreTrusted() {
        final byte[] first =
                segment(false, 1, 0).checksum(1).payload(bytes(0, SIZE)).build();
        final byte[] second =
                segment(false, 1, SIZE).checksum(1).payload(bytes(0, SIZE)).build();
        assertThat(rig.send(OffloadRig.BIG, Burst.CHECKSUM_VERIFIED, first, second))
                .hasSize(1);
        assertThat(rig.send(OffloadRig.BIG, Burst.CHECKSUM_PARTIAL, first, second))
                .hasSize(1);
    }

    @Test
    void withoutBigSlotsNothingIsMergedAndNothingLost() {
        final List<Integer> taken = new ArrayList<>();
        for (int handle = rig.pool.acquireBig(); handle >= 0; handle = rig.pool.acquireBig()) {
            taken.add(handle);
        }
        for (int i = 0; i < 2; i++) {
            final int handle = rig.slot(piece(false, 1, i));
            rig.transmitter.send(OffloadRig.BIG, handle, rig.pool.frameAddress(handle), 66 + SIZE, 0);
        }
        rig.transmitter.flush();
        taken.forEach(rig.pool::release);
        assertThat(rig.bytes(rig.flush(rig.big))).containsExactly(piece(false, 1, 0), piece(false, 1, 1));
    }

    @Test
    void otherProtocolsPass() {
        final byte[] udp = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .udp(1, 2)
                .payloadOf(100)
                .build();
        final byte[] fragment = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .moreFragments()
                .tcp(1, 2)
                .payloadOf(80)
                .build();
        final byte[] arp = packet().ethernet()
                .arpRequest("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2")
                .build();
        assertThat(rig.bytes(send(udp, udp, fragment, fragment, arp)))
                .containsExactly(udp, udp, fragment, fragment, arp);
    }
}
