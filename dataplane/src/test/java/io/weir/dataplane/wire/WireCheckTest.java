package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketBuilder.hex;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Each fault is found where it is, and only there; together the cases cover every {@link WireFault}. */
class WireCheckTest {
    private static final String A = "fd00::1";
    private static final String B = "fd00::2";

    private final Set<WireFault> seen = EnumSet.noneOf(WireFault.class);

    private interface Check {
        @Nullable
        WireFault of(DirectBuffer buffer, int offset, int available);
    }

    @Test
    void everyFaultIsFound() {
        linkLayer();
        ipv4();
        ipv6();
        icmp();
        transport();
        vxlan();
        assertThat(seen).isEqualTo(EnumSet.allOf(WireFault.class));
    }

    @Test
    void labelsAreUniqueKebabAndSentencesEnd() {
        assertThat(Stream.of(WireFault.values()).map(WireFault::label).collect(Collectors.toSet()))
                .hasSize(WireFault.values().length)
                .allMatch(label -> label.matches("[a-z0-9]+(-[a-z0-9]+)+"));
        assertThat(WireFault.values()).allMatch(fault -> fault.sentence().endsWith("."));
        assertThat(WireFault.IPV4_HEADER_TRUNCATED.label()).isEqualTo("ipv4-header-truncated");
    }

    private void linkLayer() {
        final byte[] frame = packet().ethernet().payloadOf(1).build();
        expect(null, EthernetFlyweight::check, frame, 14);
        expect(WireFault.ETHERNET_HEADER_TRUNCATED, EthernetFlyweight::check, frame, 13);
        expect(null, VlanFlyweight::check, frame, 4);
        expect(WireFault.VLAN_TAG_TRUNCATED, VlanFlyweight::check, frame, 3);
        // Depth is the printer's business: there is no check of a stack of tags.
        assertThat(PacketPrinter.print(
                        packet().ethernet().vlan(1).vlan(2).vlan(3).build()))
                .contains(WireFault.VLAN_TAGS_TOO_DEEP.label());
        seen.add(WireFault.VLAN_TAGS_TOO_DEEP);
        final byte[] arp = hex("0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002");
        expect(null, ArpFlyweight::check, arp, 28);
        expect(WireFault.ARP_TRUNCATED, ArpFlyweight::check, arp, 27);
        arp[5] = 16;
        expect(WireFault.ARP_UNSUPPORTED, ArpFlyweight::check, arp, 28);
    }

    private void ipv4() {
        final byte[] ip =
                packet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").build();
        expect(null, Ipv4Flyweight::check, ip);
        expect(WireFault.IPV4_HEADER_TRUNCATED, Ipv4Flyweight::check, ip, 19);
        expect(WireFault.IPV4_PACKET_TRUNCATED, Ipv4Flyweight::check, ip, ip.length - 1);
        expect(null, Ipv4Flyweight::checkHeader, ip, 20);
        expect(
                WireFault.IPV4_BAD_VERSION,
                Ipv4Flyweight::check,
                ipv4Packet().ipVersion(5).build());
        expect(
                WireFault.IPV4_BAD_HEADER_LENGTH,
                Ipv4Flyweight::check,
                ipv4Packet().ipHeaderWords(4).build());
        expect(
                WireFault.IPV4_HEADER_TRUNCATED,
                Ipv4Flyweight::check,
                ipv4Packet().ipHeaderWords(15).build());
        expect(
                WireFault.IPV4_BAD_TOTAL_LENGTH,
                Ipv4Flyweight::check,
                ipv4Packet().ipLength(19).build());
        expect(
                WireFault.IPV4_FRAGMENT_BEYOND_LIMIT,
                Ipv4Flyweight::check,
                ipv4Packet().fragmentOffset(65528).payloadOf(8).build());
        expect(
                null,
                Ipv4Flyweight::check,
                ipv4Packet().fragmentOffset(65528).payloadOf(7).build());
    }

    private static PacketBuilder ipv4Packet() {
        return packet().ipv4("10.0.0.1", "10.0.0.2");
    }

