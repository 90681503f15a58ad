package io.weir.dataplane.offload;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.linux.BpfInstructions;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program of a pod's host end, run by the kernel on single packets. */
@TopologyTest
class OffloadProgramsTopologyTest {
    private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:0a");
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");
    private static final MacAddress NEXT = MacAddress.parse("02:00:00:00:00:0b");
    private static final int HOST_END = 5;
    private static final int EGRESS = 7;
    private static final int TAP = 6;
    private static final int MTU = 1500;

    private OffloadTable table;
    private BpfProgram program;

    @BeforeEach
    void load() {
        table = new OffloadTable(64);
        program = BpfProgram.load(
                BpfProgram.Kind.INGRESS,
                "weir_from_pod",
                OffloadPrograms.fromPod(table.table(), HOST_END, TAP, POD, GATEWAY));
        for (final boolean ipv6 : new boolean[] {false, true}) {
            assertThat(add(key(ipv6))).isTrue();
        }
    }

    private boolean add(OffloadKey key) {
        final OffloadKey answers = key.swapped(2);
        return table.add(
                new OffloadedFlow(key, answers, 2, GATEWAY, NEXT, MTU),
                new OffloadEnd(HOST_END, HOST_END),
                new OffloadedFlow(answers, key, 1, GATEWAY, POD, MTU),
                new OffloadEnd(EGRESS, EGRESS));
    }

    @AfterEach
    void unload() {
        program.close();
        table.close();
    }

    private static String source(boolean ipv6) {
        return ipv6 ? "fd00::a" : "10.9.0.10";
    }

    private static String destination(boolean ipv6) {
        return ipv6 ? "fd00::b" : "10.9.0.11";
    }

    private static OffloadKey key(boolean ipv6) {
        return new OffloadKey(1, IpAddress.parse(source(ipv6)), IpAddress.parse(destination(ipv6)), 40_000, 80);
    }

    private static OffloadKey reverse(boolean ipv6) {
        return key(ipv6).swapped(2);
    }

    private static PacketBuilder ip(boolean ipv6) {
        return PacketBuilder.packet().ethernet(POD, GATEWAY).ip(source(ipv6), destination(ipv6));
    }

    private static PacketBuilder tcp(PacketBuilder ip) {
        return ip.tcp(40_000, 80).flags("A").seq(7).ack(9);
    }

    /** The frame as it is when it goes to the other pod. */
    private static byte[] forwarded(byte[] frame) {
        final byte[] after = frame.clone();
        System.arraycopy(NEXT.toBytes(), 0, after, 0, MacAddress.LENGTH);
        System.arraycopy(GATEWAY.toBytes(), 0, after, MacAddress.LENGTH, MacAddress.LENGTH);
        if (after[12] == 0x08) {
            after[22]--;
            after[24] = after[25] = 0;
            long sum = 0;
            for (int at = 14; at < 34; at += 2) {
                sum += ByteBuffer.wrap(after).order(ByteOrder.BIG_ENDIAN).getShort(at) & 0xFFFF;
            }
            sum = (sum & 0xFFFF) + (sum >>> 16);
            sum = (sum & 0xFFFF) + (sum >>> 16);
            ByteBuffer.wrap(after).putShort(24, (short) ~sum);
        } else {
            after[21]--;
        }
        return after;
    }

    private void assertCarried(byte[] frame, boolean ipv6) {
        final OffloadCount before = table.count(key(ipv6));
        final BpfProgram.Run run = program.run(frame, 0, 0);
        assertThat(run.result()).isEqualTo(BpfProgram.INGRESS_REDIRECT);
        assertThat(run.frame()).isEqualTo(forwarded(frame));
        assertPacket(run.frame()).checksumsValid();
        final OffloadCount after = table.count(key(ipv6));
        assertThat(after.packets() - before.packets()).isEqualTo(1);
        assertThat(after.bytes() - before.bytes()).isEqualTo(frame.length - 14);
        assertThat(System.nanoTime() - after.lastUsedNs()).isBetween(0L, 10_000_000_000L);
    }

