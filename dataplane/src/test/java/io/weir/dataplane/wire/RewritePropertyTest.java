package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.checksum;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.echoId;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

/** What NAT does to a packet, with the setters that keep checksums: the result is right when recomputed in full. */
class RewritePropertyTest {
    private static final int IPV4_TRANSPORT = 34;
    private static final int IPV6_TRANSPORT = 54;

    private final Ipv4Flyweight ipv4 = new Ipv4Flyweight();
    private final Ipv6Flyweight ipv6 = new Ipv6Flyweight();
    private final TcpFlyweight tcp = new TcpFlyweight();
    private final UdpFlyweight udp = new UdpFlyweight();
    private final SctpFlyweight sctp = new SctpFlyweight();
    private final Icmpv4Flyweight icmpv4 = new Icmpv4Flyweight();
    private final Icmpv6Flyweight icmpv6 = new Icmpv6Flyweight();

    @Property
    void ipv4(
            @ForAll int source,
            @ForAll int destination,
            @ForAll int newSource,
            @ForAll int newDestination,
            @ForAll @IntRange(max = 255) int newTtl,
            @ForAll @IntRange(max = 65535) int newPort,
            @ForAll @IntRange(max = 65535) int port,
            @ForAll @Size(max = 100) byte[] payload) {
        final IpAddress from = IpAddress.ipv4(source);
        final IpAddress to = IpAddress.ipv4(destination);
        final PacketField[] expected = {src(IpAddress.ipv4(newSource)), dst(IpAddress.ipv4(newDestination)), ttl(newTtl)
        };

        final byte[] tcpFrame = packet().ethernet()
                .ip(from, to)
                .tcp(port, 80)
                .mss(1460)
                .payload(payload)
                .build();
        tcp.wrap(new UnsafeBuffer(tcpFrame), IPV4_TRANSPORT)
                .updateChecksum(rewriteIpv4(tcpFrame, newSource, newDestination, newTtl))
                .sourcePortWithChecksumUpdate(newPort)
                .destinationPortWithChecksumUpdate(port);
        assertPacket(tcpFrame)
                .ethernet()
                .ipv4(expected)
                .tcp(srcPort(newPort), dstPort(port))
                .payload(payload)
                .checksumsValid();

        final byte[] udpFrame =
                packet().ethernet().ip(from, to).udp(port, 80).payload(payload).build();
        udp.wrap(new UnsafeBuffer(udpFrame), IPV4_TRANSPORT)
                .updateChecksum(rewriteIpv4(udpFrame, newSource, newDestination, newTtl))
                .sourcePortWithChecksumUpdate(newPort)
                .destinationPortWithChecksumUpdate(port);
        assertPacket(udpFrame)
                .ethernet()
                .ipv4(expected)
                .udp(srcPort(newPort), dstPort(port))
                .payload(payload)
                .checksumsValid();
        assertThat(udp.hasChecksum()).isTrue();

        final byte[] sctpFrame =
                packet().ethernet().ip(from, to).sctp(port, 80).data(1, payload).build();
        rewriteIpv4(sctpFrame, newSource, newDestination, newTtl);
        final int length = sctpFrame.length - IPV4_TRANSPORT;
        sctp.wrap(new UnsafeBuffer(sctpFrame), IPV4_TRANSPORT)
                .sourcePortWithChecksumUpdate(newPort, length)
                .destinationPortWithChecksumUpdate(port, length);
        assertPacket(sctpFrame)
                .ethernet()
                .ipv4(expected)
                .sctp(srcPort(newPort), dstPort(port))
                .checksumsValid();
        assertThat(sctp.hasValidChecksum(length)).isTrue();

        final byte[] echo = packet().ethernet()
                .ip(from, to)
                .icmpEcho(port, 1)
                .payload(payload)
                .build();
        rewriteIpv4(echo, newSource, newDestination, newTtl);
        icmpv4.wrap(new UnsafeBuffer(echo), IPV4_TRANSPORT)
                .identifierWithChecksumUpdate(newPort)
                .typeWithChecksumUpdate(Icmpv4Flyweight.ECHO_REPLY);
        assertPacket(echo)
                .ethernet()
                .ipv4(expected)
                .icmpv4(echoId(newPort), type(0))
                .checksumsValid();
    }

