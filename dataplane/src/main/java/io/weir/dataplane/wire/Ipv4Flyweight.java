package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An IPv4 header (RFC 791) with its options.
 *
 * <pre>
 *   0       4       8              16      19                     31 bits
 *  +-------+-------+---------------+-----------------------------+
 *  |version|  IHL  | traffic class |        total length         |
 *  +-------+-------+---------------+-------+---------------------+
 *  |        identification         |0 DF MF|   fragment offset   |
 *  +---------------+---------------+-------+---------------------+
 *  | time to live  |   protocol    |       header checksum       |
 *  +---------------+---------------+-----------------------------+
 *  |                       source address                        |
 *  +-------------------------------------------------------------+
 *  |                     destination address                     |
 *  +-------------------------------------------------------------+
 *  |                 options, up to 40 bytes                     |
 * </pre>
 */
public final class Ipv4Flyweight {
    /** Bytes without options. */
    public static final int MIN_HEADER_LENGTH = 20;

    /** Bytes with all options that fit. */
    public static final int MAX_HEADER_LENGTH = 60;

    /** Bytes of the longest packet. */
    public static final int MAX_TOTAL_LENGTH = 65535;

    /** RFC 791 options that ask for a way through the network. */
    public static final int LOOSE_SOURCE_ROUTE = 131;

    public static final int STRICT_SOURCE_ROUTE = 137;

    private static final int VERSION_AND_LENGTH_OFFSET = 0;
    private static final int TRAFFIC_CLASS_OFFSET = 1;
    private static final int TOTAL_LENGTH_OFFSET = 2;
    private static final int IDENTIFICATION_OFFSET = 4;
    private static final int FRAGMENT_OFFSET = 6;
    private static final int TTL_OFFSET = 8;
    private static final int PROTOCOL_OFFSET = 9;
    private static final int CHECKSUM_OFFSET = 10;
    private static final int SOURCE_OFFSET = 12;
    private static final int DESTINATION_OFFSET = 16;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public Ipv4Flyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** The form of header and lengths: a null answer promises a whole packet. The checksum is a question of its own. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        final WireFault fault = checkHeader(buffer, offset, available);
        if (fault != null) {
            return fault;
        }
        final int total = buffer.getShort(offset + TOTAL_LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF;
        final int header = (buffer.getByte(offset) & 0xF) << 2;
        final int fragment = (buffer.getShort(offset + FRAGMENT_OFFSET, BIG_ENDIAN) & 0x1FFF) << 3;
        if (total < header) {
            return WireFault.IPV4_BAD_TOTAL_LENGTH;
        }
        if (total > available) {
            return WireFault.IPV4_PACKET_TRUNCATED;
        }
        return fragment + total - header > MAX_TOTAL_LENGTH ? WireFault.IPV4_FRAGMENT_BEYOND_LIMIT : null;
    }

    /** The header alone, for a packet that may be cut: one quoted by an ICMP error. */
    public static @Nullable WireFault checkHeader(DirectBuffer buffer, int offset, int available) {
        if (available < MIN_HEADER_LENGTH) {
            return WireFault.IPV4_HEADER_TRUNCATED;
        }
        final int versionAndLength = buffer.getByte(offset) & 0xFF;
        if (versionAndLength >>> 4 != 4) {
            return WireFault.IPV4_BAD_VERSION;
        }
        final int header = (versionAndLength & 0xF) << 2;
        if (header < MIN_HEADER_LENGTH) {
            return WireFault.IPV4_BAD_HEADER_LENGTH;
        }
        return header > available ? WireFault.IPV4_HEADER_TRUNCATED : null;
    }

    public int version() {
        return (buffer.getByte(offset + VERSION_AND_LENGTH_OFFSET) & 0xFF) >>> 4;
    }

    /** Bytes, options included. */
    public int headerLength() {
        return (buffer.getByte(offset + VERSION_AND_LENGTH_OFFSET) & 0xF) << 2;
    }