    private void assertToWeir(String what, byte[] frame, int segments, int segmentBytes) {
        final long before = packets();
        final BpfProgram.Run run = program.run(frame, segments, segmentBytes);
        assertThat(run.result()).as(what).isEqualTo(BpfProgram.INGRESS_REDIRECT);
        assertThat(run.frame()).as(what).isEqualTo(frame);
        assertThat(packets()).as(what).isEqualTo(before);
    }

    private void assertToWeir(String what, byte[] frame) {
        assertToWeir(what, frame, 0, 0);
    }

    private long packets() {
        return table.count(key(false)).packets() + table.count(key(true)).packets();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void plainSegmentsAreCarried(boolean ipv6) {
        final List<UnaryOperator<PacketBuilder>> kinds = List.of(
                segment -> segment,
                segment -> segment.payload("hello"),
                segment -> segment.flags("PA").payloadOf(1000),
                segment -> segment.timestamps(1, 2).payloadOf(100),
                segment -> segment.tcpOption(1)
                        .tcpOption(1)
                        .tcpOption(1)
                        .tcpOption(1)
                        .payloadOf(3),
                segment -> segment.flags("UA").urgent(3).payloadOf(10),
                segment -> segment.payloadOf(MTU - 20 - (ipv6 ? 40 : 20)));
        for (final UnaryOperator<PacketBuilder> kind : kinds) {
            assertCarried(kind.apply(tcp(ip(ipv6))).build(), ipv6);
        }
        assertCarried(tcp(ip(ipv6).ttl(2)).build(), ipv6);
        assertCarried(tcp(ip(ipv6).ttl(255).trafficClass(0xFF)).build(), ipv6);
    }

    /** The header's checksum is right for every value that it and the field beside it can have. */
    @Test
    void theChecksumIsKept() {
        final Random random = new Random(9);
        for (int i = 0; i < 20_000; i++) {
            assertCarried(
                    tcp(ip(false).ttl(2 + random.nextInt(254)).id(random.nextInt(65536)))
                            .build(),
                    false);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTrainCountsAsItsSegments(boolean ipv6) {
        final int headers = (ipv6 ? 40 : 20) + 20 + 12;
        final byte[] train = tcp(ip(ipv6)).timestamps(1, 2).payloadOf(2500).build();
        final BpfProgram.Run run = program.run(train, 2, MTU - headers);
        assertThat(run.frame()).isEqualTo(forwarded(train));
        assertThat(table.count(key(ipv6)).packets()).isEqualTo(2);
        assertThat(table.count(key(ipv6)).bytes()).isEqualTo(2500 + 2 * headers);
        assertToWeir("segments above the MTU", train, 2, MTU - headers + 1);
        assertToWeir("nobody has counted the segments", train, 0, MTU - headers);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allElseGoesToWeir(boolean ipv6) {
        final int ipHeader = ipv6 ? 40 : 20;
        assertToWeir(
                "above the MTU",
                tcp(ip(ipv6)).payloadOf(MTU - 20 - ipHeader + 1).build());
        assertToWeir("last hop", tcp(ip(ipv6).ttl(1)).build());
        assertToWeir("no hop", tcp(ip(ipv6).ttl(0)).build());
        assertToWeir("other version", tcp(ip(ipv6).ipVersion(5)).build());
        assertToWeir("padded", tcp(ip(ipv6)).pad(200).build());
        assertToWeir(
                "length too small",
                tcp(ip(ipv6).ipLength(ipv6 ? 21 : 41)).payloadOf(20).build());
        assertToWeir(
                "length too great", tcp(ip(ipv6).ipLength(500)).payloadOf(20).build());
        assertToWeir(
                "TCP header too short",
                tcp(ip(ipv6)).dataOffset(4).payloadOf(20).build());
        assertToWeir(
                "TCP header longer than the packet",
                tcp(ip(ipv6)).dataOffset(15).payloadOf(20).build());
        // the kernel itself lets no program run on less than an IP header
        for (int length = 14 + ipHeader; length < 14 + ipHeader + 20; length++) {
            assertToWeir("cut to " + length, tcp(ip(ipv6)).truncate(length).build());
        }
        assertToWeir("UDP", ip(ipv6).udp(40_000, 80).payloadOf(20).build());
        assertToWeir("ICMP", ip(ipv6).icmpEcho(1, 2).payloadOf(20).build());
        final String from = source(ipv6);
        final String to = destination(ipv6);
        final PacketBuilder sameMacs = PacketBuilder.packet().ethernet(POD, GATEWAY);
        assertToWeir("other source", tcp(sameMacs.ip(from + "0", to)).build());
        assertToWeir(
                "other destination", tcp(eth(POD, GATEWAY).ip(from, to + "0")).build());
        assertToWeir("swapped", tcp(eth(POD, GATEWAY).ip(to, from)).build());
        assertToWeir("other source port", ip(ipv6).tcp(40_001, 80).flags("A").build());
        assertToWeir(
                "other destination port", ip(ipv6).tcp(40_000, 81).flags("A").build());
        assertToWeir("to another station", tcp(eth(POD, NEXT).ip(from, to)).build());
        assertToWeir("to all", tcp(eth(POD, MacAddress.BROADCAST).ip(from, to)).build());
        for (int bit = 0; bit < 48; bit++) {
            final MacAddress other = new MacAddress(POD.bits() ^ 1L << bit);
            assertToWeir("from " + other, tcp(eth(other, GATEWAY).ip(from, to)).build());
            final MacAddress gateway = new MacAddress(GATEWAY.bits() ^ 1L << bit);
            assertToWeir("to " + gateway, tcp(eth(POD, gateway).ip(from, to)).build());
        }
        assertToWeir("tagged", tcp(eth(POD, GATEWAY).vlan(3).ip(from, to)).build());
        assertThat(packets()).isZero();
        assertCarried(tcp(ip(ipv6)).build(), ipv6);
    }

    private static PacketBuilder eth(MacAddress source, MacAddress destination) {
        return PacketBuilder.packet().ethernet(source, destination);
    }

    @Test
    void whatOneFamilyAloneHasGoesToWeir() {
        final String from = source(false);
        assertToWeir(
                "ARP",
                eth(POD, GATEWAY)
                        .arpRequest(POD.toString(), from, "169.254.1.1")
                        .build());
        assertToWeir("options", tcp(ip(false).ipOptions(1, 1, 1, 0)).build());
        assertToWeir("header of 4 words", tcp(ip(false).ipHeaderWords(4)).build());
        assertToWeir(
                "first fragment", tcp(ip(false).moreFragments()).payloadOf(16).build());
        assertToWeir(
                "later fragment", tcp(ip(false).fragmentOffset(8)).payloadOf(16).build());
        final byte[] reserved = tcp(ip(false)).build();
        reserved[20] |= (byte) 0x80;
        assertToWeir("reserved bit", reserved);
        assertToWeir(
                "hop-by-hop options", tcp(ip(true).hopByHop(1, 4, 0, 0, 0, 0)).build());
        assertToWeir(
                "destination options",
                tcp(ip(true).destinationOptions(1, 4, 0, 0, 0, 0)).build());
        assertToWeir(
                "IPv6 fragment",
                tcp(ip(true).fragment(1, 0, true)).payloadOf(16).build());
        assertCarried(tcp(ip(false).dontFragment()).build(), false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"S", "SA", "FA", "R", "RA"})
    void aBeginningOrEndClosesBothDirections(String flags) {
        for (final boolean ipv6 : new boolean[] {false, true}) {
            assertCarried(tcp(ip(ipv6)).build(), ipv6);
            final OffloadCount before = table.count(key(ipv6));
            assertToWeir(flags, tcp(ip(ipv6)).flags(flags).build());
            assertToWeir("after " + flags, tcp(ip(ipv6)).build());
            assertThat(table.count(key(ipv6))).isEqualTo(before);
            assertThat(carries(reverse(ipv6), ipv6)).isFalse();
            // control adds it again when the connection lives on
            assertThat(add(key(ipv6))).isTrue();
            assertThat(table.count(key(ipv6))).isEqualTo(before);
            assertCarried(tcp(ip(ipv6)).build(), ipv6);
            assertThat(carries(reverse(ipv6), ipv6)).isTrue();
        }
    }

    @Test
    void anEndOfAnotherConnectionClosesNothing() {
        assertToWeir(
                "FIN of another port", ip(false).tcp(40_001, 80).flags("FA").build());
        assertToWeir(
                "spoofed FIN",
                tcp(eth(POD, GATEWAY).ip("10.9.0.12", destination(false)))
                        .flags("F")
                        .build());
        assertCarried(tcp(ip(false)).build(), false);
        assertThat(carries(reverse(false), false)).isTrue();
        assertThat(carries(reverse(true), true)).isTrue();
    }

    /** Whether the program of the other pod carries the answer. */
    private boolean carries(OffloadKey key, boolean ipv6) {
        try (BpfProgram other = BpfProgram.load(
                BpfProgram.Kind.INGRESS,
                "weir_from_pod",
                OffloadPrograms.fromPod(table.table(), EGRESS, TAP, NEXT, GATEWAY))) {
            final long before = table.count(key).packets();
            other.run(
                    eth(NEXT, GATEWAY)
                            .ip(/* source= */ destination(ipv6), /* destination= */ source(ipv6))
                            .tcp(80, 40_000)
                            .flags("A")
                            .build(),
                    0,
                    0);
            return table.count(key).packets() > before;
        }
    }

    @Test
    void aRemovedEntryCarriesNothing() {
        assertCarried(tcp(ip(false)).build(), false);
        final OffloadCount last = table.remove(key(false));
        assertThat(last.packets()).isEqualTo(1);
        assertThat(table.count(key(false))).isEqualTo(OffloadCount.ZERO);
        assertThat(table.remove(key(false))).isEqualTo(OffloadCount.ZERO);
        assertToWeir("removed", tcp(ip(false)).build());
        assertCarried(tcp(ip(true)).build(), true);
    }

    @Test
    void slotsRestAndComeBack() {
        final List<OffloadKey> more = new ArrayList<>();
        for (int round = 0; round < 20; round++) {
            int port = 1000;
            while (true) {
                final OffloadKey key =
                        new OffloadKey(1, key(false).source(), key(false).destination(), port++, 80);
                if (!add(key)) {
                    break;
                }
                more.add(key);
                more.add(key.swapped(2));
            }
            assertThat(table.size()).isEqualTo(64);
            final OffloadKey first = more.getFirst();
            final byte[] frame =
                    ip(false).tcp(first.sourcePort(), 80).flags("A").build();
            assertThat(program.run(frame, 0, 0).frame()).isEqualTo(forwarded(frame));
            assertThat(table.count(first).packets()).isEqualTo(1);
            more.forEach(table::remove);
            more.clear();
            assertToWeir("removed", frame);
        }
        table.removePort(2);
        assertThat(table.size()).isZero();
        assertToWeir("the port is gone", tcp(ip(false)).build());
    }

    @Test
    void aWrongProgramIsRefusedWithTheVerifiersReason() {
        assertThatThrownBy(() -> BpfProgram.load(
                        BpfProgram.Kind.INGRESS,
                        "wrong",
                        new BpfInstructions()
                                .load4(BpfInstructions.R2, BpfInstructions.R1, BpfProgram.PACKET_DATA)
                                .load1(BpfInstructions.R0, BpfInstructions.R2, 0)
                                .exit()))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("the verifier says")
                .hasMessageContaining("invalid access to packet");
    }
}
