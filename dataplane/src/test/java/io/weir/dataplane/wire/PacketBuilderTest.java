package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketAssert.assertIpPacket;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.hex;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.checksum;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.flags;
import static io.weir.dataplane.wire.PacketField.fragmentOffset;
import static io.weir.dataplane.wire.PacketField.id;
import static io.weir.dataplane.wire.PacketField.mtu;
import static io.weir.dataplane.wire.PacketField.operation;
import static io.weir.dataplane.wire.PacketField.sender;
import static io.weir.dataplane.wire.PacketField.seq;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static io.weir.dataplane.wire.PacketField.verificationTag;
import static io.weir.dataplane.wire.PacketField.vni;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The fixtures themselves: right bytes by default, any byte broken on request, and assertions that do fail. */
class PacketBuilderTest {
    @Test
    void buildsAFrameByteForByte() {
        assertThat(packet().ethernet("02:00:00:00:00:0a", "02:00:00:00:00:0b")
                        .ipv4("192.0.2.1", "198.51.100.2")
                        .id(0x1234)
                        .udp(53, 4000)
                        .payload("hi")
                        .build())
                .isEqualTo(hex("02000000000b 02000000000a 0800"
                        + "4500001e 12340000 4011 7c64 c0000201 c6336402"
                        + "0035 0fa0 000a 9b64 6869"));
    }

    @Test
    void tcpWithOptionsAndVlan() {
        final byte[] frame = packet().ethernet()
                .vlan(100)
                .ipv4("10.0.0.1", "10.0.0.2")
                .ttl(7)
                .tcp(40000, 80)
                .flags("SA")
                .seq(0xFFFF_FFFFL)
                .mss(1460)
                .windowScale(7)
                .sackPermitted()
                .timestamps(1, 2)
                .build();
        assertPacket(frame)
                .ethernet(src(PacketBuilder.SOURCE_MAC), dst(PacketBuilder.DESTINATION_MAC))
                .vlan(id(100))
                .ipv4(src("10.0.0.1"), dst("10.0.0.2"), ttl(7))
                .tcp(srcPort(40000), dstPort(80), flags("AS"), seq(0xFFFF_FFFFL))
                .payloadLength(0)
                .checksumsValid();
    }

    @Test
    void ipv6ExtensionsAndIcmp() {
        assertPacket(packet().ethernet()
                        .ipv6("2001:db8::1", "2001:db8::2")
                        .hopByHop(5, 2, 0, 0)
                        .routing(4, 0)
                        .destinationOptions()
                        .authentication(1, 2)
                        .icmpEcho(7, 9)
                        .payload("ping")
                        .build())
                .ethernet()
                .ipv6(src("2001:db8::1"), ttl(64))
                .icmpv6(type(128))
                .payload("ping")
                .checksumsValid();
    }

    @Test
    void quotesInAnError() {
        final byte[] lost = packet().ipv4("10.1.1.1", "10.2.2.2")
                .ttl(1)
                .tcp(1000, 2000)
                .seq(77)
                .payloadOf(100)
                .build();
        assertPacket(packet().ethernet()
                        .ipv4("10.9.9.9", "10.1.1.1")
                        .icmpError(3, 4, Arrays.copyOf(lost, 28))
                        .build())
                .ethernet()
                .ipv4()
                .icmpv4(type(3), code(4), mtu(0))
                .quoted()
                .ipv4(src("10.1.1.1"), ttl(1))
                .tcp(srcPort(1000), seq(77));
    }