    /** Writes version 4 and the length; {@code bytes} is a multiple of 4. */
    public Ipv4Flyweight headerLength(int bytes) {
        buffer.putByte(offset + VERSION_AND_LENGTH_OFFSET, (byte) (0x40 | bytes >>> 2));
        return this;
    }

    /** DSCP and ECN, 8 bits. */
    public int trafficClass() {
        return buffer.getByte(offset + TRAFFIC_CLASS_OFFSET) & 0xFF;
    }

    public Ipv4Flyweight trafficClass(int trafficClass) {
        buffer.putByte(offset + TRAFFIC_CLASS_OFFSET, (byte) trafficClass);
        return this;
    }

    /** Bytes of header and payload. */
    public int totalLength() {
        return unsignedShort(TOTAL_LENGTH_OFFSET);
    }

    public Ipv4Flyweight totalLength(int bytes) {
        buffer.putShort(offset + TOTAL_LENGTH_OFFSET, (short) bytes, BIG_ENDIAN);
        return this;
    }

    /** Bytes behind the header. */
    public int payloadLength() {
        return totalLength() - headerLength();
    }

    public int identification() {
        return unsignedShort(IDENTIFICATION_OFFSET);
    }

    public Ipv4Flyweight identification(int identification) {
        buffer.putShort(offset + IDENTIFICATION_OFFSET, (short) identification, BIG_ENDIAN);
        return this;
    }

    public boolean isDontFragment() {
        return (unsignedShort(FRAGMENT_OFFSET) & DONT_FRAGMENT) != 0;
    }

    public boolean isMoreFragments() {
        return (unsignedShort(FRAGMENT_OFFSET) & MORE_FRAGMENTS) != 0;
    }

    /** Bytes of the datagram before this fragment, a multiple of 8. */
    public int fragmentOffset() {
        return (unsignedShort(FRAGMENT_OFFSET) & 0x1FFF) << 3;
    }

    /** A piece of a datagram, the first included. */
    public boolean isFragment() {
        return (unsignedShort(FRAGMENT_OFFSET) & 0x3FFF) != 0;
    }

    /** Writes the whole word of flags and offset; {@code bytes} is a multiple of 8. */
    public Ipv4Flyweight fragment(boolean dontFragment, boolean moreFragments, int bytes) {
        final int flags = (dontFragment ? DONT_FRAGMENT : 0) | (moreFragments ? MORE_FRAGMENTS : 0);
        buffer.putShort(offset + FRAGMENT_OFFSET, (short) (flags | bytes >>> 3), BIG_ENDIAN);
        return this;
    }

    public int ttl() {
        return buffer.getByte(offset + TTL_OFFSET) & 0xFF;
    }

    public Ipv4Flyweight ttl(int ttl) {
        buffer.putByte(offset + TTL_OFFSET, (byte) ttl);
        return this;
    }

    public Ipv4Flyweight ttlWithChecksumUpdate(int ttl) {
        final long delta = InternetChecksum.delta16(ttl() << 8, ttl << 8);
        return ttl(ttl).updateChecksum(delta);
    }

    /** An {@link IpProtocol}. */
    public int protocol() {
        return buffer.getByte(offset + PROTOCOL_OFFSET) & 0xFF;
    }

    public Ipv4Flyweight protocol(int protocol) {
        buffer.putByte(offset + PROTOCOL_OFFSET, (byte) protocol);
        return this;
    }

    public int checksum() {
        return unsignedShort(CHECKSUM_OFFSET);
    }

