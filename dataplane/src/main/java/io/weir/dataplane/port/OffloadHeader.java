package io.weir.dataplane.port;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getShort;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;

/**
 * The {@code virtio_net_hdr} that Linux puts ahead of a frame and expects there (virtio 1.2 section 5.1.6, in the
 * machine's byte order as the legacy interface has it), to and from the notes of a {@link Burst}.
 *
 * <pre>
 *   0 flags | 1 GSO type | 2 header length (2) | 4 segment size (2) | 6 checksum start (2) | 8 checksum offset (2)
 * </pre>
 */
final class OffloadHeader {
    static final int LENGTH = 10;

    /** What {@link #notes} returns for a frame that cannot be passed on correctly. */
    static final int UNUSABLE = -1;

    static final long NO_TRANSPORT = -1;

    private static final int FLAGS_OFFSET = 0;
    private static final int TYPE_OFFSET = 1;
    private static final int HEADER_LENGTH_OFFSET = 2;
    private static final int SEGMENT_SIZE_OFFSET = 4;
    private static final int CHECKSUM_START_OFFSET = 6;
    private static final int CHECKSUM_OFFSET_OFFSET = 8;

    private static final int FLAG_NEEDS_CHECKSUM = 1;
    private static final int FLAG_DATA_VALID = 2;
    private static final int TYPE_NONE = 0;
    private static final int TYPE_TCP_IPV4 = 1;
    private static final int TYPE_TCP_IPV6 = 4;
    private static final int TYPE_UDP = 5;
    private static final int TYPE_ECN = 0x80;

    private static final int ETHERNET_HEADER = 14;
    private static final int VLAN_TAG = 4;
    private static final int ETHERTYPE_SERVICE_VLAN = 0x88A8;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int UDP_HEADER = 8;
    private static final int UDP_CHECKSUM_OFFSET = 6;
    private static final int TCP_CHECKSUM_OFFSET = 16;
    private static final int TCP_DATA_OFFSET = 12;
    private static final int TCP_FLAGS_OFFSET = 13;
    private static final int TCP_CWR = 0x80;

    private OffloadHeader() {}

    /**
     * What the header says, as notes. A partial checksum that is not the outer TCP or UDP checksum (one inside of a
     * tunnel, say) has no note and is completed here.
     *
     * @return notes as in {@link Burst#notes(int)}, or {@link #UNUSABLE} if the header contradicts the frame
     */
    static int notes(long header, long frame, int length) {
        // Nearly every frame has either nothing or a checked checksum: one look at flags and type.
        int flagsAndType = getShort(header) & 0xFFFF;
        if ((flagsAndType & ~FLAG_DATA_VALID) == 0) {
            return flagsAndType == 0 ? 0 : Burst.CHECKSUM_VERIFIED;
        }
        int type = getByte(header + TYPE_OFFSET) & 0xFF & ~TYPE_ECN;
        int segmentSize = type == TYPE_NONE ? 0 : getShort(header + SEGMENT_SIZE_OFFSET) & 0xFFFF;
        if (type != TYPE_NONE
                && (segmentSize == 0 || (type != TYPE_TCP_IPV4 && type != TYPE_TCP_IPV6 && type != TYPE_UDP))) {
            return UNUSABLE;
        }
        if ((getByte(header + FLAGS_OFFSET) & FLAG_NEEDS_CHECKSUM) == 0) {
            return segmentSize;
        }
        int start = getShort(header + CHECKSUM_START_OFFSET) & 0xFFFF;
        int offset = getShort(header + CHECKSUM_OFFSET_OFFSET) & 0xFFFF;
        if (start + offset + 2 > length) {
            return UNUSABLE;
        }
        long transport = transport(frame, length);
        if (transport != NO_TRANSPORT
                && (int) transport == start
                && checksumOffset((int) (transport >>> Integer.SIZE)) == offset) {
            return Burst.CHECKSUM_PARTIAL | segmentSize;
        }
        if (segmentSize != 0) {
            return UNUSABLE;
        }
        complete(frame, length, start, offset);
        return 0;
    }

    /**
     * What the header says of a big TCP packet that already has a tunnel header in front, as a kernel sends it that takes
     * its link for one which segments tunnel packets.
     *
     * @return notes with {@link Burst#TUNNELLED}, or {@link #UNUSABLE}
     */
    static int tunnelNotes(long header, long frame, int length) {
        int type = getByte(header + TYPE_OFFSET) & 0xFF & ~TYPE_ECN;
        int segmentSize = getShort(header + SEGMENT_SIZE_OFFSET) & 0xFFFF;
        int start = getShort(header + CHECKSUM_START_OFFSET) & 0xFFFF;
        int offset = getShort(header + CHECKSUM_OFFSET_OFFSET) & 0xFFFF;
        long transport = transport(frame, length);
        boolean usable = (type == TYPE_TCP_IPV4 || type == TYPE_TCP_IPV6)
                && segmentSize != 0
                && (getByte(header + FLAGS_OFFSET) & FLAG_NEEDS_CHECKSUM) != 0
                && offset == TCP_CHECKSUM_OFFSET
                && transport >>> Integer.SIZE == PacketParser.PROTOCOL_UDP
                && (int) transport + UDP_HEADER < start
                && start + offset + 2 <= length;
        return usable ? Burst.TUNNELLED | Burst.CHECKSUM_PARTIAL | segmentSize : UNUSABLE;
    }

