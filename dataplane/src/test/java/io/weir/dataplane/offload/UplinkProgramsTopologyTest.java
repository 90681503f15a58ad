package io.weir.dataplane.offload;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.BpfMap;
import io.weir.dataplane.linux.BpfProgram;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the filter of an uplink's packet socket takes from weir, by the kernel's own test run; nothing is sent. */
@TopologyTest
class UplinkProgramsTopologyTest {
    private static final MacAddress UPLINK = MacAddress.parse("02:00:00:00:00:01");
    private static final MacAddress ROUTER = MacAddress.parse("02:00:00:00:00:02");
    private static final MacAddress VTEP = MacAddress.parse("0a:00:00:00:00:01");
    private static final MacAddress REMOTE = MacAddress.parse("0a:00:00:00:00:02");
    private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:0a");
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");
    private static final int TRUNK = 5;
    private static final int HOST_END = 7;
    private static final int MTU = 1450;
    private static final int VNI = 1;

    private OffloadTable table;
    private BpfMap pages;
    private BpfProgram filter;

    @BeforeEach
    void load() {
        table = new OffloadTable(64);
        pages = BpfMap.perCore("pages", 1, UplinkPrograms.PAGE);
        filter = BpfProgram.load(
                BpfProgram.Kind.SOCKET, "filter", UplinkPrograms.filter(table.table(), pages, TRUNK, UPLINK));
        for (final boolean ipv6 : new boolean[] {false, true}) {
            assertThat(add(ipv6, null, 9, TRUNK)).isTrue();
            assertThat(addTunnelled(ipv6, 1)).isTrue();
        }
    }

    @AfterEach
    void unload() {
        filter.close();
        pages.close();
        table.close();
    }

    /** The plain connection and the one by tunnel differ in a port. */
    private boolean add(boolean ipv6, @Nullable OffloadTunnel tunnel, int scope, int number) {
        final OffloadKey in = key(ipv6, scope);
        final OffloadKey out = in.swapped(1);
        return table.add(
                new OffloadedFlow(in, out, 1, GATEWAY, POD, MTU, tunnel),
                new OffloadEnd(number, TRUNK),
                new OffloadedFlow(out, in, 9, UPLINK, ROUTER, MTU, tunnel == null ? null : tunnel.opposite()),
                new OffloadEnd(HOST_END, HOST_END));
    }

    private boolean addTunnelled(boolean ipv6, int network) {
        return add(ipv6, tunnel(), OffloadKey.FIRST_TUNNEL + network, UplinkPrograms.interfaceOf(tunnel()));
    }

    private static OffloadKey key(boolean ipv6, int scope) {
        return new OffloadKey(
                scope,
                IpAddress.parse(source(ipv6)),
                IpAddress.parse(destination(ipv6)),
                80,
                scope >= OffloadKey.FIRST_TUNNEL ? 40_001 : 40_000);
    }

    private static String source(boolean ipv6) {
        return ipv6 ? "fd00::b" : "10.9.2.11";
    }

    private static String destination(boolean ipv6) {
        return ipv6 ? "fd00::a" : "10.9.1.10";
    }

    /** As packets come in. */
    private static OffloadTunnel tunnel() {
        final ByteBuffer header = ByteBuffer.allocate(OffloadTunnel.LENGTH);
        header.put(UPLINK.toBytes()).put(ROUTER.toBytes()).putShort((short) 0x0800);
        header.putLong(0x4500_0000_0000_4000L).putInt(0x4011_0000);
        header.put(IpAddress.parse("192.168.7.2").toBytes())
                .put(IpAddress.parse("192.168.7.1").toBytes());
        header.putShort((short) 0).putShort((short) 8472).putInt(0);
        header.putInt(0x0800_0000).putInt(VNI << 8);
        header.put(VTEP.toBytes()).put(REMOTE.toBytes()).putShort((short) 0x0800);
        return new OffloadTunnel(header.array(), 49_153, 0);
    }

    private static PacketBuilder segment(boolean ipv6, int port) {
        return PacketBuilder.packet()
                .ethernet(ROUTER, UPLINK)
                .ip(source(ipv6), destination(ipv6))
                .tcp(80, port)
                .flags("A")
                .payloadOf(100);
    }

    private static byte[] plain(boolean ipv6) {
        return segment(ipv6, 40_000).build();
    }

    private static byte[] tunnelled(boolean ipv6) {
        return tunnelled(segment(ipv6, 40_001).build());
    }

