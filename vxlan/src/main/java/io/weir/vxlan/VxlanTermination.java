package io.weir.vxlan;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.flow.TunnelTally;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * Decapsulation: judges tunnel packets as RFC 7348 and the kernel's VXLAN device do, and says where the inner frame lies.
 *
 * <p>A packet that is not addressed to a tunnel endpoint of this node is left alone, however broken: judging it is the
 * parser's task. Every length is checked before the byte behind it is read. What is inside is {@link InnerPacket}'s.
 */
public final class VxlanTermination implements TunnelTermination {
    private static final int OUTER_IP = TunnelHeader.ETHERNET_LENGTH;
    private static final int HEADERS_AFTER_IP =
            TunnelHeader.UDP_LENGTH + TunnelHeader.VXLAN_LENGTH + TunnelHeader.ETHERNET_LENGTH;
    private static final int IPV6_FRAGMENT_HEADER = 44;
    private static final int IPV6_FRAGMENT_LENGTH = 8;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int FRAGMENT_OFFSET = 0x1FFF;

    /** The scope of packets from the first network; see {@link TunnelTermination#terminate}. */
    private static final int FIRST_SCOPE = 0x8001;

    /** Outer Ethernet, IPv4, UDP and VXLAN. */
    private static final int PLAIN_INNER_FRAME = 50;

    private static final int PLAIN_IP = PLAIN_INNER_FRAME + TunnelHeader.ETHERNET_LENGTH;
    private static final int PLAIN_LENGTH = PLAIN_IP + TunnelHeader.IPV4_LENGTH + TunnelHeader.UDP_LENGTH;

    /** From byte 12: EtherType, version and header length, ECN. */
    private static final long PLAIN_START_MASK = PlainSenders.word(0xFFFF_FF03_0000_0000L);

    private static final long PLAIN_START = PlainSenders.word(0x0800_4500_0000_0000L);

    /** From byte 20: more fragments and fragment offset, protocol. */
    private static final long PLAIN_MIDDLE_MASK = PlainSenders.word(0x3FFF_00FF_0000_0000L);

    private static final long PLAIN_MIDDLE = PlainSenders.word((long) PacketParser.PROTOCOL_UDP << 32);

    /** From byte 58: the inner EtherType, version and header length. */
    private static final long PLAIN_INNER_MASK = PlainSenders.word(0x0000_0000_FFFF_FF00L);

    private static final long PLAIN_INNER = PlainSenders.word(0x0000_0000_0800_4500L);

    /** Of a word that begins with an Ethernet address: the bit of a group's. */
    private static final long GROUP = PlainSenders.word(1L << 56);

    private final VxlanTable table;
    private final InnerPacket inside;

    public VxlanTermination(VxlanTable table) {
        this.table = table;
        inside = new InnerPacket(table);
    }

    public VxlanTable table() {
        return table;
    }

    @Override
    public int segmentMtu(int scope, long adjacency) {
        final int network = scope - FIRST_SCOPE;
        final int came = network >= 0 ? table.segmentMtu(network) : 0;
        if (AdjacencyTable.kindOf(adjacency) == AdjacencyTable.ETHERNET || !table.clampsMss()) {
            return came;
        }
        final int goes = AdjacencyTable.mtuOf(adjacency);
        return came == 0 ? goes : Math.min(came, goes);
    }

