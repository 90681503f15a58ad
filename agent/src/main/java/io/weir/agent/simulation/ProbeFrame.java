package io.weir.agent.simulation;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.Crc32c;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Makes the Ethernet frame of a {@link Probe}: TCP SYN, empty UDP, SCTP INIT, ICMP echo request, or a bare IP packet. */
final class ProbeFrame {
    private static final int ETHERNET = 14;
    private static final int TTL = 64;

    private ProbeFrame() {}

    static byte[] of(Probe probe, MacAddress source, MacAddress destination) {
        final byte[] transport = transport(probe);
        final boolean ipv4 = probe.source().isIpv4();
        final int ipHeader = ipv4 ? 20 : 40;
        final ByteBuffer frame = ByteBuffer.allocate(ETHERNET + ipHeader + transport.length);
        frame.put(destination.toBytes()).put(source.toBytes());
        if (ipv4) {
            frame.putShort((short) 0x0800);
            ipv4Header(frame, probe, ipHeader + transport.length);
        } else {
            frame.putShort((short) 0x86DD);
            frame.putInt(0x6000_0000).putShort((short) transport.length);
            frame.put((byte) probe.protocol()).put((byte) TTL);
            frame.put(probe.source().toBytes()).put(probe.destination().toBytes());
        }
        frame.put(transport);
        return bytes(frame);
    }

    private static void ipv4Header(ByteBuffer frame, Probe probe, int length) {
        final int start = frame.position();
        frame.putShort((short) 0x4500).putShort((short) length);
        frame.putShort((short) 1).putShort((short) 0x4000);
        frame.put((byte) TTL).put((byte) probe.protocol()).putShort((short) 0);
        frame.put(probe.source().toBytes()).put(probe.destination().toBytes());
        final int checksum = InternetChecksum.ofSum(InternetChecksum.sum(new UnsafeBuffer(frame), start, 20));
        frame.putShort(start + 10, (short) checksum);
    }

    private static byte[] transport(Probe probe) {
        return switch (probe.protocol()) {
            case PacketParser.PROTOCOL_TCP -> {
                final ByteBuffer tcp = ports(probe, 20);
                tcp.putInt(1).putInt(0).putShort((short) 0x5002).putShort((short) 65_535);
                yield sealed(probe, tcp, 16);
            }
            case PacketParser.PROTOCOL_UDP -> {
                final ByteBuffer udp = ports(probe, 8);
                udp.putShort((short) 8);
                yield sealed(probe, udp, 6);
            }
            case PacketParser.PROTOCOL_SCTP -> sctpInit(probe);
            case PacketParser.PROTOCOL_ICMP, PacketParser.PROTOCOL_ICMPV6 -> {
                final ByteBuffer echo = ByteBuffer.allocate(8);
                echo.put((byte) (probe.protocol() == PacketParser.PROTOCOL_ICMP ? 8 : 128))
                        .put((byte) 0);
                echo.putShort((short) 0).putShort((short) probe.sourcePort()).putShort((short) 1);
                yield sealed(probe, echo, 2);
            }
            default -> new byte[8];
        };
    }

    private static ByteBuffer ports(Probe probe, int length) {
        return ByteBuffer.allocate(length).putShort((short) probe.sourcePort()).putShort((short)
                probe.destinationPort());
    }

    /** RFC 9260 section 3.3.2: verification tag 0, one INIT chunk of 20 bytes. */
    private static byte[] sctpInit(Probe probe) {
        final ByteBuffer sctp = ports(probe, 32);
        sctp.putInt(0).putInt(0);
        sctp.put((byte) 1).put((byte) 0).putShort((short) 20);
        sctp.putInt(1).putInt(65_536).putShort((short) 1).putShort((short) 1).putInt(1);
        sctp.putInt(8, Crc32c.toSctpField(Crc32c.computeSctp(new UnsafeBuffer(sctp), 0, 32)));
        return bytes(sctp);
    }

    private static byte[] sealed(Probe probe, ByteBuffer transport, int checksumOffset) {
        final int length = transport.capacity();
        final boolean pseudo = probe.protocol() != PacketParser.PROTOCOL_ICMP;
        final IpAddress source = probe.source();
        final long header =
                pseudo ? InternetChecksum.pseudoHeader(source, probe.destination(), probe.protocol(), length) : 0;
        final int checksum =
                InternetChecksum.ofUdpSum(header + InternetChecksum.sum(new UnsafeBuffer(transport), 0, length));
        transport.putShort(checksumOffset, (short) checksum);
        return bytes(transport);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }
}
