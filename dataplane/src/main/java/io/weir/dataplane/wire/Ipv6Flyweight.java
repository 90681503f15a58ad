package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The fixed IPv6 header (RFC 8200 section 3); {@link Ipv6Extensions} walks what follows it. It has no checksum, so a new
 * hop limit needs no update, and a new address only that of the transport.
 *
 * <pre>
 *   0       4            12              16                       31 bits
 *  +-------+-------------+-----------------------------------------+
 *  |version|traffic class|              flow label                 |
 *  +-------+-------------+---------+---------------+---------------+
 *  |        payload length         |  next header  |   hop limit   |
 *  +-------------------------------+---------------+---------------+
 *  |                    source address, 16 bytes                   |
 *  |                  destination address, 16 bytes                |
 *  +---------------------------------------------------------------+
 * </pre>
 */
public final class Ipv6Flyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 40;

    private static final int FIRST_WORD_OFFSET = 0;
    private static final int PAYLOAD_LENGTH_OFFSET = 4;
    private static final int NEXT_HEADER_OFFSET = 6;
    private static final int HOP_LIMIT_OFFSET = 7;
    private static final int SOURCE_OFFSET = 8;
    private static final int DESTINATION_OFFSET = 24;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public Ipv6Flyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** A null answer promises a whole packet; its extension headers are checked by {@link Ipv6Extensions#walk}. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        final WireFault fault = checkHeader(buffer, offset, available);
        if (fault != null) {
            return fault;
        }
        // RFC 2675 jumbograms (payload length 0, hop-by-hop option) can't occur below an MTU of 64 KiB.
        final int payload = buffer.getShort(offset + PAYLOAD_LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF;
        return HEADER_LENGTH + payload > available ? WireFault.IPV6_PACKET_TRUNCATED : null;
    }

    /** The header alone, for a packet that may be cut: one quoted by an ICMP error. */
    public static @Nullable WireFault checkHeader(DirectBuffer buffer, int offset, int available) {
        if (available < HEADER_LENGTH) {
            return WireFault.IPV6_HEADER_TRUNCATED;
        }
        return (buffer.getByte(offset) & 0xF0) != 0x60 ? WireFault.IPV6_BAD_VERSION : null;
    }

    public int version() {
        return firstWord() >>> 28;
    }

    /** Writes version 6, traffic class (DSCP and ECN, 8 bits) and flow label (20 bits): the first four bytes. */
    public Ipv6Flyweight versionAndClass(int trafficClass, int flowLabel) {
        buffer.putInt(
                offset + FIRST_WORD_OFFSET, 6 << 28 | (trafficClass & 0xFF) << 20 | (flowLabel & 0xF_FFFF), BIG_ENDIAN);
        return this;
    }

    public int trafficClass() {
        return firstWord() >>> 20 & 0xFF;
    }

    public Ipv6Flyweight trafficClass(int trafficClass) {
        return versionAndClass(trafficClass, flowLabel());
    }

    public int flowLabel() {
        return firstWord() & 0xF_FFFF;
    }

    /** Bytes behind the fixed header: extension headers count. */
    public int payloadLength() {
        return buffer.getShort(offset + PAYLOAD_LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public Ipv6Flyweight payloadLength(int bytes) {
        buffer.putShort(offset + PAYLOAD_LENGTH_OFFSET, (short) bytes, BIG_ENDIAN);
        return this;
    }

    /** The {@link IpProtocol} of what follows directly, often an extension header. */
    public int nextHeader() {
        return buffer.getByte(offset + NEXT_HEADER_OFFSET) & 0xFF;
    }

    public Ipv6Flyweight nextHeader(int protocol) {
        buffer.putByte(offset + NEXT_HEADER_OFFSET, (byte) protocol);
        return this;
    }

    public int hopLimit() {
        return buffer.getByte(offset + HOP_LIMIT_OFFSET) & 0xFF;
    }

    public Ipv6Flyweight hopLimit(int hopLimit) {
        buffer.putByte(offset + HOP_LIMIT_OFFSET, (byte) hopLimit);
        return this;
    }

    public long sourceHigh() {
        return buffer.getLong(offset + SOURCE_OFFSET, BIG_ENDIAN);
    }

    public long sourceLow() {
        return buffer.getLong(offset + SOURCE_OFFSET + 8, BIG_ENDIAN);
    }

    /** The transport's checksum needs two {@link InternetChecksum#delta64}. */
    public Ipv6Flyweight source(long high, long low) {
        buffer.putLong(offset + SOURCE_OFFSET, high, BIG_ENDIAN);
        buffer.putLong(offset + SOURCE_OFFSET + 8, low, BIG_ENDIAN);
        return this;
    }

    public long destinationHigh() {
        return buffer.getLong(offset + DESTINATION_OFFSET, BIG_ENDIAN);
    }

    public long destinationLow() {
        return buffer.getLong(offset + DESTINATION_OFFSET + 8, BIG_ENDIAN);
    }

    /** The transport's checksum needs two {@link InternetChecksum#delta64}. */
    public Ipv6Flyweight destination(long high, long low) {
        buffer.putLong(offset + DESTINATION_OFFSET, high, BIG_ENDIAN);
        buffer.putLong(offset + DESTINATION_OFFSET + 8, low, BIG_ENDIAN);
        return this;
    }

    /** Where the first extension header or the upper layer begins. */
    public int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** For the checksum of {@code length} bytes of transport header and data in this packet. */
    public long pseudoHeader(int protocol, int length) {
        return InternetChecksum.pseudoHeader(
                sourceHigh(), sourceLow(), destinationHigh(), destinationLow(), protocol, length);
    }

    /** {@code IPv6 fd00::1 > fd00::2 hlim 64 class 0x02 flow 0x12345}, what is zero left out. */
    public void appendTo(StringBuilder text) {
        WireText.ipv6(text.append("IPv6 "), sourceHigh(), sourceLow()).append(" > ");
        WireText.ipv6(text, destinationHigh(), destinationLow())
                .append(" hlim ")
                .append(hopLimit());
        if (trafficClass() != 0) {
            WireText.hex(text.append(" class 0x"), trafficClass(), 2);
        }
        if (flowLabel() != 0) {
            WireText.hex(text.append(" flow 0x"), flowLabel(), 5);
        }
    }

    private int firstWord() {
        return buffer.getInt(offset + FIRST_WORD_OFFSET, BIG_ENDIAN);
    }
}
