package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.MutableDirectBuffer;

/**
 * The header that ICMP (RFC 792) and ICMPv6 (RFC 4443 section 2.1) share. What bytes 4 to 7 mean depends on the type; which
 * numbers stand for which type, and what the checksum covers, on the version.
 *
 * <pre>
 *   0      1      2          4                        8
 *  +------+------+----------+------------------------+-----------------------
 *  | type | code | checksum | echo: id, sequence     | echo: data
 *  |      |      |          | too big: MTU           | error: quoted packet
 *  +------+------+----------+------------------------+-----------------------
 * </pre>
 *
 * @param <T> the version, which setters return
 */
public abstract sealed class IcmpFlyweight<T extends IcmpFlyweight<T>> permits Icmpv4Flyweight, Icmpv6Flyweight {
    /** Bytes; the shortest message of those in use. */
    public static final int HEADER_LENGTH = 8;

    private static final int TYPE_OFFSET = 0;
    private static final int CODE_OFFSET = 1;
    private static final int CHECKSUM_OFFSET = 2;
    private static final int REST_OFFSET = 4;
    private static final int IDENTIFIER_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 6;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public final T wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return self();
    }

    abstract T self();

    /** Errors quote a packet, and no error is ever sent about them. */
    public abstract boolean isError();

    public final int type() {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    public final int code() {
        return buffer.getByte(offset + CODE_OFFSET) & 0xFF;
    }

    public final T typeAndCode(int type, int code) {
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        buffer.putByte(offset + CODE_OFFSET, (byte) code);
        return self();
    }

    /** For an echo request that becomes its reply; addresses that change places leave a pseudo header's sum as it is. */
    public final T typeWithChecksumUpdate(int type) {
        final long delta = InternetChecksum.delta16(type() << 8, type << 8);
        buffer.putByte(offset + TYPE_OFFSET, (byte) type);
        return updateChecksum(delta);
    }

    public final int checksum() {
        return unsignedShort(CHECKSUM_OFFSET);
    }

    public final T checksum(int checksum) {
        return unsignedShort(CHECKSUM_OFFSET, checksum);
    }

    /** Adds what changed in what the checksum covers: behind this field, the quoted packet included, or in a pseudo header. */
    public final T updateChecksum(long delta) {
        return checksum(InternetChecksum.update(checksum(), delta));
    }

    /** The sum of {@code length} bytes of message, the checksum as it stands included. */
    final long sum(int length) {
        return InternetChecksum.sum(buffer, offset, length);
    }

    /** Of an echo. */
    public final int identifier() {
        return unsignedShort(IDENTIFIER_OFFSET);
    }

    public final T identifier(int identifier) {
        return unsignedShort(IDENTIFIER_OFFSET, identifier);
    }

    /** The echo's identifier takes the place of a port in NAT (RFC 5508 section 3). */
    public final T identifierWithChecksumUpdate(int identifier) {
        final long delta = InternetChecksum.delta16(identifier(), identifier);
        return identifier(identifier).updateChecksum(delta);
    }

    /** Of an echo. */
    public final int sequence() {
        return unsignedShort(SEQUENCE_OFFSET);
    }

    public final T sequence(int sequence) {
        return unsignedShort(SEQUENCE_OFFSET, sequence);
    }

    /** Bytes 4 to 7, unsigned. */
    final long restOfHeader() {
        return buffer.getInt(offset + REST_OFFSET, BIG_ENDIAN) & 0xFFFF_FFFFL;
    }

    final T restOfHeader(long rest) {
        buffer.putInt(offset + REST_OFFSET, (int) rest, BIG_ENDIAN);
        return self();
    }

    /** Where an echo's data or an error's quoted packet begins. */
    public final int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** {@code echo request id 7 seq 9}, of a request or its reply. */
    final void appendEcho(StringBuilder text, boolean request) {
        text.append(request ? "echo request" : "echo reply");
        text.append(" id ").append(identifier()).append(" seq ").append(sequence());
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }

    private T unsignedShort(int field, int value) {
        buffer.putShort(offset + field, (short) value, BIG_ENDIAN);
        return self();
    }
}