    private void ipv6() {
        final byte[] ip = packet().ipv6(A, B).udp(1, 2).build();
        expect(null, Ipv6Flyweight::check, ip);
        expect(WireFault.IPV6_HEADER_TRUNCATED, Ipv6Flyweight::check, ip, 39);
        expect(WireFault.IPV6_PACKET_TRUNCATED, Ipv6Flyweight::check, ip, ip.length - 1);
        expect(
                WireFault.IPV6_BAD_VERSION,
                Ipv6Flyweight::check,
                packet().ipv6(A, B).ipVersion(7).build());

        final Ipv6Extensions extensions = new Ipv6Extensions();
        final Check walk = (buffer, offset, available) -> extensions.walk(buffer, offset, offset + available);
        expect(
                null,
                walk,
                packet().ipv6(A, B)
                        .hopByHop()
                        .destinationOptions()
                        .routing()
                        .fragment(5, 0, false)
                        .authentication(1, 1)
                        .destinationOptions()
                        .udp(1, 2)
                        .build());
        assertThat(extensions.protocol()).isEqualTo(IpProtocol.UDP);
        assertThat(extensions.headerCount()).isEqualTo(6);
        assertThat(extensions.isFragment()).isTrue();
        assertThat(extensions.isLaterFragment()).isFalse();
        assertThat(extensions.identification()).isEqualTo(5);
        expect(
                null,
                walk,
                packet().ipv6(A, B).fragment(5, 1480, true).payloadOf(16).build());
        assertThat(extensions.isLaterFragment()).isTrue();
        assertThat(extensions.fragmentOffset()).isEqualTo(1480);
        assertThat(extensions.offset()).isEqualTo(3 + 48);
        expect(
                WireFault.IPV6_EXTENSION_MISPLACED,
                walk,
                packet().ipv6(A, B).routing().hopByHop().build());
        expect(
                WireFault.IPV6_EXTENSION_MISPLACED,
                walk,
                packet().ipv6(A, B).fragment(1, 0, false).fragment(1, 0, false).build());
        expect(
                WireFault.IPV6_EXTENSION_TRUNCATED,
                walk,
                packet().ipv6(A, B).destinationOptions().patch(1, 1).build());
        expect(
                WireFault.IPV6_EXTENSION_TRUNCATED,
                walk,
                packet().ipv6(A, B).protocol(0).payloadOf(7).build());
        expect(
                WireFault.IPV6_FRAGMENT_BAD_LENGTH,
                walk,
                packet().ipv6(A, B).fragment(1, 0, true).payloadOf(9).build());
        expect(
                WireFault.IPV6_FRAGMENT_BEYOND_LIMIT,
                walk,
                packet().ipv6(A, B).fragment(1, 65528, false).payloadOf(8).build());
        final PacketBuilder chain = packet().ipv6(A, B);
        for (int i = 0; i < Ipv6Extensions.MAX_HEADERS; i++) {
            chain.destinationOptions();
        }
        expect(null, walk, chain.build());
        expect(
                WireFault.IPV6_EXTENSIONS_TOO_MANY,
                walk,
                chain.destinationOptions().build());
    }

    private void icmp() {
        expect(null, Icmpv4Flyweight::check, new byte[8]);
        expect(WireFault.ICMPV4_TRUNCATED, Icmpv4Flyweight::check, new byte[7]);
        expect(null, Icmpv6Flyweight::check, new byte[8]);
        expect(WireFault.ICMPV6_TRUNCATED, Icmpv6Flyweight::check, new byte[7]);

        final byte[] packet = packet().ipv6(A, B)
                .ttl(255)
                .neighbourSolicitation(B, "02:00:00:00:00:01")
                .build();
        final byte[] solicitation = Arrays.copyOfRange(packet, 40, packet.length);
        expect(null, NdFlyweight::check, solicitation);
        expect(null, NdFlyweight::check, solicitation, 24);
        expect(WireFault.ICMPV6_TRUNCATED, NdFlyweight::check, solicitation, 7);
        expect(WireFault.ND_TRUNCATED, NdFlyweight::check, solicitation, 23);
        expect(WireFault.ND_OPTION_MALFORMED, NdFlyweight::check, solicitation, 31);
        expect(WireFault.ND_OPTION_MALFORMED, NdFlyweight::check, changed(solicitation, 25, 0));
        expect(WireFault.ND_BAD_CODE, NdFlyweight::check, changed(solicitation, 1, 1));
        expect(WireFault.ND_BAD_TARGET, NdFlyweight::check, changed(solicitation, 8, 0xFF));
        expect(WireFault.ND_UNKNOWN_TYPE, NdFlyweight::check, changed(solicitation, 0, 137));
        expect(
                WireFault.ND_BAD_HOP_LIMIT,
                (buffer, offset, available) -> NdFlyweight.check(buffer, offset, available, 254),
                solicitation);
        final NdFlyweight nd = new NdFlyweight().wrap(new UnsafeBuffer(solicitation), 0, solicitation.length);
        assertThat(nd.linkAddress(NdFlyweight.OPTION_SOURCE_LINK_ADDRESS)).isEqualTo(0x0200_0000_0001L);
        assertThat(nd.linkAddress(NdFlyweight.OPTION_TARGET_LINK_ADDRESS)).isEqualTo(NdFlyweight.MISSING);
    }

