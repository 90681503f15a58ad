package io.weir.vxlan;

import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.TunnelTally;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketAssert;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VxlanTerminationTest {
    private static final String OWN_MAC = "0a:00:00:00:00:01";
    private static final String PEER_MAC = "0a:00:00:00:00:02";

    private static final VxlanNetwork IPV4 = new VxlanNetwork(
            "flannel.1",
            1,
            8472,
            IpAddress.parse("192.168.0.1"),
            MacAddress.parse(OWN_MAC),
            1500,
            VxlanOptions.DEFAULT,
            List.of(new RemoteVtep(
                    IpPrefix.parse("10.244.2.0/24"), MacAddress.parse(PEER_MAC), IpAddress.parse("192.168.0.2"))));

    private static final VxlanNetwork IPV6 = new VxlanNetwork(
            "flannel-v6.1",
            1,
            8472,
            IpAddress.parse("fd00::1"),
            MacAddress.parse("0a:00:00:00:06:01"),
            1500,
            VxlanOptions.DEFAULT,
            List.of(new RemoteVtep(
                    IpPrefix.parse("fd00:2::/64"), MacAddress.parse("0a:00:00:00:06:02"), IpAddress.parse("fd00::2"))));

    private final VxlanTable table = new VxlanCompiler().compile(new VxlanSpec(List.of(IPV4, IPV6)));
    private final VxlanTermination termination = new VxlanTermination(table);

    private static PacketBuilder outer(int trafficClass) {
        return packet().ethernet()
                .ipv4("192.168.0.2", "192.168.0.1")
                .trafficClass(trafficClass)
                .udp(50000, 8472);
    }

    private static PacketBuilder inner(PacketBuilder tunnel, int trafficClass) {
        return tunnel.ethernet(PEER_MAC, OWN_MAC)
                .ipv4("10.244.2.5", "10.244.1.7")
                .trafficClass(trafficClass)
                .udp(1000, 2000)
                .payload("hello");
    }

    private static PacketBuilder outer6() {
        return packet().ethernet().ipv6("fd00::2", "fd00::1").udp(50000, 8472);
    }

    private static PacketBuilder inner6(PacketBuilder tunnel) {
        return tunnel.ethernet("0a:00:00:00:06:02", "0a:00:00:00:06:01")
                .ipv6("fd00:2::5", "fd00:1::7")
                .udp(1000, 2000)
                .payload("hello");
    }

    private int terminate(byte[] frame) {
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            return termination.terminate(memory.address(), memory.length(), false);
        }
    }

    private void assertDropped(byte[] frame, DropReason reason) {
        assertThat(terminate(frame)).isEqualTo(-reason.id());
    }

    @Test
    void theInnerFrameOfAnIpv4TunnelIsFound() {
        final int result = terminate(inner(outer(0).vxlan(1), 0).build());
        assertThat(result & 0xFFFF).isEqualTo(50);
        assertThat(result >>> 16).as("scope: network + 1").isEqualTo(1);
    }

    @Test
    void packetsAreCountedForTheNodeThatSentThem() {
        final VxlanCompiler compiler = new VxlanCompiler();
        final VxlanTermination counting = new VxlanTermination(compiler.compile(new VxlanSpec(List.of(IPV4, IPV6))));
        final byte[] good = inner(outer(0).vxlan(1), 0).build();
        final byte[] wrongMac = outer(0).vxlan(1)
                .ethernet(PEER_MAC, "0a:00:00:00:00:77")
                .ipv4("10.244.2.5", "10.244.1.7")
                .udp(1000, 2000)
                .build();
        try (TunnelTally tally = new TunnelTally();
                OffHeapFrame taken = new OffHeapFrame(good);
                OffHeapFrame refused = new OffHeapFrame(wrongMac)) {
            counting.terminate(taken.address(), taken.length(), false, tally);
            counting.terminate(taken.address(), taken.length(), false, tally);
            counting.terminate(refused.address(), refused.length(), false, tally);
            final int sender = compiler.farEndOf(IPV4, IPV4.remotes().getFirst());
            assertThat(sender).isPositive();
            assertThat(tally.read(sender))
                    .as("20 + 8 + 5 bytes inside")
                    .isEqualTo(new TunnelTally.Totals(2, 66, 0, 0, 1));
            assertThat(tally.read(compiler.farEndOf(IPV6, IPV6.remotes().getFirst())))
                    .isEqualTo(TunnelTally.Totals.ZERO);
        }
    }

    @Test
    void tcpIsToldTheSmallerOfTheTunnelsThatItPasses() {
        try (AdjacencyTable adjacencies = new AdjacencyTable(4)) {
            final long link = adjacencies.entry(adjacencies.add(1, AdjacencyTable.ETHERNET, 1500, new byte[14]));
            final long tunnel = adjacencies.entry(
                    adjacencies.add(1, AdjacencyTable.kindTo(AdjacencyTable.TUNNEL_IPV4, 9), 1400, new byte[64]));
            assertThat(AdjacencyTable.farEndOf(tunnel)).isEqualTo(9);
            assertThat(termination.segmentMtu(3, link)).as("no tunnel").isZero();
            assertThat(termination.segmentMtu(3, tunnel)).isEqualTo(1400);
            assertThat(termination.segmentMtu(0x8001, link)).isEqualTo(1450);
            assertThat(termination.segmentMtu(0x8002, link)).as("over IPv6").isEqualTo(1430);
            assertThat(termination.segmentMtu(0x8001, tunnel)).isEqualTo(1400);
        }
    }

    @Test
    void theInnerFrameOfAnIpv6TunnelIsFound() {
        final int result = terminate(inner6(outer6().vxlan(1)).build());
        assertThat(result & 0xFFFF).isEqualTo(70);
        assertThat(result >>> 16).isEqualTo(2);
    }

    @Test
    void anIpv6PacketInsideAnIpv4TunnelIsFound() {
        final byte[] frame = outer(0).vxlan(1)
                .ethernet(PEER_MAC, OWN_MAC)
                .ipv6("fd00:2::5", "fd00:1::7")
                .tcp(1, 2)
                .build();
        assertThat(terminate(frame)).isEqualTo((1 << 16) | 50);
    }

    @Test
    void outerIpv4OptionsShiftTheInnerFrame() {
        final byte[] frame = inner(
                        packet().ethernet()
                                .ipv4("192.168.0.2", "192.168.0.1")
                                .ipOptions(1, 1, 1, 0)
                                .udp(50000, 8472)
                                .vxlan(1),
                        0)
                .build();
        assertThat(terminate(frame) & 0xFFFF).isEqualTo(54);
    }

    @Test
    void whatIsNotAddressedToATunnelEndIsLeftAlone() {
        final PacketBuilder otherAddress = inner(
                packet().ethernet()
                        .ipv4("192.168.0.2", "192.168.0.9")
                        .udp(50000, 8472)
                        .vxlan(1),
                0);
        final PacketBuilder otherPort = inner(
                packet().ethernet()
                        .ipv4("192.168.0.2", "192.168.0.1")
                        .udp(50000, 4789)
                        .vxlan(1),
                0);
        final PacketBuilder tcp =
                packet().ethernet().ipv4("192.168.0.2", "192.168.0.1").tcp(50000, 8472);
        final PacketBuilder laterFragment = packet().ethernet()
                .ipv4("192.168.0.2", "192.168.0.1")
                .fragmentOffset(1480)
                .protocol(17)
                .payloadOf(64);
        for (final PacketBuilder builder : List.of(otherAddress, otherPort, tcp, laterFragment)) {
            assertThat(terminate(builder.build())).isEqualTo(TunnelTermination.NOT_A_TUNNEL);
        }
        assertThat(terminate(packet().ethernet()
                        .arpRequest(PEER_MAC, "192.168.0.2", "192.168.0.1")
                        .build()))
                .isEqualTo(TunnelTermination.NOT_A_TUNNEL);
    }

    @Test
    void flagsAndReservedBitsMustBeAsTheKernelWantsThem() {
        assertDropped(inner(outer(0).vxlan(1).vxlanFlags(0x00), 0).build(), VxlanDrop.VXLAN_FLAGS);
        assertDropped(inner(outer(0).vxlan(1).vxlanFlags(0x88), 0).build(), VxlanDrop.VXLAN_FLAGS);
        assertDropped(inner(outer(0).checksum(0).vxlan(1).patch(2, 1), 0).build(), VxlanDrop.VXLAN_FLAGS);
        assertDropped(inner(outer(0).checksum(0).vxlan(1).patch(7, 1), 0).build(), VxlanDrop.VXLAN_FLAGS);
    }

    @Test
    void anUnknownVniIsNamed() {
        assertDropped(inner(outer(0).vxlan(2), 0).build(), VxlanDrop.NO_SUCH_VNI);
        assertDropped(inner(outer(0).vxlan(0xFFFFFF), 0).build(), VxlanDrop.NO_SUCH_VNI);
    }

    @Test
    void anUnknownSenderIsNamedUnlessConfiguredAway() {
        final byte[] frame = inner(
                        packet().ethernet()
                                .ipv4("192.168.0.3", "192.168.0.1")
                                .udp(50000, 8472)
                                .vxlan(1),
                        0)
                .build();
        assertDropped(frame, VxlanDrop.UNKNOWN_VTEP);
        final VxlanNetwork open = new VxlanNetwork(
                "flannel.1",
                1,
                8472,
                IPV4.localAddress(),
                IPV4.localMac(),
                1500,
                new VxlanOptions(64, false, OuterChecksum.VERIFY, true, true),
                List.of());
        final VxlanTermination lenient =
                new VxlanTermination(new VxlanTable(new VxlanSpec(List.of(open)), (_, _) -> 0));
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            assertThat(lenient.terminate(memory.address(), memory.length(), false))
                    .isEqualTo((1 << 16) | 50);
        }
    }

    @Test
    void innerEthernetAddressesAreJudged() {
        final UnaryOperator<PacketBuilder> rest =
                b -> b.ipv4("10.244.2.5", "10.244.1.7").udp(1, 2);
        assertDropped(
                rest.apply(outer(0).vxlan(1).ethernet(PEER_MAC, PEER_MAC)).build(),
                VxlanDrop.WRONG_INNER_DESTINATION_MAC);
        assertDropped(
                rest.apply(outer(0).vxlan(1).ethernet(PEER_MAC, "ff:ff:ff:ff:ff:ff"))
                        .build(),
                VxlanDrop.WRONG_INNER_DESTINATION_MAC);
        assertDropped(rest.apply(outer(0).vxlan(1).ethernet(OWN_MAC, OWN_MAC)).build(), VxlanDrop.OWN_INNER_SOURCE_MAC);
        assertDropped(
                rest.apply(outer(0).vxlan(1).ethernet("01:00:00:00:00:01", OWN_MAC))
                        .build(),
                VxlanDrop.OWN_INNER_SOURCE_MAC);
    }

    @Test
    void innerArpIsIgnored() {
        final byte[] frame = outer(0).vxlan(1)
                .ethernet(PEER_MAC, OWN_MAC)
                .arpRequest(PEER_MAC, "10.244.2.0", "10.244.1.0")
                .build();
        assertDropped(frame, VxlanDrop.INNER_NOT_IP);
    }

    @Test
    void aTunnelInTheTunnelIsDropped() {
        final byte[] nested = inner(
                        outer(0).vxlan(1)
                                .ethernet(PEER_MAC, OWN_MAC)
                                .ipv4("10.244.2.5", "192.168.0.1")
                                .udp(50000, 8472)
                                .vxlan(1),
                        0)
                .build();
        assertDropped(nested, VxlanDrop.NESTED_TUNNEL);
        final byte[] nested6 = inner6(outer6().vxlan(1)
                        .ethernet("0a:00:00:00:06:02", "0a:00:00:00:06:01")
                        .ipv6("fd00:2::5", "fd00::1")
                        .udp(50000, 8472)
                        .vxlan(1))
                .build();
        assertDropped(nested6, VxlanDrop.NESTED_TUNNEL);
        final byte[] toAPod = inner(
                        outer(0).vxlan(1)
                                .ethernet(PEER_MAC, OWN_MAC)
                                .ipv4("10.244.2.5", "10.244.1.7")
                                .udp(50000, 8472)
                                .vxlan(1),
                        0)
                .build();
        assertThat(terminate(toAPod))
                .as("a pod's own overlay is a pod's business")
                .isPositive();
    }

    @Test
    void theEndOfAnyNetworkMakesATunnelInTheTunnel() {
        final VxlanNetwork other = new VxlanNetwork(
                "other",
                7,
                4789,
                IpAddress.parse("192.168.9.1"),
                MacAddress.parse("0a:00:00:00:07:01"),
                1450,
                VxlanOptions.DEFAULT,
                List.of());
        final VxlanTermination both =
                new VxlanTermination(new VxlanCompiler().compile(new VxlanSpec(List.of(IPV4, other))));
        final Object[][] cases = {
            {"192.168.0.1", 8472, true},
            {"192.168.9.1", 4789, true},
            {"192.168.9.1", 8472, false},
            {"192.168.0.1", 4789, false}
        };
        for (final Object[] one : cases) {
            final byte[] frame = outer(0).checksum(0)
                    .vxlan(1)
                    .ethernet(PEER_MAC, OWN_MAC)
                    .ipv4("10.244.2.5", (String) one[0])
                    .udp(50000, (int) one[1])
                    .payload("hello")
                    .build();
            try (OffHeapFrame memory = new OffHeapFrame(frame)) {
                final int result = both.terminate(memory.address(), memory.length(), false);
                assertThat(result == -VxlanDrop.NESTED_TUNNEL.id())
                        .as("%s:%s", one[0], one[1])
                        .isEqualTo(one[2]);
                assertThat(result == (1 << 16 | 50)).isNotEqualTo(one[2]);
            }
        }
    }

    @Test
    void theOuterChecksumMayBeZeroOverIpv4Alone() {
        assertThat(terminate(inner(outer(0).checksum(0).vxlan(1), 0).build())).isPositive();
        assertDropped(inner6(outer6().checksum(0).vxlan(1)).build(), VxlanDrop.OUTER_CHECKSUM_MISSING);
    }

    @Test
    void aWrongOuterChecksumIsNamedUnlessSettledOrIgnored() {
        final byte[] frame = inner(outer(0).checksum(0x1234).vxlan(1), 0).build();
        assertDropped(frame, VxlanDrop.OUTER_CHECKSUM);
        assertDropped(inner6(outer6().checksum(0x1234).vxlan(1)).build(), VxlanDrop.OUTER_CHECKSUM);
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            assertThat(termination.terminate(memory.address(), memory.length(), true))
                    .isPositive();
        }
        final VxlanNetwork trusting = new VxlanNetwork(
                "flannel.1",
                1,
                8472,
                IPV4.localAddress(),
                IPV4.localMac(),
                1500,
                new VxlanOptions(64, false, OuterChecksum.IGNORE, false, true),
                IPV4.remotes());
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            assertThat(new VxlanTermination(new VxlanTable(new VxlanSpec(List.of(trusting)), (_, _) -> 0))
                            .terminate(memory.address(), memory.length(), false))
                    .isPositive();
        }
    }

    @Test
    void fragmentsAndWrongHeaderChecksumsAreNamed() {
        assertDropped(
                inner(
                                packet().ethernet()
                                        .ipv4("192.168.0.2", "192.168.0.1")
                                        .moreFragments()
                                        .udp(50000, 8472)
                                        .vxlan(1),
                                0)
                        .build(),
                VxlanDrop.OUTER_FRAGMENT);
        assertDropped(
                inner6(packet().ethernet()
                                .ipv6("fd00::2", "fd00::1")
                                .fragment(7, 0, true)
                                .udp(50000, 8472)
                                .vxlan(1))
                        .build(),
                VxlanDrop.OUTER_FRAGMENT);
        assertDropped(
                inner(
                                packet().ethernet()
                                        .ipv4("192.168.0.2", "192.168.0.1")
                                        .ipChecksum(1)
                                        .udp(50000, 8472)
                                        .vxlan(1),
                                0)
                        .build(),
                DataplaneDrop.IPV4_CHECKSUM);
    }

    @Test
    void everyTruncationIsEitherNotATunnelOrTruncated() {
        for (final byte[] whole : List.of(
                inner(outer(0).checksum(0).vxlan(1), 0).build(),
                inner6(outer6().vxlan(1)).build())) {
            for (int length = 0; length < whole.length; length++) {
                final int result = terminate(java.util.Arrays.copyOf(whole, length));
                assertThat(result)
                        .as("cut to %d bytes", length)
                        .isIn(TunnelTermination.NOT_A_TUNNEL, -VxlanDrop.TUNNEL_TRUNCATED.id());
            }
        }
    }

    private int tunnelHeader(byte[] frame) {
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            return termination.tunnelHeader(memory.address(), memory.length());
        }
    }

    @Test
    void whereATrainsFirstTunnelHeaderLiesIsKnownByTheAddresses() {
        final byte[] ipv4 = inner(outer(0).vxlan(1), 0).build();
        final byte[] ipv6 = inner6(outer6().vxlan(1)).build();
        final PacketBuilder withOptions = packet().ethernet()
                .ipv4("192.168.0.2", "192.168.0.1")
                .ipOptions(1, 1, 1, 0)
                .udp(50000, 8472)
                .vxlan(1);
        assertThat(tunnelHeader(ipv4)).isEqualTo(42);
        assertThat(tunnelHeader(ipv6)).isEqualTo(62);
        assertThat(tunnelHeader(inner(withOptions, 0).build())).isEqualTo(46);
        final PacketBuilder otherPort =
                packet().ethernet().ipv4("192.168.0.2", "192.168.0.1").udp(50000, 53);
        final PacketBuilder otherAddress =
                packet().ethernet().ipv6("fd00::2", "fd00::9").udp(50000, 8472);
        final PacketBuilder tcp =
                packet().ethernet().ipv4("192.168.0.2", "192.168.0.1").tcp(50000, 8472);
        final PacketBuilder fragment = packet().ethernet()
                .ipv4("192.168.0.2", "192.168.0.1")
                .moreFragments()
                .udp(50000, 8472);
        for (final PacketBuilder builder : List.of(otherPort, otherAddress, tcp, fragment)) {
            assertThat(tunnelHeader(builder.payloadOf(64).build())).isZero();
        }
        for (final byte[] whole : List.of(ipv4, ipv6)) {
            for (int length = 0; length < 42; length++) {
                assertThat(tunnelHeader(java.util.Arrays.copyOf(whole, length))).isZero();
            }
        }
    }

    @Test
    void linkPaddingIsNotPartOfTheInnerPacket() {
        final byte[] padded = inner(outer(0).vxlan(1), 0).pad(200).build();
        assertThat(terminate(padded)).isPositive();
        final byte[] reachingIntoPadding = outer(0).checksum(0)
                .vxlan(1)
                .ethernet(PEER_MAC, OWN_MAC)
                .ipv4("10.244.2.5", "10.244.1.7")
                .ipLength(100)
                .udp(1, 2)
                .pad(200)
                .build();
        assertDropped(reachingIntoPadding, VxlanDrop.TUNNEL_TRUNCATED);
    }

    /** RFC 6040 section 4.2, figure 4; 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE, -1 drop. */
    @ParameterizedTest
    @CsvSource({
        "0,0,0", "0,2,0", "0,1,0", "0,3,-1", "2,0,2", "2,2,2", "2,1,1", "2,3,3", "1,0,1", "1,2,1", "1,1,1", "1,3,3",
        "3,0,3", "3,2,3", "3,1,3", "3,3,3"
    })
    void congestionMarksCrossTheTunnelsEnd(int innerEcn, int outerEcn, int expected) {
        final byte[] frame = inner(outer(outerEcn).vxlan(1), 0xB8 | innerEcn).build();
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            final int result = termination.terminate(memory.address(), memory.length(), false);
            if (expected < 0) {
                assertThat(result).isEqualTo(-VxlanDrop.CONGESTION_NOT_ECN_CAPABLE.id());
                return;
            }
            final byte[] decapsulated = memory.bytesFrom(result & 0xFFFF);
            assertThat(decapsulated[15] & 0xFF).isEqualTo(0xB8 | expected);
            PacketAssert.assertPacket(decapsulated).checksumsValid();
        }
    }

    @ParameterizedTest
    @CsvSource({"0,3,-1", "2,1,1", "2,3,3", "1,3,3", "2,0,2"})
    void congestionMarksCrossTheEndOfIpv6Tunnels(int innerEcn, int outerEcn, int expected) {
        final byte[] frame = packet().ethernet()
                .ipv6("fd00::2", "fd00::1")
                .trafficClass(outerEcn)
                .udp(50000, 8472)
                .vxlan(1)
                .ethernet("0a:00:00:00:06:02", "0a:00:00:00:06:01")
                .ipv6("fd00:2::5", "fd00:1::7")
                .trafficClass(0xB8 | innerEcn)
                .flowLabel(0xABCDE)
                .udp(1000, 2000)
                .build();
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            final int result = termination.terminate(memory.address(), memory.length(), false);
            if (expected < 0) {
                assertThat(result).isEqualTo(-VxlanDrop.CONGESTION_NOT_ECN_CAPABLE.id());
                return;
            }
            final byte[] decapsulated = memory.bytesFrom(result & 0xFFFF);
            final byte[] wanted = packet().ethernet("0a:00:00:00:06:02", "0a:00:00:00:06:01")
                    .ipv6("fd00:2::5", "fd00:1::7")
                    .trafficClass(0xB8 | expected)
                    .flowLabel(0xABCDE)
                    .udp(1000, 2000)
                    .build();
            assertThat(decapsulated).isEqualTo(wanted);
        }
    }
}
