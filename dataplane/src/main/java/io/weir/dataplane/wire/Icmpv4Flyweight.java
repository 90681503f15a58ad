package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An ICMP header (RFC 792). What bytes 4 to 7 mean depends on the type.
 *
 * <pre>
 *   0      1      2          4                        8
 *  +------+------+----------+------------------------+-----------------------
 *  | type | code | checksum | echo: id, sequence     | echo: data
 *  |      |      |          | too big: 0, next MTU   | error: quoted packet
 *  +------+------+----------+------------------------+-----------------------
 * </pre>
 */
public final class Icmpv4Flyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 8;

    public static final int ECHO_REPLY = 0;
    public static final int DESTINATION_UNREACHABLE = 3;
    public static final int REDIRECT = 5;
    public static final int ECHO_REQUEST = 8;
    public static final int TIME_EXCEEDED = 11;
    public static final int PARAMETER_PROBLEM = 12;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    public static final int NETWORK_UNREACHABLE = 0;

    public static final int HOST_UNREACHABLE = 1;
    public static final int PROTOCOL_UNREACHABLE = 2;
    public static final int PORT_UNREACHABLE = 3;

    /** RFC 1191: {@link #nextHopMtu()} says to what size. */
    public static final int FRAGMENTATION_NEEDED = 4;

    /** RFC 1812 section 5.2.7.1: communication administratively prohibited. */
    public static final int PROHIBITED = 13;

    private static final int SOURCE_QUENCH = 4;
    private static final int TYPE_OFFSET = 0;
    private static final int CODE_OFFSET = 1;
    private static final int CHECKSUM_OFFSET = 2;
    private static final int IDENTIFIER_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 6;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public Icmpv4Flyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.ICMPV4_TRUNCATED : null;
    }

    /** Errors quote a packet, and no error is ever sent about them (RFC 1122 section 3.2.2). */
    public static boolean isError(int type) {
        return switch (type) {
            case DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM -> true;
            default -> false;
        };
    }

    public int type() {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    public int code() {
        return buffer.getByte(offset + CODE_OFFSET) & 0xFF;
    }

    public Icmpv4Flyweight typeAndCode(int type, int code) {
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        buffer.putByte(offset + CODE_OFFSET, (byte) code);
        return this;
    }

    /** For an echo request that becomes its reply. */
    public Icmpv4Flyweight typeWithChecksumUpdate(int type) {
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

    public Icmpv4Flyweight checksum(int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short) checksum, BIG_ENDIAN);
        return this;
    }

    /** Adds what changed behind this field, the quoted packet included. */
    public Icmpv4Flyweight updateChecksum(long delta) {
        return checksum(InternetChecksum.update(checksum(), delta));
    }

    /** What {@link #checksum()} should be for {@code length} bytes of message; ICMPv4 has no pseudo header. */
    public int computeChecksum(int length) {
        return InternetChecksum.ofSum(InternetChecksum.sum(buffer, offset, length) - checksum());
    }

    public boolean hasValidChecksum(int length) {
        return InternetChecksum.isValid(InternetChecksum.sum(buffer, offset, length));
    }

    /** Of an echo. */
    public int identifier() {
        return unsignedShort(IDENTIFIER_OFFSET);
    }

    public Icmpv4Flyweight identifier(int identifier) {
        buffer.putShort(offset + IDENTIFIER_OFFSET, (short) identifier, BIG_ENDIAN);
        return this;
    }

    /** The echo's identifier takes the place of a port in NAT (RFC 5508 section 3). */
    public Icmpv4Flyweight identifierWithChecksumUpdate(int identifier) {
        final long delta = InternetChecksum.delta16(identifier(), identifier);
        return identifier(identifier).updateChecksum(delta);
    }

    /** Of an echo. */
    public int sequence() {
        return unsignedShort(SEQUENCE_OFFSET);
    }

    public Icmpv4Flyweight sequence(int sequence) {
        buffer.putShort(offset + SEQUENCE_OFFSET, (short) sequence, BIG_ENDIAN);
        return this;
    }

    /** Bytes, of {@link #FRAGMENTATION_NEEDED}; 0 from routers older than RFC 1191. */
    public int nextHopMtu() {
        return unsignedShort(SEQUENCE_OFFSET);
    }

    /** Writes bytes 4 to 7: zero and the MTU; with 0 the unused word of other errors. */
    public Icmpv4Flyweight nextHopMtu(int bytes) {
        buffer.putInt(offset + IDENTIFIER_OFFSET, bytes & 0xFFFF, BIG_ENDIAN);
        return this;
    }

    /** Where an echo's data or an error's quoted packet begins. */
    public int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** {@code ICMP echo request id 7 seq 9} or {@code ICMP fragmentation needed mtu 1450}. */
    public void appendTo(StringBuilder text) {
        text.append("ICMP ");
        switch (type()) {
            case ECHO_REPLY, ECHO_REQUEST -> {
                text.append(type() == ECHO_REQUEST ? "echo request" : "echo reply");
                text.append(" id ").append(identifier()).append(" seq ").append(sequence());
            }
            case DESTINATION_UNREACHABLE -> appendUnreachable(text);
            case REDIRECT -> WireText.ipv4(text.append("redirect to "), buffer.getInt(offset + 4, BIG_ENDIAN));
            case TIME_EXCEEDED -> text.append(code() == 0 ? "time exceeded in transit" : "reassembly time exceeded");
            case PARAMETER_PROBLEM ->
                text.append("parameter problem at byte ").append(buffer.getByte(offset + 4) & 0xFF);
            default -> text.append("type ").append(type()).append(" code ").append(code());
        }
    }

    private void appendUnreachable(StringBuilder text) {
        switch (code()) {
            case NETWORK_UNREACHABLE -> text.append("network unreachable");
            case HOST_UNREACHABLE -> text.append("host unreachable");
            case PROTOCOL_UNREACHABLE -> text.append("protocol unreachable");
            case PORT_UNREACHABLE -> text.append("port unreachable");
            case FRAGMENTATION_NEEDED ->
                text.append("fragmentation needed mtu ").append(nextHopMtu());
            case PROHIBITED -> text.append("administratively prohibited");
            default -> text.append("unreachable code ").append(code());
        }
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }
}