    @Override
    public int tunnelHeader(long frame, int length) {
        final long ip = frame + OUTER_IP;
        if (length < OUTER_IP + TunnelHeader.IPV4_LENGTH + TunnelHeader.UDP_LENGTH) {
            return 0;
        }
        int udp = OUTER_IP;
        final boolean ends;
        if (getShortBigEndian(frame + 12) == PacketParser.ETHERTYPE_IPV4) {
            udp += (getByte(ip) & 0xF) << 2;
            ends = getByte(ip) >>> 4 == 4
                    && udp >= OUTER_IP + TunnelHeader.IPV4_LENGTH
                    && getByte(ip + 9) == PacketParser.PROTOCOL_UDP
                    && (getShortBigEndian(ip + 6) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) == 0
                    && udp + TunnelHeader.UDP_LENGTH <= length
                    && table.endsAt(
                            0,
                            IpAddress.IPV4_MARK | (getIntBigEndian(ip + 16) & 0xFFFF_FFFFL),
                            getShortBigEndian(frame + udp + 2));
        } else {
            udp += TunnelHeader.IPV6_LENGTH;
            ends = getShortBigEndian(frame + 12) == PacketParser.ETHERTYPE_IPV6
                    && udp + TunnelHeader.UDP_LENGTH <= length
                    && (getByte(ip) & 0xF0) == 0x60
                    && getByte(ip + 6) == PacketParser.PROTOCOL_UDP
                    && table.endsAt(
                            getLongBigEndian(ip + 24), getLongBigEndian(ip + 32), getShortBigEndian(frame + udp + 2));
        }
        return ends ? udp + TunnelHeader.UDP_LENGTH : 0;
    }

    @Override
    public int terminate(long frame, int length, boolean checksumSettled) {
        return terminate(frame, length, checksumSettled, null);
    }

    @Override
    public int terminate(long frame, int length, boolean checksumSettled, @Nullable TunnelTally tally) {
        final int plain = terminatePlain(frame, length, tally);
        return plain != NOT_A_TUNNEL ? plain : terminateByHeaders(frame, length, checksumSettled, tally);
    }

    /** The whole judgement, header by header. */
    int terminateByHeaders(long frame, int length, boolean checksumSettled, @Nullable TunnelTally tally) {
        if (length < OUTER_IP + TunnelHeader.IPV4_LENGTH + TunnelHeader.UDP_LENGTH) {
            return NOT_A_TUNNEL;
        }
        return switch (getShortBigEndian(frame + 12)) {
            case PacketParser.ETHERTYPE_IPV4 -> terminateIpv4(frame, length, checksumSettled, tally);
            case PacketParser.ETHERTYPE_IPV6 -> terminateIpv6(frame, length, checksumSettled, tally);
            default -> NOT_A_TUNNEL;
        };
    }

    /**
     * What almost every tunnel packet looks like, judged by a few wide loads: IPv4 without options, fragments and ECN, no UDP
     * checksum, and inside of it IPv4 without options. Whatever deviates is left to the judgement header by header below,
     * which also names what is wrong.
     */
    private int terminatePlain(long frame, int length, @Nullable TunnelTally tally) {
        if (length < PLAIN_LENGTH || !hasPlainShape(frame)) {
            return NOT_A_TUNNEL;
        }
        final PlainSenders senders = table.plainSenders();
        final int sender = senders.find(frame);
        if (sender == PlainSenders.MISSING
                || !comesFromAnother(frame, senders.localMac(sender))
                || senders.isNested(sender, frame)) {
            return NOT_A_TUNNEL;
        }
        final int transportLength = getShortBigEndian(frame + 16) - TunnelHeader.IPV4_LENGTH;
        final int udpLength = getShortBigEndian(frame + 38);
        final int innerLength = getShortBigEndian(frame + PLAIN_IP + 2);
        if (34 + transportLength > length
                || udpLength > transportLength
                || udpLength < HEADERS_AFTER_IP + TunnelHeader.IPV4_LENGTH + TunnelHeader.UDP_LENGTH
                || HEADERS_AFTER_IP + innerLength > udpLength) {
            return NOT_A_TUNNEL;
        }
        if (tally != null) {
            tally.received(senders.farEnd(sender), udpLength - HEADERS_AFTER_IP);
        }
        return senders.scope(sender) << 16 | PLAIN_INNER_FRAME;
    }