    public Ipv4Flyweight checksum(int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short) checksum, BIG_ENDIAN);
        return this;
    }

    /** What {@link #checksum()} should be. */
    public int computeChecksum() {
        return InternetChecksum.ofSum(InternetChecksum.sum(buffer, offset, headerLength()) - checksum());
    }

    public boolean hasValidChecksum() {
        return InternetChecksum.isValid(InternetChecksum.sum(buffer, offset, headerLength()));
    }

    /** Adds what changed elsewhere in this header. */
    public Ipv4Flyweight updateChecksum(long delta) {
        return checksum(InternetChecksum.update(checksum(), delta));
    }

    public int source() {
        return buffer.getInt(offset + SOURCE_OFFSET, BIG_ENDIAN);
    }

    public Ipv4Flyweight source(int address) {
        buffer.putInt(offset + SOURCE_OFFSET, address, BIG_ENDIAN);
        return this;
    }

    /** Keeps this header's checksum; the transport's needs the same {@link InternetChecksum#delta32}. */
    public Ipv4Flyweight sourceWithChecksumUpdate(int address) {
        final long delta = InternetChecksum.delta32(source(), address);
        return source(address).updateChecksum(delta);
    }

    public int destination() {
        return buffer.getInt(offset + DESTINATION_OFFSET, BIG_ENDIAN);
    }

    public Ipv4Flyweight destination(int address) {
        buffer.putInt(offset + DESTINATION_OFFSET, address, BIG_ENDIAN);
        return this;
    }

    /** Keeps this header's checksum; the transport's needs the same {@link InternetChecksum#delta32}. */
    public Ipv4Flyweight destinationWithChecksumUpdate(int address) {
        final long delta = InternetChecksum.delta32(destination(), address);
        return destination(address).updateChecksum(delta);
    }

    /** Where options begin; they end at {@link #payloadOffset()}. */
    public int optionsOffset() {
        return offset + MIN_HEADER_LENGTH;
    }

    public int payloadOffset() {
        return offset + headerLength();
    }

    /** The sender asks for a way of its own through the network. */
    public boolean isSourceRouted() {
        return headerLength() > MIN_HEADER_LENGTH
                && (findOption(LOOSE_SOURCE_ROUTE) >= 0 || findOption(STRICT_SOURCE_ROUTE) >= 0);
    }

    private int findOption(int kind) {
        return HeaderOptions.find(buffer, optionsOffset(), payloadOffset(), kind, 2);
    }

    /** For the checksum of {@code length} bytes of transport header and data in this packet. */
    public long pseudoHeader(int protocol, int length) {
        return InternetChecksum.pseudoHeader(source(), destination(), protocol, length);
    }

    /** {@code IPv4 10.0.0.1 > 10.0.0.2 ttl 64 id 7 [DF]}, what is zero left out. */
    public void appendTo(StringBuilder text) {
        WireText.ipv4(text.append("IPv4 "), source()).append(" > ");
        WireText.ipv4(text, destination()).append(" ttl ").append(ttl());
        if (trafficClass() != 0) {
            WireText.hex(text.append(" tos 0x"), trafficClass(), 2);
        }
        if (identification() != 0) {
            text.append(" id ").append(identification());
        }
        if (isDontFragment()) {
            text.append(" [DF]");
        }
        if (isFragment()) {
            text.append(" frag ").append(fragmentOffset()).append(isMoreFragments() ? "+" : "");
        }
        if (headerLength() > MIN_HEADER_LENGTH) {
            appendOptions(text);
        }
    }

    private void appendOptions(StringBuilder text) {
        final HeaderOptions options = new HeaderOptions().wrap(buffer, optionsOffset(), payloadOffset());
        text.append(" options [");
        String separator = "";
        while (options.next()) {
            text.append(separator);
            separator = ",";
            switch (options.kind()) {
                case HeaderOptions.NO_OPERATION -> text.append("nop");
                case 7 -> text.append("record-route");
                case 68 -> text.append("timestamp");
                case LOOSE_SOURCE_ROUTE -> text.append("loose-source-route");
                case STRICT_SOURCE_ROUTE -> text.append("strict-source-route");
                case 148 -> text.append("router-alert");
                default -> text.append("option-").append(options.kind());
            }
        }
        text.append(options.isMalformed() ? separator + "malformed]" : "]");
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }
}
