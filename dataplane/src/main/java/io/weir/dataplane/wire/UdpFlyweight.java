package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A UDP header (RFC 768).
 *
 * <pre>
 *   0                2                4        6           8
 *  +----------------+----------------+--------+-----------+
 *  | source port    | dest. port     | length | checksum  |
 *  +----------------+----------------+--------+-----------+
 * </pre>
 *
 * <p>A checksum of 0 means that there is none. Over IPv4 that is allowed, and rewriting keeps it; over IPv6 it is an
 * error (RFC 8200 section 8.1) but for some tunnels (RFC 6935), which the caller knows.
 */
public final class UdpFlyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 8;

    private static final int SOURCE_PORT_OFFSET = 0;
    private static final int DESTINATION_PORT_OFFSET = 2;
    private static final int LENGTH_OFFSET = 4;
    private static final int CHECKSUM_OFFSET = 6;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public UdpFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** Null when header and data lie in the {@code available} bytes; more bytes than the UDP length are allowed. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        if (available < HEADER_LENGTH) {
            return WireFault.UDP_HEADER_TRUNCATED;
        }
        final int length = buffer.getShort(offset + LENGTH_OFFSET, BIG_ENDIAN) & 0xFFFF;
        return length < HEADER_LENGTH || length > available ? WireFault.UDP_BAD_LENGTH : null;
    }

    public int sourcePort() {
        return unsignedShort(SOURCE_PORT_OFFSET);
    }

    public UdpFlyweight sourcePort(int port) {
        buffer.putShort(offset + SOURCE_PORT_OFFSET, (short) port, BIG_ENDIAN);
        return this;
    }

    public UdpFlyweight sourcePortWithChecksumUpdate(int port) {
        final long delta = InternetChecksum.delta16(sourcePort(), port);
        return sourcePort(port).updateChecksum(delta);
    }

    public int destinationPort() {
        return unsignedShort(DESTINATION_PORT_OFFSET);
    }

    public UdpFlyweight destinationPort(int port) {
        buffer.putShort(offset + DESTINATION_PORT_OFFSET, (short) port, BIG_ENDIAN);
        return this;
    }

    public UdpFlyweight destinationPortWithChecksumUpdate(int port) {
        final long delta = InternetChecksum.delta16(destinationPort(), port);
        return destinationPort(port).updateChecksum(delta);
    }

    /** Bytes of header and data. */
    public int length() {
        return unsignedShort(LENGTH_OFFSET);
    }

    public UdpFlyweight length(int bytes) {
        buffer.putShort(offset + LENGTH_OFFSET, (short) bytes, BIG_ENDIAN);
        return this;
    }

    public int checksum() {
        return unsignedShort(CHECKSUM_OFFSET);
    }

    public UdpFlyweight checksum(int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short) checksum, BIG_ENDIAN);
        return this;
    }

    public boolean hasChecksum() {
        return checksum() != 0;
    }

    /** Adds what changed in the pseudo header or the data; no checksum stays none. */
    public UdpFlyweight updateChecksum(long delta) {
        return checksum(InternetChecksum.updateUdp(checksum(), delta));
    }

    /** What {@link #checksum()} should be for {@link #length()} bytes behind this pseudo header; never 0. */
    public int computeChecksum(long pseudoHeader) {
        final long sum = InternetChecksum.sum(buffer, offset, length()) - checksum();
        return InternetChecksum.ofUdpSum(pseudoHeader + sum);
    }

    /** Right for {@link #length()} bytes, or absent. */
    public boolean hasValidChecksum(long pseudoHeader) {
        return !hasChecksum()
                || InternetChecksum.isValid(pseudoHeader + InternetChecksum.sum(buffer, offset, length()));
    }

    public int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** Bytes of data. */
    public int payloadLength() {
        return length() - HEADER_LENGTH;
    }

    /** {@code UDP 53 > 4000 length 10}: the data's length. */
    public void appendTo(StringBuilder text) {
        text.append("UDP ").append(sourcePort()).append(" > ").append(destinationPort());
        text.append(" length ").append(payloadLength());
        if (!hasChecksum()) {
            text.append(" no checksum");
        }
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }
}