    /** The outer header's form and sum, and the inner one's form. */
    private static boolean hasPlainShape(long frame) {
        final long deviation = ((getLong(frame + 12) ^ PLAIN_START) & PLAIN_START_MASK)
                | ((getLong(frame + 20) ^ PLAIN_MIDDLE) & PLAIN_MIDDLE_MASK)
                | ((getLong(frame + 58) ^ PLAIN_INNER) & PLAIN_INNER_MASK);
        final long sum = half(getLong(frame + 14)) + half(getLong(frame + 22)) + (getInt(frame + 30) & 0xFFFF_FFFFL);
        return deviation == 0 && InternetChecksum.isValid(sum);
    }

    /** The inner source is the Ethernet address of one other node. */
    private static boolean comesFromAnother(long frame, long localMac) {
        final long source = getLong(frame + 56);
        return ((source ^ localMac) & PlainSenders.MAC_MASK) != 0 && (source & GROUP) == 0;
    }

    private static long half(long word) {
        return (word & 0xFFFF_FFFFL) + (word >>> 32);
    }

    private int terminateIpv4(long frame, int length, boolean checksumSettled, @Nullable TunnelTally tally) {
        final long ip = frame + OUTER_IP;
        final int versionAndLength = getByte(ip) & 0xFF;
        final int headerLength = (versionAndLength & 0xF) << 2;
        final int fragmentField = getShortBigEndian(ip + 6);
        if (versionAndLength >>> 4 != 4
                || headerLength < TunnelHeader.IPV4_LENGTH
                || getByte(ip + 9) != PacketParser.PROTOCOL_UDP
                || (fragmentField & FRAGMENT_OFFSET) != 0
                || OUTER_IP + headerLength + TunnelHeader.UDP_LENGTH > length) {
            return NOT_A_TUNNEL;
        }
        final long destination = IpAddress.IPV4_MARK | (getIntBigEndian(ip + 16) & 0xFFFF_FFFFL);
        final int port = getShortBigEndian(ip + headerLength + 2);
        if (!table.endsAt(0, destination, port)) {
            return NOT_A_TUNNEL;
        }
        if ((fragmentField & MORE_FRAGMENTS) != 0) {
            return -VxlanDrop.OUTER_FRAGMENT.id();
        }
        if (!InternetChecksum.isValid(InternetChecksum.sum(ip, headerLength))) {
            return -DataplaneDrop.IPV4_CHECKSUM.id();
        }
        final int transportLength = getShortBigEndian(ip + 2) - headerLength;
        if (OUTER_IP + headerLength + transportLength > length) {
            return -VxlanDrop.TUNNEL_TRUNCATED.id();
        }
        final long source = IpAddress.IPV4_MARK | (getIntBigEndian(ip + 12) & 0xFFFF_FFFFL);
        final int ecn = getByte(ip + 1) & 3;
        return judge(
                frame,
                OUTER_IP + headerLength,
                transportLength,
                0,
                source,
                0,
                destination,
                ecn,
                checksumSettled,
                tally);
    }

    private int terminateIpv6(long frame, int length, boolean checksumSettled, @Nullable TunnelTally tally) {
        final long ip = frame + OUTER_IP;
        int udp = OUTER_IP + TunnelHeader.IPV6_LENGTH;
        if (length < udp + TunnelHeader.UDP_LENGTH || (getByte(ip) & 0xF0) != 0x60) {
            return NOT_A_TUNNEL;
        }
        int protocol = getByte(ip + 6) & 0xFF;
        boolean fragment = false;
        if (protocol == IPV6_FRAGMENT_HEADER
                && length >= udp + IPV6_FRAGMENT_LENGTH + TunnelHeader.UDP_LENGTH
                && (getShortBigEndian(frame + udp + 2) & 0xFFF8) == 0) {
            fragment = true;
            protocol = getByte(frame + udp) & 0xFF;
            udp += IPV6_FRAGMENT_LENGTH;
        }
        if (protocol != PacketParser.PROTOCOL_UDP) {
            return NOT_A_TUNNEL;
        }
        final long destinationHigh = getLongBigEndian(ip + 24);
        final long destinationLow = getLongBigEndian(ip + 32);
        if (!table.endsAt(destinationHigh, destinationLow, getShortBigEndian(frame + udp + 2))) {
            return NOT_A_TUNNEL;
        }
        if (fragment) {
            return -VxlanDrop.OUTER_FRAGMENT.id();
        }
        final int transportLength = getShortBigEndian(ip + 4);
        if (udp + transportLength > length) {
            return -VxlanDrop.TUNNEL_TRUNCATED.id();
        }
        return judge(
                frame,
                udp,
                transportLength,
                getLongBigEndian(ip + 8),
                getLongBigEndian(ip + 16),
                destinationHigh,
                destinationLow,
                (getShortBigEndian(ip) >>> 4) & 3,
                checksumSettled,
                tally);
    }

