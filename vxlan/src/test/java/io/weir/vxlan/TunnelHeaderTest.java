package io.weir.vxlan;

import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TunnelHeaderTest {
    private static final MacAddress UPLINK = MacAddress.parse("02:00:00:00:00:01");
    private static final MacAddress NEXT_HOP = MacAddress.parse("02:00:00:00:00:02");
    private static final RemoteVtep PEER = new RemoteVtep(
            IpPrefix.parse("10.244.2.0/24"), MacAddress.parse("0a:00:00:00:00:02"), IpAddress.parse("192.168.0.2"));
    private static final RemoteVtep PEER6 = new RemoteVtep(
            IpPrefix.parse("fd00:2::/64"), MacAddress.parse("0a:00:00:00:06:02"), IpAddress.parse("fd00::2"));

    private static VxlanNetwork network(String local, boolean dontFragment, int ttl, List<RemoteVtep> remotes) {
        return new VxlanNetwork(
                "flannel.7",
                0x123456,
                4789,
                IpAddress.parse(local),
                MacAddress.parse("0a:00:00:00:00:01"),
                1500,
                new VxlanOptions(ttl, dontFragment, OuterChecksum.VERIFY, false, true),
                remotes);
    }

    @Test
    void anIpv4HeaderIsWhatAnEmptyTunnelPacketHasInFrontButLengthsAndSourcePort() {
        final byte[] header =
                TunnelHeader.of(network("192.168.0.1", false, 64, List.of(PEER)), PEER, UPLINK, NEXT_HOP, true);
        final byte[] built = packet().ethernet(UPLINK, NEXT_HOP)
                .ipv4("192.168.0.1", "192.168.0.2")
                .ttl(64)
                .id(0)
                .ipLength(0)
                .udp(0, 4789)
                .udpLength(0)
                .checksum(0)
                .vxlan(0x123456)
                .ethernet("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                .ipv4("10.0.0.1", "10.0.0.2")
                .build();
        assertThat(header).hasSize(64).isEqualTo(Arrays.copyOf(built, 64));
    }

    @Test
    void anIpv6HeaderToo() {
        final byte[] header =
                TunnelHeader.of(network("fd00::1", false, 7, List.of(PEER6)), PEER6, UPLINK, NEXT_HOP, false);
        final byte[] built = packet().ethernet(UPLINK, NEXT_HOP)
                .ipv6("fd00::1", "fd00::2")
                .ttl(7)
                .ipLength(0)
                .udp(0, 4789)
                .udpLength(0)
                .checksum(0)
                .vxlan(0x123456)
                .ethernet("0a:00:00:00:00:01", "0a:00:00:00:06:02")
                .ipv6("fd00:1::1", "fd00:2::2")
                .build();
        assertThat(header).hasSize(84).isEqualTo(Arrays.copyOf(built, 84));
    }

    @Test
    void optionsShowInTheHeader() {
        final byte[] header =
                TunnelHeader.of(network("192.168.0.1", true, 9, List.of(PEER)), PEER, UPLINK, NEXT_HOP, true);
        assertThat(header[14 + 6]).as("don't fragment").isEqualTo((byte) 0x40);
        assertThat(header[14 + 8]).as("time to live").isEqualTo((byte) 9);
    }

    @Test
    void theMtuLeavesRoomForTheTunnel() {
        assertThat(network("192.168.0.1", false, 64, List.of()).mtu()).isEqualTo(1450);
        assertThat(network("fd00::1", false, 64, List.of()).mtu()).isEqualTo(1430);
        assertThat(TunnelHeader.adjacencyKind(network("192.168.0.1", false, 64, List.of())))
                .isEqualTo(AdjacencyTable.TUNNEL_IPV4);
        assertThat(TunnelHeader.adjacencyKind(network("fd00::1", false, 64, List.of())))
                .isEqualTo(AdjacencyTable.TUNNEL_IPV6);
    }

    @Test
    void whatCannotWorkIsRefusedByName() {
        assertThatThrownBy(() -> network("fd00::1", false, 64, List.of(PEER))).hasMessageContaining("192.168.0.2");
        assertThatThrownBy(() -> network("192.168.0.1", false, 0, List.of())).hasMessageContaining("ttl 0");
        assertThatThrownBy(() -> network(
                        "192.168.0.1",
                        false,
                        64,
                        List.of(new RemoteVtep(PEER.subnet(), MacAddress.parse("0a:00:00:00:00:01"), PEER.underlay()))))
                .hasMessageContaining("has our own");
        assertThatThrownBy(() -> network("192.168.0.1", false, 64, List.of(PEER, PEER)))
                .hasMessageContaining("two VTEPs for 10.244.2.0/24");
        assertThatThrownBy(() -> new VxlanSpec(List.of(
                        network("192.168.0.1", false, 64, List.of()), network("192.168.0.1", true, 64, List.of()))))
                .hasMessageContaining("another network ends at 192.168.0.1");
    }

    @Test
    void anUnchangedSpecKeepsItsTable() {
        final VxlanCompiler compiler = new VxlanCompiler();
        final VxlanSpec spec = new VxlanSpec(List.of(network("192.168.0.1", false, 64, List.of(PEER))));
        final VxlanTable first = compiler.compile(spec);
        assertThat(compiler.compile(new VxlanSpec(List.of(network("192.168.0.1", false, 64, List.of(PEER))))))
                .isSameAs(first);
        assertThat(first.describe()).isEqualTo("1 network, 1 remote VTEP");
        assertThat(compiler.compile(VxlanSpec.EMPTY)).isNotSameAs(first);
    }
}