    @Property
    void ipv6(
            @ForAll long high,
            @ForAll long low,
            @ForAll long newHigh,
            @ForAll long newLow,
            @ForAll @IntRange(max = 65535) int port,
            @ForAll @IntRange(max = 65535) int newPort,
            @ForAll @Size(max = 100) byte[] payload) {
        final IpAddress from = new IpAddress(high | 1L << 61, low);
        final IpAddress to = IpAddress.parse("fd00::2");

        final byte[] tcpFrame = packet().ethernet()
                .ipv6(from, to)
                .tcp(port, 80)
                .payload(payload)
                .build();
        tcp.wrap(new UnsafeBuffer(tcpFrame), IPV6_TRANSPORT)
                .updateChecksum(rewriteIpv6(tcpFrame, newHigh, newLow))
                .sourcePortWithChecksumUpdate(newPort);
        assertPacket(tcpFrame)
                .ethernet()
                .ipv6(src(new IpAddress(newHigh, newLow)), dst(to), ttl(63))
                .tcp(srcPort(newPort))
                .checksumsValid();

        final byte[] udpFrame = packet().ethernet()
                .ipv6(from, to)
                .udp(port, 80)
                .payload(payload)
                .build();
        udp.wrap(new UnsafeBuffer(udpFrame), IPV6_TRANSPORT)
                .updateChecksum(rewriteIpv6(udpFrame, newHigh, newLow))
                .sourcePortWithChecksumUpdate(newPort);
        assertPacket(udpFrame).ethernet().ipv6().udp(srcPort(newPort)).checksumsValid();

        final byte[] echo = packet().ethernet()
                .ipv6(from, to)
                .icmpEcho(port, 1)
                .payload(payload)
                .build();
        icmpv6.wrap(new UnsafeBuffer(echo), IPV6_TRANSPORT)
                .updateChecksum(rewriteIpv6(echo, newHigh, newLow))
                .identifierWithChecksumUpdate(newPort)
                .typeWithChecksumUpdate(Icmpv6Flyweight.ECHO_REPLY);
        assertPacket(echo).ethernet().ipv6().icmpv6(echoId(newPort), type(129)).checksumsValid();
    }

    @Property
    void noUdpChecksumStaysNone(@ForAll int newSource, @ForAll @IntRange(max = 65535) int port) {
        final byte[] frame = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .udp(1, 2)
                .checksum(0)
                .payload("x")
                .build();
        udp.wrap(new UnsafeBuffer(frame), IPV4_TRANSPORT)
                .updateChecksum(rewriteIpv4(frame, newSource, 1, 1))
                .sourcePortWithChecksumUpdate(port);
        assertPacket(frame).ethernet().ipv4().udp(checksum(0)).checksumsValid();
    }

    /** A corrupted packet must not leave with a checksum that says it is whole. */
    @Property
    void wrongChecksumsStayWrong(
            @ForAll int newSource, @ForAll @IntRange(max = 65535) int port, @ForAll @IntRange(max = 7) int bit) {
        final byte[] tcpFrame = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .tcp(1, 2)
                .payload("abc")
                .build();
        tcpFrame[tcpFrame.length - 1] ^= (byte) (1 << bit);
        tcp.wrap(new UnsafeBuffer(tcpFrame), IPV4_TRANSPORT)
                .updateChecksum(rewriteIpv4(tcpFrame, newSource, 1, 1))
                .sourcePortWithChecksumUpdate(port);
        assertThatThrownBy(() -> assertPacket(tcpFrame).checksumsValid()).hasMessageContaining("TCP checksum is wrong");

        final byte[] sctpFrame = packet().ethernet()
                .ipv4("10.0.0.1", "10.0.0.2")
                .sctp(1, 2)
                .init(1, 2)
                .build();
        sctpFrame[sctpFrame.length - 1] ^= (byte) (1 << bit);
        sctp.wrap(new UnsafeBuffer(sctpFrame), IPV4_TRANSPORT)
                .sourcePortWithChecksumUpdate(port, sctpFrame.length - IPV4_TRANSPORT);
        assertThatThrownBy(() -> assertPacket(sctpFrame).checksumsValid())
                .hasMessageContaining("SCTP checksum is wrong");
    }

    /** The option's value is at an even or an odd place, by the padding before it. */
    @Property
    void maximumSegmentSize(@ForAll @IntRange(max = 65535) int size, @ForAll @IntRange(max = 5) int padding) {
        final PacketBuilder builder =
                packet().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).flags("S");
        for (int i = 0; i < padding; i++) {
            builder.tcpOption(1);
        }
        final byte[] frame = builder.mss(1460).build();
        tcp.wrap(new UnsafeBuffer(frame), IPV4_TRANSPORT).maximumSegmentSizeWithChecksumUpdate(size);
        assertThat(tcp.maximumSegmentSize()).isEqualTo(size);
        assertPacket(frame).checksumsValid();
    }

    private long rewriteIpv4(byte[] frame, int newSource, int newDestination, int newTtl) {
        ipv4.wrap(new UnsafeBuffer(frame), 14);
        final long delta = InternetChecksum.delta32(ipv4.source(), newSource)
                + InternetChecksum.delta32(ipv4.destination(), newDestination);
        ipv4.sourceWithChecksumUpdate(newSource)
                .destinationWithChecksumUpdate(newDestination)
                .ttlWithChecksumUpdate(newTtl);
        return delta;
    }

    private long rewriteIpv6(byte[] frame, long newHigh, long newLow) {
        ipv6.wrap(new UnsafeBuffer(frame), 14);
        final long delta = InternetChecksum.delta64(ipv6.sourceHigh(), newHigh)
                + InternetChecksum.delta64(ipv6.sourceLow(), newLow);
        ipv6.source(newHigh, newLow).hopLimit(63);
        return delta;
    }
}