    private void transport() {
        final byte[] ip = ipv4Packet()
                .tcp(1, 2)
                .mss(1460)
                .windowScale(7)
                .sackPermitted()
                .timestamps(3, 4)
                .build();
        final byte[] tcp = Arrays.copyOfRange(ip, 20, ip.length);
        expect(null, TcpFlyweight::check, tcp);
        expect(WireFault.TCP_HEADER_TRUNCATED, TcpFlyweight::check, tcp, 19);
        expect(WireFault.TCP_HEADER_TRUNCATED, TcpFlyweight::check, tcp, tcp.length - 1);
        expect(WireFault.TCP_BAD_DATA_OFFSET, TcpFlyweight::check, changed(tcp, 12, 0x40));
        final TcpFlyweight flyweight = new TcpFlyweight().wrap(new UnsafeBuffer(tcp), 0);
        assertThat(flyweight.maximumSegmentSize()).isEqualTo(1460);
        assertThat(flyweight.windowScale()).isEqualTo(7);
        assertThat(flyweight.isSackPermitted()).isTrue();
        assertThat(flyweight.timestampValue()).isEqualTo(3);
        assertThat(flyweight.timestampEcho()).isEqualTo(4);
        // An option whose length overruns the header hides what follows, and nothing is read behind the header.
        flyweight.wrap(new UnsafeBuffer(changed(tcp, 21, 200)), 0);
        assertThat(flyweight.maximumSegmentSize()).isEqualTo(TcpFlyweight.MISSING);
        assertThat(flyweight.windowScale()).isEqualTo(TcpFlyweight.MISSING);

        final byte[] udp = hex("0001 0002 000a 0000 0102");
        expect(null, UdpFlyweight::check, udp);
        expect(WireFault.UDP_HEADER_TRUNCATED, UdpFlyweight::check, udp, 7);
        expect(WireFault.UDP_BAD_LENGTH, UdpFlyweight::check, udp, 9);
        expect(WireFault.UDP_BAD_LENGTH, UdpFlyweight::check, changed(udp, 5, 7));

        final byte[] sctpIp =
                ipv4Packet().sctp(1, 2).init(0x1234, 1).chunk(11, 0).build();
        final byte[] sctp = Arrays.copyOfRange(sctpIp, 20, sctpIp.length);
        expect(null, SctpFlyweight::check, sctp);
        expect(null, SctpFlyweight::checkChunks, sctp);
        expect(WireFault.SCTP_HEADER_TRUNCATED, SctpFlyweight::check, sctp, 11);
        expect(WireFault.SCTP_HEADER_TRUNCATED, SctpFlyweight::checkChunks, sctp, 11);
        expect(WireFault.SCTP_CHUNK_MALFORMED, SctpFlyweight::checkChunks, sctp, sctp.length - 1);
        expect(WireFault.SCTP_CHUNK_MALFORMED, SctpFlyweight::checkChunks, changed(sctp, 15, 3));
        final SctpChunks chunks = new SctpChunks().wrap(new UnsafeBuffer(sctp), 12, sctp.length);
        assertThat(chunks.next()).isTrue();
        assertThat(chunks.initiateTag()).isEqualTo(0x1234);
        assertThat(chunks.next()).isTrue();
        assertThat(chunks.type()).isEqualTo(SctpChunks.COOKIE_ACK);
        assertThat(chunks.next()).isFalse();
        assertThat(chunks.isMalformed()).isFalse();
    }

    private void vxlan() {
        final byte[] vxlan = hex("08000000 00002a00");
        expect(null, VxlanFlyweight::check, vxlan);
        assertThat(new VxlanFlyweight().wrap(new UnsafeBuffer(vxlan), 0).vni()).isEqualTo(42);
        expect(WireFault.VXLAN_HEADER_TRUNCATED, VxlanFlyweight::check, vxlan, 7);
        expect(WireFault.VXLAN_VNI_FLAG_MISSING, VxlanFlyweight::check, changed(vxlan, 0, 0));
        expect(WireFault.VXLAN_RESERVED_BITS, VxlanFlyweight::check, changed(vxlan, 0, 0x88));
        expect(WireFault.VXLAN_RESERVED_BITS, VxlanFlyweight::check, changed(vxlan, 7, 1));
    }

    private void expect(@Nullable WireFault expected, Check check, byte[] bytes) {
        expect(expected, check, bytes, bytes.length);
    }

    /** The bytes lie at the very end of a buffer, so that a read behind them fails. */
    private void expect(@Nullable WireFault expected, Check check, byte[] bytes, int available) {
        final byte[] placed = new byte[3 + available];
        System.arraycopy(bytes, 0, placed, 3, available);
        assertThat(check.of(new UnsafeBuffer(placed), 3, available)).isEqualTo(expected);
        if (expected != null) {
            seen.add(expected);
        }
    }

    private static byte[] changed(byte[] bytes, int offset, int value) {
        final byte[] copy = bytes.clone();
        copy[offset] = (byte) value;
        return copy;
    }
}
