package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An ICMPv6 header (RFC 4443 section 2.1); {@link NdFlyweight} reads neighbour discovery. Unlike ICMPv4's, the checksum
 * covers a pseudo header.
 *
 * <pre>
 *   0      1      2          4                        8
 *  +------+------+----------+------------------------+-----------------------
 *  | type | code | checksum | echo: id, sequence     | echo: data
 *  |      |      |          | too big: MTU           | error: quoted packet
 *  +------+------+----------+------------------------+-----------------------
 * </pre>
 */
public final class Icmpv6Flyweight {
    /** Bytes; the shortest message of those in use. */
    public static final int HEADER_LENGTH = 8;

    public static final int DESTINATION_UNREACHABLE = 1;
    public static final int PACKET_TOO_BIG = 2;
    public static final int TIME_EXCEEDED = 3;
    public static final int PARAMETER_PROBLEM = 4;
    public static final int ECHO_REQUEST = 128;
    public static final int ECHO_REPLY = 129;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    public static final int NO_ROUTE = 0;

    public static final int PROHIBITED = 1;
    public static final int BEYOND_SCOPE = 2;
    public static final int ADDRESS_UNREACHABLE = 3;
    public static final int PORT_UNREACHABLE = 4;

    private static final int TYPE_OFFSET = 0;
    private static final int CODE_OFFSET = 1;
    private static final int CHECKSUM_OFFSET = 2;
    private static final int IDENTIFIER_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 6;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public Icmpv6Flyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.ICMPV6_TRUNCATED : null;
    }

    /** Error types are below 128; they quote a packet, and no error is ever sent about them (RFC 4443 section 2.4). */
    public static boolean isError(int type) {
        return type < 128;
    }

    public int type() {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    public int code() {
        return buffer.getByte(offset + CODE_OFFSET) & 0xFF;
    }

    public Icmpv6Flyweight typeAndCode(int type, int code) {
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        buffer.putByte(offset + CODE_OFFSET, (byte) code);
        return this;
    }

    /** For an echo request that becomes its reply; the pseudo header stays the same when addresses change places. */
    public Icmpv6Flyweight typeWithChecksumUpdate(int type) {
        final long delta = InternetChecksum.delta16(type() << 8, type << 8);
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        return updateChecksum(delta);
    }

    public boolean isError() {
        return isError(type());
    }

    public boolean isEcho() {
        return type() == ECHO_REQUEST || type() == ECHO_REPLY;
    }

    public int checksum() {
        return unsignedShort(CHECKSUM_OFFSET);
    }

    public Icmpv6Flyweight checksum(int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short) checksum, BIG_ENDIAN);
        return this;
    }

    /** Adds what changed in the pseudo header or behind this field, the quoted packet included. */
    public Icmpv6Flyweight updateChecksum(long delta) {
        return checksum(InternetChecksum.update(checksum(), delta));
    }

    /** What {@link #checksum()} should be for {@code length} bytes of message behind this pseudo header. */
    public int computeChecksum(long pseudoHeader, int length) {
        return InternetChecksum.ofSum(pseudoHeader + InternetChecksum.sum(buffer, offset, length) - checksum());
    }

    public boolean hasValidChecksum(long pseudoHeader, int length) {
        return InternetChecksum.isValid(pseudoHeader + InternetChecksum.sum(buffer, offset, length));
    }

    /** Of an echo. */
    public int identifier() {
        return unsignedShort(IDENTIFIER_OFFSET);
    }

    public Icmpv6Flyweight identifier(int identifier) {
        buffer.putShort(offset + IDENTIFIER_OFFSET, (short) identifier, BIG_ENDIAN);
        return this;
    }

    /** The echo's identifier takes the place of a port in NAT. */
    public Icmpv6Flyweight identifierWithChecksumUpdate(int identifier) {
        final long delta = InternetChecksum.delta16(identifier(), identifier);
        return identifier(identifier).updateChecksum(delta);
    }

    /** Of an echo. */
    public int sequence() {
        return unsignedShort(SEQUENCE_OFFSET);
    }

    public Icmpv6Flyweight sequence(int sequence) {
        buffer.putShort(offset + SEQUENCE_OFFSET, (short) sequence, BIG_ENDIAN);
        return this;
    }

    /** Bytes, of {@link #PACKET_TOO_BIG}; unsigned 32 bits. */
    public long mtu() {
        return buffer.getInt(offset + IDENTIFIER_OFFSET, BIG_ENDIAN) & 0xFFFF_FFFFL;
    }

    /** Writes bytes 4 to 7; 0 is the unused word of other errors. */
    public Icmpv6Flyweight mtu(long bytes) {
        buffer.putInt(offset + IDENTIFIER_OFFSET, (int) bytes, BIG_ENDIAN);
        return this;
    }

    /** Where an echo's data or an error's quoted packet begins. */
    public int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** {@code ICMPv6 echo request id 7 seq 9} or {@code ICMPv6 packet too big mtu 1280}. */
    public void appendTo(StringBuilder text) {
        text.append("ICMPv6 ");
        switch (type()) {
            case ECHO_REPLY, ECHO_REQUEST -> {
                text.append(type() == ECHO_REQUEST ? "echo request" : "echo reply");
                text.append(" id ").append(identifier()).append(" seq ").append(sequence());
            }
            case DESTINATION_UNREACHABLE -> appendUnreachable(text);
            case PACKET_TOO_BIG -> text.append("packet too big mtu ").append(mtu());
            case TIME_EXCEEDED -> text.append(code() == 0 ? "time exceeded in transit" : "reassembly time exceeded");
            case PARAMETER_PROBLEM -> text.append("parameter problem at byte ").append(mtu());
            default -> text.append("type ").append(type()).append(" code ").append(code());
        }
    }

    private void appendUnreachable(StringBuilder text) {
        switch (code()) {
            case NO_ROUTE -> text.append("no route to destination");
            case PROHIBITED -> text.append("administratively prohibited");
            case BEYOND_SCOPE -> text.append("beyond scope of source");
            case ADDRESS_UNREACHABLE -> text.append("address unreachable");
            case PORT_UNREACHABLE -> text.append("port unreachable");
            default -> text.append("unreachable code ").append(code());
        }
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }
}
