package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Tells a sender why its packet went no further (RFC 792, RFC 1812 section 4.3, RFC 4443), as Linux does: the error carries
 * the packet as it came, up to 576 bytes in all for IPv4 and 1,280 for IPv6.
 *
 * <p>There is none about an ICMP error, a fragment that is not the first, a packet that was multicast or broadcast, or one
 * whose source is not a single host; and not more than {@link AnswerSettings} allows.
 */
final class IcmpErrors {
    private static final int HEADER = 8;

    /** RFC 1812 section 4.3.2.3: as much as fits in what every host can take. */
    private static final int IPV4_LIMIT = 576;

    /** RFC 4443 section 2.4 (c): without exceeding the minimum MTU. */
    private static final int IPV6_LIMIT = 1280;

    /** RFC 1812 section 4.3.2.5: an error has precedence "internetwork control". */
    private static final int INTERNETWORK_CONTROL = 0xC0;

    /** RFC 7600: the source of an error from a router that has no IPv4 address. */
    private static final int DUMMY_ADDRESS = 0xC000_0008;

    private final AnswerHeaders headers;
    private final WayBack wayBack;
    private final ErrorLimit limit;
    private long sourceHigh;
    private long sourceLow;

    IcmpErrors(AnswerHeaders headers, WayBack wayBack, ErrorLimit limit) {
        this.headers = headers;
        this.wayBack = wayBack;
        this.limit = limit;
    }

    /**
     * Sends the error, if there may be one.
     *
     * @param mtu for {@link Answer#TOO_BIG}, in bytes
     */
    void send(Packet packet, Answer answer, int mtu, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final int typeAndCode = packet.isIpv4() ? ipv4TypeAndCode(answer) : ipv6TypeAndCode(answer);
        if (typeAndCode == 0 || !mayBeAbout(packet) || !wayBack.find(packet, ingress, snapshot)) {
            return;
        }
        if (!chooseSource(packet, answer, ingress.addresses())) {
            return;
        }
        if (answer != Answer.TOO_BIG && !limit.take(packet.sourceHigh(), packet.sourceLow(), packet.nowNs())) {
            transmitter.counters().drop(DataplaneDrop.ICMP_RATE_LIMITED.id());
            return;
        }
        final int ipHeader = packet.isIpv4() ? AnswerHeaders.IPV4 : AnswerHeaders.IPV6;
        final int room = Math.min(wayBack.mtu(), packet.isIpv4() ? IPV4_LIMIT : IPV6_LIMIT) - ipHeader - HEADER;
        final int quoted = Math.min(room, packet.l3Length());
        if (quoted < ipHeader) {
            return;
        }
        final int ipLength = ipHeader + HEADER + quoted;
        final int handle = WayBack.acquire(transmitter, ipLength);
        if (handle == PacketPool.NULL_HANDLE) {
            return;
        }
        final long ip = WayBack.ip(transmitter, handle);
        final long icmp = ip + ipHeader;
        putShortBigEndian(icmp, typeAndCode);
        putShortBigEndian(icmp + 2, 0);
        putInt(icmp + 4, 0);
        OffHeap.copy(packet.address() + packet.l3Offset(), icmp + HEADER, quoted);
        if (packet.isIpv4()) {
            if (answer == Answer.TOO_BIG) {
                putShortBigEndian(icmp + 6, Math.min(mtu, 0xFFFF));
            }
            finishIpv4(packet, ip, ipLength);
        } else {
            if (answer == Answer.TOO_BIG) {
                putIntBigEndian(icmp + 4, mtu);
            }
            finishIpv6(packet, ip, ipLength);
        }
        wayBack.send(transmitter, handle, ipLength);
    }