    /** From the UDP header on, which is known to lie in the frame; the families differ no more. */
    private int judge(
            long frame,
            int udpOffset,
            int transportLength,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int outerEcn,
            boolean checksumSettled,
            @Nullable TunnelTally tally) {
        final long udp = frame + udpOffset;
        final int udpLength = getShortBigEndian(udp + 4);
        if (udpLength < HEADERS_AFTER_IP || udpLength > transportLength) {
            return -VxlanDrop.TUNNEL_TRUNCATED.id();
        }
        final long vxlan = udp + TunnelHeader.UDP_LENGTH;
        final int vniAndReserved = getIntBigEndian(vxlan + 4);
        if (getIntBigEndian(vxlan) != TunnelHeader.VXLAN_FLAGS || (vniAndReserved & 0xFF) != 0) {
            return -VxlanDrop.VXLAN_FLAGS.id();
        }
        final int network =
                table.find(destinationHigh, destinationLow, getShortBigEndian(udp + 2), vniAndReserved >>> 8);
        if (network == VxlanTable.MISSING) {
            return -VxlanDrop.NO_SUCH_VNI.id();
        }
        final int farEnd = table.senderOf(sourceHigh, sourceLow, network);
        if (farEnd == VxlanTable.MISSING) {
            return -VxlanDrop.UNKNOWN_VTEP.id();
        }
        int reason = judgeChecksum(
                udp, udpLength, sourceHigh, sourceLow, destinationHigh, destinationLow, checksumSettled, network);
        final int inner = udpOffset + TunnelHeader.UDP_LENGTH + TunnelHeader.VXLAN_LENGTH;
        if (reason == 0) {
            reason = inside.judge(frame + inner, frame + udpOffset + udpLength, table.localMac(network), outerEcn);
        }
        if (tally != null) {
            if (reason == 0) {
                tally.received(farEnd, udpLength - HEADERS_AFTER_IP);
            } else {
                tally.refused(farEnd);
            }
        }
        return reason != 0 ? -reason : ((network + 1) << 16) | inner;
    }

    /** Id of a drop reason, or 0. */
    private int judgeChecksum(
            long udp,
            int udpLength,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            boolean checksumSettled,
            int network) {
        final int checksum = getShortBigEndian(udp + 6);
        if (checksum == 0) {
            if (!IpAddress.isIpv4(destinationHigh, destinationLow)) {
                return VxlanDrop.OUTER_CHECKSUM_MISSING.id();
            }
        } else if (!checksumSettled && table.verifiesChecksum(network)) {
            final long sum = InternetChecksum.sum(udp, udpLength)
                    + pseudoHeader(sourceHigh, sourceLow, destinationHigh, destinationLow, udpLength);
            if (!InternetChecksum.isValid(sum)) {
                return VxlanDrop.OUTER_CHECKSUM.id();
            }
        }
        return 0;
    }

    private static long pseudoHeader(
            long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int udpLength) {
        if (IpAddress.isIpv4(destinationHigh, destinationLow)) {
            return InternetChecksum.pseudoHeader(
                    (int) sourceLow, (int) destinationLow, PacketParser.PROTOCOL_UDP, udpLength);
        }
        return InternetChecksum.pseudoHeader(
                sourceHigh, sourceLow, destinationHigh, destinationLow, PacketParser.PROTOCOL_UDP, udpLength);
    }
}