    @Test
    void tunnels() {
        assertPacket(packet().ethernet()
                        .ipv4("172.16.0.1", "172.16.0.2")
                        .udp(50000, 8472)
                        .vxlan(42)
                        .ethernet("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                        .ipv6("fd00::1", "fd00::2")
                        .sctp(5000, 6000)
                        .verificationTag(3)
                        .init(9, 8)
                        .build())
                .ethernet()
                .ipv4()
                .udp(dstPort(8472))
                .vxlan(vni(42))
                .ethernet(src("0a:00:00:00:00:01"))
                .ipv6(dst("fd00::2"))
                .sctp(verificationTag(3))
                .checksumsValid();
    }

    @Test
    void arpAndNeighbourDiscovery() {
        assertPacket(packet().ethernet()
                        .arpRequest(PacketBuilder.SOURCE_MAC, "10.0.0.1", "10.0.0.2")
                        .pad(60)
                        .build())
                .ethernet()
                .arp(operation(1), sender(PacketBuilder.SOURCE_MAC, "10.0.0.1"))
                .payloadLength(18);
        assertPacket(packet().ethernet()
                        .ipv6("fe80::1", "ff02::1:ff00:2")
                        .ttl(255)
                        .neighbourSolicitation("fe80::2", PacketBuilder.SOURCE_MAC)
                        .build())
                .ethernet()
                .ipv6()
                .icmpv6(type(135))
                .payloadLength(24)
                .checksumsValid();
    }

    @Test
    void fragmentsCoverThePayload() {
        final PacketBuilder whole =
                packet().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payloadOf(3000);
        final List<byte[]> fragments = whole.fragments(1500);
        assertThat(fragments).hasSize(3);
        assertPacket(fragments.get(1)).ethernet().ipv4(fragmentOffset(1480)).checksumsValid();
        final List<byte[]> ipv6 = packet().ethernet()
                .ipv6("fd00::1", "fd00::2")
                .udp(1, 2)
                .payloadOf(3000)
                .fragments(1280);
        assertThat(ipv6).hasSize(3);
        assertPacket(ipv6.get(2)).ethernet().ipv6().payloadLength(3008 - 2 * 1232);
    }

    @Test
    void zeroUdpChecksumIsSentAsAllOnes() {
        // The payload is chosen so that the sum comes out as 0xFFFF, whose complement is 0.
        final byte[] frame = packet().ipv4("0.0.0.0", "0.0.0.0")
                .udp(0, 0)
                .payload((byte) 0xFF, (byte) 0xDA)
                .build();
        assertIpPacket(frame).ipv4().udp(checksum(0xFFFF)).checksumsValid();
    }

    @Test
    void brokenChecksumsAreNoticed() {
        final PacketBuilder good = packet().ethernet().ipv4("10.0.0.1", "10.0.0.2");
        assertThatThrownBy(
                        () -> assertPacket(good.tcp(1, 2).patch(4, 9).build()).checksumsValid())
                .hasMessageContaining("TCP checksum is wrong");
        assertThatThrownBy(() -> assertPacket(packet().ethernet()
                                .ipv4("10.0.0.1", "10.0.0.2")
                                .ipChecksum(1)
                                .build())
                        .checksumsValid())
                .hasMessageContaining("IPv4 header checksum is wrong");
        assertThatThrownBy(() -> assertPacket(packet().ethernet()
                                .ipv4("10.0.0.1", "10.0.0.2")
                                .udp(1, 4789)
                                .vxlan(1)
                                .ethernet()
                                .ipv6("fd00::1", "fd00::2")
                                .sctp(1, 2)
                                .checksum(5)
                                .build())
                        .checksumsValid())
                .hasMessageContaining("inner SCTP checksum is wrong");
    }

    @Test
    void wrongFieldsAreNoticed() {
        final byte[] frame = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .udp(1, 2)
                .payload("x")
                .build();
        assertThatThrownBy(() -> assertPacket(frame).ethernet().ipv4(ttl(63)))
                .hasMessageContaining("ipv4 ttl is 64, not 63");
        assertThatThrownBy(() -> assertPacket(frame).ethernet().ipv6()).hasMessageContaining("not IPv6");
        assertThatThrownBy(() -> assertPacket(frame).ethernet().ipv4().tcp()).hasMessageContaining("IP protocol is 17");
        assertThatThrownBy(() -> assertPacket(frame).ethernet().ipv4().udp().payload("y"))
                .hasMessageContaining("payload is");
    }
}