    /**
     * That a port is unreachable is said by the host that was asked, be it weir or a Service; anything else by the router,
     * from its address on the port where the packet came in.
     */
    private boolean chooseSource(Packet packet, Answer answer, PortAddresses own) {
        if (answer == Answer.PORT_UNREACHABLE || answer == Answer.RESET_OR_PORT_UNREACHABLE) {
            sourceHigh = packet.destinationHigh();
            sourceLow = packet.destinationLow();
            return true;
        }
        final int index = own.sourceFor(packet.sourceHigh(), packet.sourceLow());
        if (index == PortAddresses.NONE) {
            sourceLow = DUMMY_ADDRESS;
            return packet.isIpv4();
        }
        sourceHigh = own.high(index);
        sourceLow = own.low(index);
        return true;
    }

    private void finishIpv4(Packet packet, long ip, int ipLength) {
        final int typeOfService = (packet.trafficClass() & 0x1E) | INTERNETWORK_CONTROL;
        headers.ipv4(ip, typeOfService, ipLength, false, PacketParser.PROTOCOL_ICMP, (int) sourceLow, (int)
                packet.sourceLow());
        final long icmp = ip + AnswerHeaders.IPV4;
        putShortBigEndian(icmp + 2, InternetChecksum.ofSum(InternetChecksum.sum(icmp, ipLength - AnswerHeaders.IPV4)));
    }

    private void finishIpv6(Packet packet, long ip, int ipLength) {
        final int length = ipLength - AnswerHeaders.IPV6;
        AnswerHeaders.ipv6(
                ip,
                0,
                length,
                PacketParser.PROTOCOL_ICMPV6,
                AnswerHeaders.TTL,
                sourceHigh,
                sourceLow,
                packet.sourceHigh(),
                packet.sourceLow());
        final long sum = AnswerHeaders.sumWithIpv6(ip, PacketParser.PROTOCOL_ICMPV6, length);
        putShortBigEndian(ip + AnswerHeaders.IPV6 + 2, InternetChecksum.ofSum(sum));
    }

    /** RFC 1122 section 3.2.2 and RFC 4443 section 2.4 (e). */
    private static boolean mayBeAbout(Packet packet) {
        if (packet.isLaterFragment() || (packet.destinationMac() >>> 40 & 1) != 0) {
            return false;
        }
        if (packet.isIpv4()) {
            return packet.icmpType() == Packet.NONE || !isIpv4Error(packet.icmpType());
        }
        final boolean unspecified = packet.sourceHigh() == 0 && packet.sourceLow() == 0;
        final boolean multicast = packet.destinationHigh() >>> 56 == 0xFF;
        final boolean error = packet.icmpType() != Packet.NONE && (packet.icmpType() < 128 || packet.icmpType() == 137);
        return !unspecified && !multicast && !error;
    }

    /** Destination unreachable, source quench, redirect, time exceeded, parameter problem, and what nobody knows. */
    private static boolean isIpv4Error(int type) {
        return type == 3 || type == 4 || type == 5 || type == 11 || type == 12 || type > 18;
    }

    private static int ipv4TypeAndCode(Answer answer) {
        return switch (answer) {
            case NO_ROUTE -> 3 << 8;
            case HOST_UNREACHABLE -> (3 << 8) | 1;
            case PORT_UNREACHABLE, RESET_OR_PORT_UNREACHABLE -> (3 << 8) | 3;
            case TOO_BIG -> (3 << 8) | 4;
            case PROHIBITED -> (3 << 8) | 13;
            case TIME_EXCEEDED -> 11 << 8;
            case NONE, ECHO_REPLY -> 0;
        };
    }

    private static int ipv6TypeAndCode(Answer answer) {
        return switch (answer) {
            case NO_ROUTE -> 1 << 8;
            case PROHIBITED -> (1 << 8) | 1;
            case HOST_UNREACHABLE -> (1 << 8) | 3;
            case PORT_UNREACHABLE, RESET_OR_PORT_UNREACHABLE -> (1 << 8) | 4;
            case TOO_BIG -> 2 << 8;
            case TIME_EXCEEDED -> 3 << 8;
            case NONE, ECHO_REPLY -> 0;
        };
    }
}
