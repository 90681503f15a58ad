package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The SCTP common header (RFC 9260 section 3.1); {@link SctpChunks} walks what follows.
 *
 * <pre>
 *   0                2                4                  8            12
 *  +----------------+----------------+------------------+------------+---
 *  | source port    | dest. port     | verification tag | checksum   | chunks
 *  +----------------+----------------+------------------+------------+---
 * </pre>
 *
 * <p>The checksum is a CRC32c of the SCTP packet alone: no pseudo header, so a new IP address leaves it as it is, but a
 * new port does not.
 */
public final class SctpFlyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 12;

    private static final int SOURCE_PORT_OFFSET = 0;
    private static final int DESTINATION_PORT_OFFSET = 2;
    private static final int VERIFICATION_TAG_OFFSET = 4;
    private static final int CHECKSUM_OFFSET = 8;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public SctpFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** The header only; chunks are checked as they are walked, or by {@link #checkChunks}. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.SCTP_HEADER_TRUNCATED : null;
    }

    /** Header and all chunks. */
    public static @Nullable WireFault checkChunks(DirectBuffer buffer, int offset, int available) {
        if (available < HEADER_LENGTH) {
            return WireFault.SCTP_HEADER_TRUNCATED;
        }
        final int end = offset + available;
        int at = offset + HEADER_LENGTH;
        while (at < end) {
            final int length =
                    end - at < SctpChunks.CHUNK_HEADER_LENGTH ? 0 : buffer.getShort(at + 2, BIG_ENDIAN) & 0xFFFF;
            if (length < SctpChunks.CHUNK_HEADER_LENGTH || length > end - at) {
                return WireFault.SCTP_CHUNK_MALFORMED;
            }
            at += (length + 3) & ~3;
        }
        return null;
    }

    public int sourcePort() {
        return buffer.getShort(offset + SOURCE_PORT_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public SctpFlyweight sourcePort(int port) {
        buffer.putShort(offset + SOURCE_PORT_OFFSET, (short) port, BIG_ENDIAN);
        return this;
    }

    /** {@code length}: bytes of header and chunks, all of which the CRC covers. */
    public SctpFlyweight sourcePortWithChecksumUpdate(int port, int length) {
        final int difference = (sourcePort() ^ port) << 16;
        return sourcePort(port).updateChecksum(difference, length);
    }

    public int destinationPort() {
        return buffer.getShort(offset + DESTINATION_PORT_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public SctpFlyweight destinationPort(int port) {
        buffer.putShort(offset + DESTINATION_PORT_OFFSET, (short) port, BIG_ENDIAN);
        return this;
    }

    /** {@code length}: bytes of header and chunks, all of which the CRC covers. */
    public SctpFlyweight destinationPortWithChecksumUpdate(int port, int length) {
        final int difference = (destinationPort() ^ port) & 0xFFFF;
        return destinationPort(port).updateChecksum(difference, length);
    }

    /** Unsigned 32 bits in an int. */
    public int verificationTag() {
        return buffer.getInt(offset + VERIFICATION_TAG_OFFSET, BIG_ENDIAN);
    }

    public SctpFlyweight verificationTag(int tag) {
        buffer.putInt(offset + VERIFICATION_TAG_OFFSET, tag, BIG_ENDIAN);
        return this;
    }

    /** The field as it stands: a CRC32c with its bytes swapped. */
    public int checksum() {
        return buffer.getInt(offset + CHECKSUM_OFFSET, BIG_ENDIAN);
    }

    public SctpFlyweight checksum(int checksum) {
        buffer.putInt(offset + CHECKSUM_OFFSET, checksum, BIG_ENDIAN);
        return this;
    }

    /** What {@link #checksum()} should be for {@code length} bytes of header and chunks. */
    public int computeChecksum(int length) {
        return Crc32c.toSctpField(Crc32c.computeSctp(buffer, offset, length));
    }

    public boolean hasValidChecksum(int length) {
        return checksum() == computeChecksum(length);
    }

    /** Where the first chunk begins. */
    public int chunksOffset() {
        return offset + HEADER_LENGTH;
    }

    /** {@code SCTP 5000 > 6000 tag 0x00000007}. */
    public void appendTo(StringBuilder text) {
        text.append("SCTP ").append(sourcePort()).append(" > ").append(destinationPort());
        WireText.hex(text.append(" tag 0x"), verificationTag(), 8);
    }

    /** By the CRC's linearity rather than over all bytes: costs little, and a wrong checksum stays wrong. */
    private SctpFlyweight updateChecksum(int portsDifference, int length) {
        final int crc = Crc32c.toSctpField(checksum());
        return checksum(Crc32c.toSctpField(Crc32c.update(crc, portsDifference, length - 4)));
    }
}