    /**
     * Writes the header for a frame.
     *
     * @return false if the notes ask for something that the frame's protocol has not
     */
    static boolean write(long header, long frame, int length, int notes) {
        putLong(header, 0);
        putShort(header + CHECKSUM_OFFSET_OFFSET, (short) 0);
        int segmentSize = Burst.segmentSizeOf(notes);
        boolean partial = (notes & Burst.CHECKSUM_PARTIAL) != 0;
        if (!partial && segmentSize == 0) {
            putByte(header + FLAGS_OFFSET, (byte) ((notes & Burst.CHECKSUM_VERIFIED) != 0 ? FLAG_DATA_VALID : 0));
            return true;
        }
        long transport = transport(frame, length);
        int protocol = (int) (transport >>> Integer.SIZE);
        int start = (int) transport;
        int offset = checksumOffset(protocol);
        if (transport == NO_TRANSPORT || offset < 0 || start + offset + 2 > length) {
            return false;
        }
        if (partial) {
            putByte(header + FLAGS_OFFSET, (byte) FLAG_NEEDS_CHECKSUM);
            putShort(header + CHECKSUM_START_OFFSET, (short) start);
            putShort(header + CHECKSUM_OFFSET_OFFSET, (short) offset);
        }
        if (segmentSize == 0) {
            return true;
        }
        int type = TYPE_UDP;
        int headerLength = start + UDP_HEADER;
        if (protocol == PacketParser.PROTOCOL_TCP) {
            boolean ipv6 = (getByte(frame + ipOffset(frame)) & 0xF0) == 0x60;
            // Only the first segment may say that the congestion window was reduced (RFC 3168 section 6.1.2).
            boolean reduced = (getByte(frame + start + TCP_FLAGS_OFFSET) & TCP_CWR) != 0;
            type = (ipv6 ? TYPE_TCP_IPV6 : TYPE_TCP_IPV4) | (reduced ? TYPE_ECN : 0);
            headerLength = start + (getByte(frame + start + TCP_DATA_OFFSET) >>> 2 & 0x3C);
        }
        putByte(header + TYPE_OFFSET, (byte) type);
        putShort(header + HEADER_LENGTH_OFFSET, (short) headerLength);
        putShort(header + SEGMENT_SIZE_OFFSET, (short) segmentSize);
        return headerLength <= length;
    }

    /** Protocol in the high 32 bits and offset of its header in the low, or {@link #NO_TRANSPORT}. */
    static long transport(long frame, int length) {
        if (length < ETHERNET_HEADER + IPV4_HEADER) {
            return NO_TRANSPORT;
        }
        int ip = ipOffset(frame);
        int etherType = getShortBigEndian(frame + ip - 2);
        if (etherType == PacketParser.ETHERTYPE_IPV4 && ip + IPV4_HEADER <= length) {
            int start = ip + ((getByte(frame + ip) & 0x0F) << 2);
            return (getByte(frame + ip + 9) & 0xFFL) << Integer.SIZE | start;
        }
        if (etherType != PacketParser.ETHERTYPE_IPV6 || ip + IPV6_HEADER > length) {
            return NO_TRANSPORT;
        }
        int next = getByte(frame + ip + 6) & 0xFF;
        int at = ip + IPV6_HEADER;
        while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION_OPTIONS) {
            if (at + 8 > length) {
                return NO_TRANSPORT;
            }
            next = getByte(frame + at) & 0xFF;
            at += ((getByte(frame + at + 1) & 0xFF) + 1) << 3;
        }
        return (long) next << Integer.SIZE | at;
    }

    static int ipOffset(long frame) {
        int etherType = getShortBigEndian(frame + ETHERNET_HEADER - 2);
        boolean tagged = etherType == PacketParser.ETHERTYPE_VLAN || etherType == ETHERTYPE_SERVICE_VLAN;
        return tagged ? ETHERNET_HEADER + VLAN_TAG : ETHERNET_HEADER;
    }

    static int checksumOffset(int protocol) {
        return switch (protocol) {
            case PacketParser.PROTOCOL_TCP -> TCP_CHECKSUM_OFFSET;
            case PacketParser.PROTOCOL_UDP -> UDP_CHECKSUM_OFFSET;
            default -> -1;
        };
    }

    /** Sums from the start to the end of the frame, as a device would (RFC 1071), and stores the complement. */
    static void complete(long frame, int length, int start, int offset) {
        long sum = 0;
        int at = start;
        for (; at + 1 < length; at += 2) {
            sum += getShortBigEndian(frame + at);
        }
        if (at < length) {
            sum += (getByte(frame + at) & 0xFF) << 8;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        int checksum = (int) ~sum & 0xFFFF;
        // Zero would say that there is no checksum (RFC 768); its other form is right for every protocol.
        putShortBigEndian(frame + start + offset, checksum == 0 ? 0xFFFF : checksum);
    }
}
