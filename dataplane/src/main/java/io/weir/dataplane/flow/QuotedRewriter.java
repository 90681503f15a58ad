package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getShort;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteOrder;

/**
 * Translates the packet that an ICMP error quotes (RFC 5508 section 4.2), so that the error reaches whoever sent that packet
 * and tells of it in the sender's own terms. The quoted header checksum and, as far as it is quoted, the transport checksum
 * follow by difference; the ICMP checksum is computed anew.
 */
final class QuotedRewriter {
    private static final int ICMP_HEADER = 8;

    private QuotedRewriter() {}

    /**
     * @param icmp raw address of the ICMP header; the outer IP addresses have been rewritten already
     */
    static void rewrite(Packet packet, Decision decision, long icmp) {
        final long end = packet.address() + packet.l3End();
        final long quoted = icmp + ICMP_HEADER;
        if (packet.isIpv4()) {
            rewriteIpv4(decision, quoted, end);
            putShort(icmp + 2, (short) 0);
            putShort(icmp + 2, (short) ~InternetChecksum.fold(Rewriter.sum(icmp, (int) (end - icmp))));
        } else {
            rewriteIpv6(decision, quoted, end);
            putShort(icmp + 2, (short) 0);
            final int length = (int) (end - icmp);
            final long ip = packet.address() + packet.l3Offset();
            final long pseudo =
                    Rewriter.sum(ip + 8, 32) + inMachineOrder(length) + inMachineOrder(PacketParser.PROTOCOL_ICMPV6);
            putShort(icmp + 2, (short) ~InternetChecksum.fold(pseudo + Rewriter.sum(icmp, length)));
        }
    }

    private static long inMachineOrder(int value) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                ? Integer.reverseBytes(value) & 0xFFFF_FFFFL
                : value & 0xFFFF_FFFFL;
    }

    private static void rewriteIpv4(Decision decision, long quoted, long end) {
        if (end - quoted < 20) {
            return;
        }
        final long before = Rewriter.sum(quoted + 12, 8);
        putIntBigEndian(quoted + 12, (int) decision.quotedSourceLow());
        putIntBigEndian(quoted + 16, (int) decision.quotedDestinationLow());
        final int delta = difference(before, Rewriter.sum(quoted + 12, 8));
        putShort(quoted + 10, ChecksumDelta.apply(getShort(quoted + 10), delta));
        final int headerLength = (getByte(quoted) & 0xF) << 2;
        final boolean firstFragment = (getShortBigEndian(quoted + 6) & 0x1FFF) == 0;
        if (firstFragment) {
            rewriteTransport(decision, quoted + headerLength, end, getByte(quoted + 9) & 0xFF, delta);
        }
    }

    private static void rewriteIpv6(Decision decision, long quoted, long end) {
        if (end - quoted < 40) {
            return;
        }
        final long before = Rewriter.sum(quoted + 8, 32);
        putLongBigEndian(quoted + 8, decision.quotedSourceHigh());
        putLongBigEndian(quoted + 16, decision.quotedSourceLow());
        putLongBigEndian(quoted + 24, decision.quotedDestinationHigh());
        putLongBigEndian(quoted + 32, decision.quotedDestinationLow());
        final int delta = difference(before, Rewriter.sum(quoted + 8, 32));
        rewriteTransport(decision, quoted + 40, end, getByte(quoted + 6) & 0xFF, delta);
    }

    /** What the sum of some words grew by. */
    private static int difference(long before, long after) {
        return InternetChecksum.fold((~InternetChecksum.fold(before) & 0xFFFFL) + InternetChecksum.fold(after));
    }

    private static void rewriteTransport(Decision decision, long transport, long end, int protocol, int addressDelta) {
        if (end - transport < 8) {
            return;
        }
        switch (protocol) {
            case PacketParser.PROTOCOL_TCP -> rewritePorts(decision, transport, end, 16, addressDelta);
            case PacketParser.PROTOCOL_UDP -> rewritePorts(decision, transport, end, 6, addressDelta);
            case PacketParser.PROTOCOL_SCTP -> rewritePorts(decision, transport, end, Integer.MAX_VALUE, 0);
            case PacketParser.PROTOCOL_ICMP -> rewriteIdentifier(decision, transport, 0);
            case PacketParser.PROTOCOL_ICMPV6 -> rewriteIdentifier(decision, transport, addressDelta);
            default -> {
                // no ports
            }
        }
    }

    private static void rewritePorts(Decision decision, long transport, long end, int checksumOffset, int delta) {
        final long before = Rewriter.sum(transport, 4);
        putShortBigEndian(transport, decision.quotedSourcePort());
        putShortBigEndian(transport + 2, decision.quotedDestinationPort());
        final boolean quotedSoFar = end - transport >= (long) checksumOffset + 2;
        if (quotedSoFar && getShort(transport + checksumOffset) != 0) {
            final int whole = InternetChecksum.fold((long) delta + difference(before, Rewriter.sum(transport, 4)));
            putShort(transport + checksumOffset, ChecksumDelta.apply(getShort(transport + checksumOffset), whole));
        }
    }

    /** An echo that was quoted: requests carry the identifier of the source, replies that of the destination. */
    private static void rewriteIdentifier(Decision decision, long icmp, int addressDelta) {
        final int type = getByte(icmp) & 0xFF;
        final boolean request = type == 8 || type == 128;
        final boolean reply = type == 0 || type == 129;
        long delta = addressDelta;
        if (request || reply) {
            final long before = Rewriter.sum(icmp + 4, 2);
            putShortBigEndian(icmp + 4, request ? decision.quotedSourcePort() : decision.quotedDestinationPort());
            delta += difference(before, Rewriter.sum(icmp + 4, 2));
        }
        putShort(icmp + 2, ChecksumDelta.apply(getShort(icmp + 2), InternetChecksum.fold(delta)));
    }
}
