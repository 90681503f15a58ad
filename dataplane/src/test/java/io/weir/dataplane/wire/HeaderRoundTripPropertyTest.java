package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketAssert.assertIpPacket;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

/** A record that is written and read again is itself; bytes that are read and written again are themselves. */
class HeaderRoundTripPropertyTest {
    /** Behind a header that is emitted nothing may change, and before it neither. */
    private static final int MARGIN = 7;

    private final byte[] bytes = new byte[100];
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);

    @Property
    void fixedHeaders(@ForAll @Size(40) byte[] any) {
        fill(any);
        final EthernetFlyweight ethernet = new EthernetFlyweight().wrap(buffer, MARGIN);
        final EthernetHeader ethernetHeader = EthernetHeader.parse(ethernet);
        assertRewritten(any, 14, () -> ethernetHeader.emit(ethernet));
        final UdpFlyweight udp = new UdpFlyweight().wrap(buffer, MARGIN);
        final UdpHeader udpHeader = UdpHeader.parse(udp);
        assertRewritten(any, 8, () -> udpHeader.emit(udp));
        final SctpFlyweight sctp = new SctpFlyweight().wrap(buffer, MARGIN);
        final SctpHeader sctpHeader = SctpHeader.parse(sctp);
        assertRewritten(any, 12, () -> sctpHeader.emit(sctp));
        final Icmpv4Flyweight icmpv4 = new Icmpv4Flyweight().wrap(buffer, MARGIN);
        final IcmpHeader icmpHeader = IcmpHeader.parse(icmpv4);
        assertRewritten(any, 8, () -> icmpHeader.emit(icmpv4));
        final Icmpv6Flyweight icmpv6 = new Icmpv6Flyweight().wrap(buffer, MARGIN);
        assertThat(IcmpHeader.parse(icmpv6)).isEqualTo(icmpHeader);
        assertRewritten(any, 8, () -> icmpHeader.emit(icmpv6));
        any[0] = (byte) (0x60 | (any[0] & 0xF));
        fill(any);
        final Ipv6Flyweight ipv6 = new Ipv6Flyweight().wrap(buffer, MARGIN);
        final Ipv6Header ipv6Header = Ipv6Header.parse(ipv6);
        assertRewritten(any, 40, () -> ipv6Header.emit(ipv6));
    }

    @Property
    void headersWithFixedParts(@ForAll @Size(40) byte[] any, @ForAll long seed) {
        System.arraycopy(PacketBuilder.hex("0001080006 04"), 0, any, 0, 6);
        fill(any);
        final ArpFlyweight arp = new ArpFlyweight().wrap(buffer, MARGIN);
        assertThat(ArpFlyweight.check(buffer, MARGIN, 28)).isNull();
        final ArpHeader arpHeader = ArpHeader.parse(arp);
        assertRewritten(any, 28, () -> arpHeader.emit(arp));

        any[12] = 0x50;
        fill(any);
        final TcpFlyweight tcp = new TcpFlyweight().wrap(buffer, MARGIN);
        final TcpHeader tcpHeader = TcpHeader.parse(tcp);
        assertRewritten(any, 20, () -> tcpHeader.emit(tcp));

        final int vni = new Random(seed).nextInt(1 << 24);
        final byte[] vxlanBytes = {8, 0, 0, 0, (byte) (vni >>> 16), (byte) (vni >>> 8), (byte) vni, 0};
        System.arraycopy(vxlanBytes, 0, any, 0, 8);
        fill(any);
        final VxlanFlyweight vxlan = new VxlanFlyweight().wrap(buffer, MARGIN);
        final VxlanHeader vxlanHeader = VxlanHeader.parse(vxlan);
        assertThat(vxlanHeader.vni()).isEqualTo(vni);
        assertRewritten(any, 8, () -> vxlanHeader.emit(vxlan));
    }

    @Property
    void ipv4(@ForAll @Size(40) byte[] any) {
        any[0] = 0x45;
        any[2] = 0;
        any[3] = 40; // total length: the header and the 20 bytes behind it
        any[6] &= 0x7F; // the reserved flag
        any[10] = 0;
        any[11] = 0;
        final int checksum = ReferenceChecksum.internet(any, 0, 20);
        any[10] = (byte) (checksum >>> 8);
        any[11] = (byte) checksum;
        fill(any);
        final Ipv4Flyweight ip = new Ipv4Flyweight().wrap(buffer, MARGIN);
        assertThat(ip.hasValidChecksum()).isTrue();
        assertThat(ip.computeChecksum()).isEqualTo(checksum);
        final Ipv4Header header = Ipv4Header.parse(ip);
        assertRewritten(any, 20, () -> header.emit(ip));
        any[9] = 99; // a protocol without a checksum of its own
        fill(any);
        Ipv4Header.of(header.source(), header.destination(), 99, 20).emit(ip);
        assertIpPacket(Arrays.copyOfRange(bytes, MARGIN, MARGIN + 40))
                .ipv4(PacketField.src(header.source()), PacketField.ttl(64))
                .payloadLength(20)
                .checksumsValid();
    }

    private void fill(byte[] any) {
        Arrays.fill(bytes, (byte) 0xA5);
        System.arraycopy(any, 0, bytes, MARGIN, any.length);
    }

    /** Emits over zeros, and expects the bytes that were there. */
    private void assertRewritten(byte[] expected, int length, Runnable emit) {
        Arrays.fill(bytes, MARGIN, MARGIN + length, (byte) 0);
        emit.run();
        final byte[] before = bytes.clone();
        fill(expected);
        assertThat(before).isEqualTo(bytes);
    }
}
