package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Refuses TCP segments as a host without that connection does (RFC 9293 section 3.10.7.1), from the address that the sender
 * used. A reset is never reset, and a segment with a wrong checksum, or in fragments, gets no answer.
 */
final class TcpResets {
    private static final int HEADER = 20;
    private static final int FLAG_RST = 0x5004;
    private static final int FLAG_RST_ACK = 0x5014;

    private final AnswerHeaders headers;
    private final WayBack wayBack;

    TcpResets(AnswerHeaders headers, WayBack wayBack) {
        this.headers = headers;
        this.wayBack = wayBack;
    }

    /** The packet carries TCP. */
    void send(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        if (packet.isFragment()
                || (packet.tcpFlags() & PacketParser.TCP_RST) != 0
                || !checksumIsRight(packet)
                || !wayBack.find(packet, ingress, snapshot)) {
            return;
        }
        final int ipHeader = packet.isIpv4() ? AnswerHeaders.IPV4 : AnswerHeaders.IPV6;
        final int ipLength = ipHeader + HEADER;
        final int handle = WayBack.acquire(transmitter, ipLength);
        if (handle == PacketPool.NULL_HANDLE) {
            return;
        }
        final long ip = WayBack.ip(transmitter, handle);
        writeTcp(packet, ip + ipHeader);
        // as Linux: in the class of what is answered; its two congestion bits are not the answer's (RFC 3168 section
        // 6.1)
        final int trafficClass = packet.trafficClass() & 0xFC;
        final long sum;
        if (packet.isIpv4()) {
            headers.ipv4(
                    ip, trafficClass, ipLength, true, PacketParser.PROTOCOL_TCP, (int) packet.destinationLow(), (int)
                            packet.sourceLow());
            sum = AnswerHeaders.sumWithIpv4(ip, PacketParser.PROTOCOL_TCP, HEADER);
        } else {
            AnswerHeaders.ipv6(
                    ip,
                    trafficClass,
                    HEADER,
                    PacketParser.PROTOCOL_TCP,
                    AnswerHeaders.TTL,
                    packet.destinationHigh(),
                    packet.destinationLow(),
                    packet.sourceHigh(),
                    packet.sourceLow());
            sum = AnswerHeaders.sumWithIpv6(ip, PacketParser.PROTOCOL_TCP, HEADER);
        }
        putShortBigEndian(ip + ipHeader + 16, InternetChecksum.ofSum(sum));
        wayBack.send(transmitter, handle, ipLength);
    }

    private static void writeTcp(Packet packet, long reset) {
        final long segment = packet.address() + packet.l4Offset();
        final boolean acknowledges = (packet.tcpFlags() & PacketParser.TCP_ACK) != 0;
        int sequenceLength = packet.payloadLength();
        sequenceLength += (packet.tcpFlags() & PacketParser.TCP_SYN) != 0 ? 1 : 0;
        sequenceLength += (packet.tcpFlags() & PacketParser.TCP_FIN) != 0 ? 1 : 0;
        putShortBigEndian(reset, packet.destinationPort());
        putShortBigEndian(reset + 2, packet.sourcePort());
        putIntBigEndian(reset + 4, acknowledges ? getIntBigEndian(segment + 8) : 0);
        putIntBigEndian(reset + 8, acknowledges ? 0 : getIntBigEndian(segment + 4) + sequenceLength);
        putShortBigEndian(reset + 12, acknowledges ? FLAG_RST : FLAG_RST_ACK);
        putShortBigEndian(reset + 14, 0);
        putInt(reset + 16, 0);
    }

    private static boolean checksumIsRight(Packet packet) {
        if (packet.isChecksumPartial()) {
            return true;
        }
        final int length = packet.l3End() - packet.l4Offset();
        final long pseudo = packet.isIpv4()
                ? InternetChecksum.pseudoHeader(
                        (int) packet.sourceLow(), (int) packet.destinationLow(), PacketParser.PROTOCOL_TCP, length)
                : InternetChecksum.pseudoHeader(
                        packet.sourceHigh(),
                        packet.sourceLow(),
                        packet.destinationHigh(),
                        packet.destinationLow(),
                        PacketParser.PROTOCOL_TCP,
                        length);
        return InternetChecksum.isValid(pseudo + InternetChecksum.sum(packet.address() + packet.l4Offset(), length));
    }
}
