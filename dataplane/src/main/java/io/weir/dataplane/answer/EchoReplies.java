package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.InternetChecksum;

/** Answers pings to weir's own addresses (RFC 792, RFC 4443 section 4.2), from the address that was asked. */
final class EchoReplies {
    private static final int ICMPV4_REPLY = 0;
    private static final int ICMPV6_REPLY = 129;

    private final AnswerHeaders headers;
    private final WayBack wayBack;

    EchoReplies(AnswerHeaders headers, WayBack wayBack) {
        this.headers = headers;
        this.wayBack = wayBack;
    }

    /** The packet is a whole echo request. */
    void reply(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final int icmpLength = packet.l3End() - packet.l4Offset();
        if (!checksumIsRight(packet, icmpLength)) {
            transmitter.counters().drop(DataplaneDrop.ECHO_MALFORMED.id());
            return;
        }
        if (!wayBack.find(packet, ingress, snapshot)) {
            return;
        }
        final int ipHeader = packet.isIpv4() ? AnswerHeaders.IPV4 : AnswerHeaders.IPV6;
        final int ipLength = ipHeader + icmpLength;
        if (ipLength > wayBack.mtu()) {
            transmitter.counters().drop(DataplaneDrop.PACKET_TOO_BIG.id());
            return;
        }
        final int handle = WayBack.acquire(transmitter, ipLength);
        if (handle == PacketPool.NULL_HANDLE) {
            return;
        }
        final long ip = WayBack.ip(transmitter, handle);
        final long icmp = ip + ipHeader;
        OffHeap.copy(packet.address() + packet.l4Offset(), icmp, icmpLength);
        putByte(icmp, (byte) (packet.isIpv4() ? ICMPV4_REPLY : ICMPV6_REPLY));
        putShort(icmp + 2, (short) 0);
        final long sum;
        if (packet.isIpv4()) {
            headers.ipv4(
                    ip,
                    packet.trafficClass(),
                    ipLength,
                    false,
                    PacketParser.PROTOCOL_ICMP,
                    (int) packet.destinationLow(),
                    (int) packet.sourceLow());
            sum = InternetChecksum.sum(icmp, icmpLength);
        } else {
            AnswerHeaders.ipv6(
                    ip,
                    packet.trafficClass(),
                    icmpLength,
                    PacketParser.PROTOCOL_ICMPV6,
                    AnswerHeaders.TTL,
                    packet.destinationHigh(),
                    packet.destinationLow(),
                    packet.sourceHigh(),
                    packet.sourceLow());
            sum = AnswerHeaders.sumWithIpv6(ip, PacketParser.PROTOCOL_ICMPV6, icmpLength);
        }
        putShortBigEndian(icmp + 2, InternetChecksum.ofSum(sum));
        wayBack.send(transmitter, handle, ipLength);
    }

    private static boolean checksumIsRight(Packet packet, int icmpLength) {
        if (packet.isChecksumPartial()) {
            return true;
        }
        final long icmp = InternetChecksum.sum(packet.address() + packet.l4Offset(), icmpLength);
        return InternetChecksum.isValid(packet.isIpv4() ? icmp : icmp + pseudoHeader(packet, icmpLength));
    }

    private static long pseudoHeader(Packet packet, int length) {
        return InternetChecksum.pseudoHeader(
                packet.sourceHigh(),
                packet.sourceLow(),
                packet.destinationHigh(),
                packet.destinationLow(),
                PacketParser.PROTOCOL_ICMPV6,
                length);
    }
}