    private static byte[] tunnelled(byte[] frame) {
        return tunnel().around(frame);
    }

    /** The kernel takes an Ethernet header off before it runs a socket's program; a real socket has it put back. */
    private boolean takes(byte[] frame) {
        final byte[] behindAnother = new byte[14 + frame.length];
        System.arraycopy(frame, 0, behindAnother, 14, frame.length);
        behindAnother[12] = (byte) 0x88;
        behindAnother[13] = (byte) 0xB5;
        final int result = filter.run(behindAnother, 0, 0).result();
        assertThat(result).isIn(0, -1);
        return result == 0;
    }

    private static byte[] with(byte[] frame, int offset, int value) {
        final byte[] other = frame.clone();
        other[offset] = (byte) value;
        return other;
    }

    /** With a right checksum of the outer header. */
    private static byte[] outerWith(byte[] frame, int offset, int value) {
        final byte[] other = with(frame, offset, value);
        other[24] = other[25] = 0;
        final long sum = InternetChecksum.sum(new UnsafeBuffer(other), 14, 20);
        ByteBuffer.wrap(other).putShort(24, (short) InternetChecksum.ofSum(sum));
        return other;
    }

    private long packets(boolean ipv6) {
        return table.count(key(ipv6, 9)).packets()
                + table.count(key(ipv6, OffloadKey.FIRST_TUNNEL + 1)).packets();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void segmentsOfEntriesAreTakenAndCounted(boolean ipv6) {
        assertThat(takes(plain(ipv6))).isTrue();
        assertThat(takes(tunnelled(ipv6))).isTrue();
        assertThat(packets(ipv6)).isEqualTo(2);
        final int inner = 100 + 20 + (ipv6 ? 40 : 20);
        assertThat(table.count(key(ipv6, OffloadKey.FIRST_TUNNEL + 1)).bytes()).isEqualTo(inner);
        assertThat(packets(!ipv6)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void allElseIsForWeir(boolean ipv6) {
        final byte[] plain = plain(ipv6);
        for (int bit = 0; bit < 48; bit++) {
            final MacAddress other = new MacAddress(UPLINK.bits() ^ 1L << bit);
            assertThat(takes(PacketBuilder.packet()
                            .ethernet(ROUTER, other)
                            .ip(source(ipv6), destination(ipv6))
                            .tcp(80, 40_000)
                            .flags("A")
                            .build()))
                    .as("to " + other)
                    .isFalse();
        }
        assertThat(takes(segment(ipv6, 40_001).build()))
                .as("without its tunnel")
                .isFalse();
        assertThat(takes(tunnelled(plain))).as("by a tunnel").isFalse();
        assertThat(takes(segment(ipv6, 40_002).build())).isFalse();
        assertThat(takes(segment(ipv6, 40_000).ttl(1).build())).as("last hop").isFalse();
        assertThat(takes(segment(ipv6, 40_000).pad(200).build())).as("padded").isFalse();
        assertThat(takes(segment(ipv6, 40_000).payloadOf(MTU).build()))
                .as("above the MTU")
                .isFalse();
        for (int length = 14; length < 14 + (ipv6 ? 40 : 20) + 20; length++) {
            assertThat(takes(segment(ipv6, 40_000).truncate(length).build()))
                    .as("cut to " + length)
                    .isFalse();
        }
        assertThat(packets(ipv6)).isZero();
        assertThat(takes(plain)).isTrue();
    }

    /** As {@code VxlanTermination} judges; what that takes with a change this leaves to it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTunnelPacketHasToBeTheEntrys(boolean ipv6) {
        final byte[] packet = tunnelled(ipv6);
        for (int offset = 0; offset < 6; offset++) {
            assertThat(takes(with(packet, offset, packet[offset] ^ 1)))
                    .as("destination")
                    .isFalse();
        }
        assertThat(takes(outerWith(packet, 14, 0x46))).as("options").isFalse();
        assertThat(takes(with(packet, 22, 63))).as("checksum").isFalse();
        assertThat(takes(outerWith(packet, 22, 63))).as("other time to live").isTrue();
        assertThat(takes(outerWith(packet, 15, 1))).as("ECT(1)").isFalse();
        assertThat(takes(outerWith(packet, 15, 2))).as("ECT(0)").isTrue();
        assertThat(takes(outerWith(packet, 15, 3))).as("congestion").isFalse();
        assertThat(takes(outerWith(packet, 20, 0x20))).as("more fragments").isFalse();
        assertThat(takes(outerWith(packet, 21, 1))).as("fragment").isFalse();
        assertThat(takes(outerWith(packet, 23, 6))).as("TCP").isFalse();
        assertThat(takes(outerWith(packet, 17, packet[17] - 1))).as("shorter").isFalse();
        assertThat(takes(with(packet, 39, packet[39] - 1))).as("UDP shorter").isFalse();
        for (int offset = 26; offset < 34; offset++) {
            assertThat(takes(outerWith(packet, offset, packet[offset] ^ 1)))
                    .as("outer address")
                    .isFalse();
        }
        assertThat(takes(with(packet, 35, 0))).as("UDP source port").isTrue();
        for (int offset = 36; offset < 38; offset++) {
            assertThat(takes(with(packet, offset, packet[offset] ^ 1)))
                    .as("UDP port")
                    .isFalse();
        }
        assertThat(takes(with(packet, 41, 1))).as("UDP checksum").isTrue();
        for (int offset = 42; offset < 56; offset++) {
            assertThat(takes(with(packet, offset, packet[offset] ^ 1)))
                    .as("VXLAN, inner destination")
                    .isFalse();
        }
        assertThat(takes(with(packet, 61, 9))).as("inner source").isTrue();
        assertThat(takes(with(packet, 61, 1))).as("its own inner source").isFalse();
        assertThat(takes(with(packet, 56, 0x0B))).as("inner source a group").isFalse();
        assertThat(takes(with(packet, 62, 0x09))).as("inner EtherType").isFalse();
        assertThat(takes(tunnelled(segment(ipv6, 40_001).ttl(1).build())))
                .as("last hop")
                .isFalse();
        assertThat(takes(tunnelled(segment(ipv6, 40_001).payloadOf(MTU).build())))
                .as("above the MTU")
                .isFalse();
        for (int length = 40; length < 64 + (ipv6 ? 40 : 20) + 20; length++) {
            assertThat(takes(Arrays.copyOf(packet, length)))
                    .as("cut to " + length)
                    .isFalse();
        }
        assertThat(packets(ipv6)).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEndClosesBothDirections(boolean ipv6) {
        final byte[] end = segment(ipv6, 40_001).flags("FA").build();
        assertThat(takes(outerWith(tunnelled(end), 29, 9)))
                .as("from another node")
                .isFalse();
        assertThat(takes(tunnelled(ipv6))).as("so nothing is closed").isTrue();
        assertThat(takes(tunnelled(end))).isFalse();
        assertThat(takes(tunnelled(ipv6))).as("closed").isFalse();
        assertThat(takes(plain(ipv6))).as("another connection").isTrue();
        assertThat(takes(segment(ipv6, 40_000).flags("R").build())).isFalse();
        assertThat(takes(plain(ipv6))).as("closed").isFalse();
        try (BpfProgram pod = BpfProgram.load(
                BpfProgram.Kind.INGRESS,
                "weir_from_pod",
                OffloadPrograms.fromPod(table.table(), HOST_END, 6, POD, GATEWAY))) {
            final OffloadKey answers = key(ipv6, 9).swapped(1);
            pod.run(
                    PacketBuilder.packet()
                            .ethernet(POD, GATEWAY)
                            .ip(/* source= */ destination(ipv6), /* destination= */ source(ipv6))
                            .tcp(40_000, 80)
                            .flags("A")
                            .build(),
                    0,
                    0);
            assertThat(table.count(answers).packets()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatGoesByAPortsTunnelGoesWithThePort(boolean ipv6) {
        table.removePort(9);
        assertThat(table.size()).isZero();
        assertThat(takes(tunnelled(ipv6))).isFalse();
        assertThat(takes(plain(ipv6))).isFalse();
    }

    /** A program could not tell their packets apart. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void twoNetworksOfOneNumberDoNotMix(boolean ipv6) {
        assertThat(addTunnelled(ipv6, 2)).isFalse();
        assertThat(takes(tunnelled(ipv6))).isTrue();
        assertThat(addTunnelled(ipv6, 1)).as("once more").isTrue();
        table.remove(key(ipv6, OffloadKey.FIRST_TUNNEL + 1));
        assertThat(takes(tunnelled(ipv6))).isFalse();
        assertThat(addTunnelled(ipv6, 2)).isTrue();
        assertThat(takes(tunnelled(ipv6))).isTrue();
    }
}
