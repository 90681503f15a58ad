package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A TCP header (RFC 9293 section 3.1) with its options.
 *
 * <pre>
 *   0                               16                            31 bits
 *  +-------------------------------+-------------------------------+
 *  |          source port          |       destination port        |
 *  +-------------------------------+-------------------------------+
 *  |                        sequence number                        |
 *  +---------------------------------------------------------------+
 *  |                     acknowledgment number                     |
 *  +-------+-------+---------------+-------------------------------+
 *  |d.offs.|   0   |C E U A P R S F|            window             |
 *  +-------+-------+---------------+-------------------------------+
 *  |           checksum            |        urgent pointer         |
 *  +-------------------------------+-------------------------------+
 *  |                   options, up to 40 bytes                     |
 * </pre>
 */
public final class TcpFlyweight {
    /** Bytes without options. */
    public static final int MIN_HEADER_LENGTH = 20;

    public static final int FIN = 0x01;
    public static final int SYN = 0x02;
    public static final int RST = 0x04;
    public static final int PSH = 0x08;
    public static final int ACK = 0x10;
    public static final int URG = 0x20;
    public static final int ECE = 0x40;
    public static final int CWR = 0x80;

    /** What the option accessors return when the option is not there. */
    public static final int MISSING = HeaderOptions.MISSING;

    /** RFC 9293 section 3.7.1: maximum segment size. */
    public static final int OPTION_MAXIMUM_SEGMENT_SIZE = 2;

    /** RFC 7323 section 2. */
    public static final int OPTION_WINDOW_SCALE = 3;

    /** RFC 2018. */
    public static final int OPTION_SACK_PERMITTED = 4;

    public static final int OPTION_SACK = 5;

    /** RFC 7323 section 3. */
    public static final int OPTION_TIMESTAMPS = 8;

    private static final int SOURCE_PORT_OFFSET = 0;
    private static final int DESTINATION_PORT_OFFSET = 2;
    private static final int SEQUENCE_OFFSET = 4;
    private static final int ACKNOWLEDGMENT_OFFSET = 8;
    private static final int DATA_OFFSET_OFFSET = 12;
    private static final int FLAGS_OFFSET = 13;
    private static final int WINDOW_OFFSET = 14;
    private static final int CHECKSUM_OFFSET = 16;
    private static final int URGENT_OFFSET = 18;

    private static final String FLAG_LETTERS = "FSRP.UEW";

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public TcpFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** Null when the header with its options lies in the {@code available} bytes. Options may still be malformed. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        if (available < MIN_HEADER_LENGTH) {
            return WireFault.TCP_HEADER_TRUNCATED;
        }
        final int header = (buffer.getByte(offset + DATA_OFFSET_OFFSET) & 0xF0) >>> 2;
        if (header < MIN_HEADER_LENGTH) {
            return WireFault.TCP_BAD_DATA_OFFSET;
        }
        return header > available ? WireFault.TCP_HEADER_TRUNCATED : null;
    }

    public int sourcePort() {
        return unsignedShort(SOURCE_PORT_OFFSET);
    }

    public TcpFlyweight sourcePort(int port) {
        return putShort(SOURCE_PORT_OFFSET, port);
    }

    public TcpFlyweight sourcePortWithChecksumUpdate(int port) {
        final long delta = InternetChecksum.delta16(sourcePort(), port);
        return sourcePort(port).updateChecksum(delta);
    }

    public int destinationPort() {
        return unsignedShort(DESTINATION_PORT_OFFSET);
    }

    public TcpFlyweight destinationPort(int port) {
        return putShort(DESTINATION_PORT_OFFSET, port);
    }

    public TcpFlyweight destinationPortWithChecksumUpdate(int port) {
        final long delta = InternetChecksum.delta16(destinationPort(), port);
        return destinationPort(port).updateChecksum(delta);
    }

    /** Unsigned 32 bits in an int. */
    public int sequence() {
        return buffer.getInt(offset + SEQUENCE_OFFSET, BIG_ENDIAN);
    }

    public TcpFlyweight sequence(int sequence) {
        buffer.putInt(offset + SEQUENCE_OFFSET, sequence, BIG_ENDIAN);
        return this;
    }

    /** Unsigned 32 bits in an int; of meaning when {@link #isAck()}. */
    public int acknowledgment() {
        return buffer.getInt(offset + ACKNOWLEDGMENT_OFFSET, BIG_ENDIAN);
    }

    public TcpFlyweight acknowledgment(int acknowledgment) {
        buffer.putInt(offset + ACKNOWLEDGMENT_OFFSET, acknowledgment, BIG_ENDIAN);
        return this;
    }

    /** Bytes, options included. */
    public int headerLength() {
        return (buffer.getByte(offset + DATA_OFFSET_OFFSET) & 0xF0) >>> 2;
    }

    /** A multiple of 4; clears the reserved bits beside it. */
    public TcpFlyweight headerLength(int bytes) {
        buffer.putByte(offset + DATA_OFFSET_OFFSET, (byte) (bytes << 2));
        return this;
    }

    /** The byte of CWR, ECE, URG, ACK, PSH, RST, SYN, FIN. */
    public int flags() {
        return buffer.getByte(offset + FLAGS_OFFSET) & 0xFF;
    }

    public TcpFlyweight flags(int flags) {
        buffer.putByte(offset + FLAGS_OFFSET, (byte) flags);
        return this;
    }

    public boolean isFin() {
        return (flags() & FIN) != 0;
    }

    public boolean isSyn() {
        return (flags() & SYN) != 0;
    }

    public boolean isRst() {
        return (flags() & RST) != 0;
    }

    public boolean isAck() {
        return (flags() & ACK) != 0;
    }

    /** Unscaled. */
    public int window() {
        return unsignedShort(WINDOW_OFFSET);
    }

    public TcpFlyweight window(int window) {
        return putShort(WINDOW_OFFSET, window);
    }

    public int checksum() {
        return unsignedShort(CHECKSUM_OFFSET);
    }

    public TcpFlyweight checksum(int checksum) {
        return putShort(CHECKSUM_OFFSET, checksum);
    }

    /** Adds what changed in the pseudo header or the data. */
    public TcpFlyweight updateChecksum(long delta) {
        return checksum(InternetChecksum.update(checksum(), delta));
    }

    /** What {@link #checksum()} should be for {@code length} bytes of header and data behind this pseudo header. */
    public int computeChecksum(long pseudoHeader, int length) {
        return InternetChecksum.ofSum(pseudoHeader + InternetChecksum.sum(buffer, offset, length) - checksum());
    }

    public boolean hasValidChecksum(long pseudoHeader, int length) {
        return InternetChecksum.isValid(pseudoHeader + InternetChecksum.sum(buffer, offset, length));
    }

    public int urgentPointer() {
        return unsignedShort(URGENT_OFFSET);
    }

    public TcpFlyweight urgentPointer(int pointer) {
        return putShort(URGENT_OFFSET, pointer);
    }

    /** Where options begin; they end at {@link #payloadOffset()}. */
    public int optionsOffset() {
        return offset + MIN_HEADER_LENGTH;
    }

    public int payloadOffset() {
        return offset + headerLength();
    }

    /** The maximum segment size option, in bytes, or {@link #MISSING}. */
    public int maximumSegmentSize() {
        final int at = findOption(OPTION_MAXIMUM_SEGMENT_SIZE, 4);
        return at == MISSING ? MISSING : buffer.getShort(at + 2, BIG_ENDIAN) & 0xFFFF;
    }

    /** Writes the option where there is one; its value may stand at an odd offset, which swaps its bytes in the sum. */
    public TcpFlyweight maximumSegmentSizeWithChecksumUpdate(int bytes) {
        final int at = findOption(OPTION_MAXIMUM_SEGMENT_SIZE, 4);
        if (at == MISSING) {
            return this;
        }
        final short before = buffer.getShort(at + 2, BIG_ENDIAN);
        buffer.putShort(at + 2, (short) bytes, BIG_ENDIAN);
        final boolean odd = (at - offset & 1) != 0;
        return updateChecksum(
                odd
                        ? InternetChecksum.delta16(Short.reverseBytes(before), Short.reverseBytes((short) bytes))
                        : InternetChecksum.delta16(before, bytes));
    }

    /** The window scale option, 0 to 255 as it stands (RFC 7323 allows 14), or {@link #MISSING}. */
    public int windowScale() {
        final int at = findOption(OPTION_WINDOW_SCALE, 3);
        return at == MISSING ? MISSING : buffer.getByte(at + 2) & 0xFF;
    }

    public boolean isSackPermitted() {
        return findOption(OPTION_SACK_PERMITTED, 2) != MISSING;
    }

    public boolean hasTimestamps() {
        return findOption(OPTION_TIMESTAMPS, 10) != MISSING;
    }

    /** The sender's timestamp, unsigned; 0 when {@link #hasTimestamps()} is false. */
    public int timestampValue() {
        final int at = findOption(OPTION_TIMESTAMPS, 10);
        return at == MISSING ? 0 : buffer.getInt(at + 2, BIG_ENDIAN);
    }

    /** The timestamp that is echoed, unsigned; 0 when {@link #hasTimestamps()} is false. */
    public int timestampEcho() {
        final int at = findOption(OPTION_TIMESTAMPS, 10);
        return at == MISSING ? 0 : buffer.getInt(at + 6, BIG_ENDIAN);
    }

    /** {@code TCP 40000 > 80 [S.] seq 1 ack 2 win 65535 options [mss 1460,nop,wscale 7]}. */
    public void appendTo(StringBuilder text) {
        text.append("TCP ").append(sourcePort()).append(" > ").append(destinationPort());
        appendFlags(text.append(" ["), flags());
        WireText.unsigned(text.append("] seq "), sequence());
        if (isAck()) {
            WireText.unsigned(text.append(" ack "), acknowledgment());
        }
        text.append(" win ").append(window());
        if ((flags() & URG) != 0) {
            text.append(" urg ").append(urgentPointer());
        }
        if (headerLength() > MIN_HEADER_LENGTH) {
            appendOptions(text);
        }
    }

    /** The letters that tcpdump uses: {@code S.} is SYN with ACK; {@code none} when no flag is set. */
    public static void appendFlags(StringBuilder text, int flags) {
        if ((flags & 0xFF) == 0) {
            text.append("none");
        }
        for (int bit = 0; bit < 8; bit++) {
            if ((flags & 1 << bit) != 0) {
                text.append(FLAG_LETTERS.charAt(bit));
            }
        }
    }

    private void appendOptions(StringBuilder text) {
        final HeaderOptions options = new HeaderOptions().wrap(buffer, optionsOffset(), payloadOffset());
        text.append(" options [");
        String separator = "";
        while (options.next()) {
            text.append(separator);
            separator = ",";
            appendOption(text, options.kind(), options.offset(), options.length());
        }
        text.append(options.isMalformed() ? separator + "malformed]" : "]");
    }

    private void appendOption(StringBuilder text, int kind, int at, int length) {
        if (kind == HeaderOptions.NO_OPERATION) {
            text.append("nop");
        } else if (kind == OPTION_MAXIMUM_SEGMENT_SIZE && length == 4) {
            text.append("mss ").append(buffer.getShort(at + 2, BIG_ENDIAN) & 0xFFFF);
        } else if (kind == OPTION_WINDOW_SCALE && length == 3) {
            text.append("wscale ").append(buffer.getByte(at + 2) & 0xFF);
        } else if (kind == OPTION_SACK_PERMITTED && length == 2) {
            text.append("sackOK");
        } else if (kind == OPTION_SACK && length % 8 == 2) {
            text.append("sack ").append(length / 8);
        } else if (kind == OPTION_TIMESTAMPS && length == 10) {
            WireText.unsigned(text.append("TS val "), buffer.getInt(at + 2, BIG_ENDIAN));
            WireText.unsigned(text.append(" ecr "), buffer.getInt(at + 6, BIG_ENDIAN));
        } else {
            text.append("option-").append(kind);
        }
    }

    private int findOption(int kind, int minLength) {
        return HeaderOptions.find(buffer, optionsOffset(), payloadOffset(), kind, minLength);
    }

    private TcpFlyweight putShort(int field, int value) {
        buffer.putShort(offset + field, (short) value, BIG_ENDIAN);
        return this;
    }

    private int unsignedShort(int field) {
        return buffer.getShort(offset + field, BIG_ENDIAN) & 0xFFFF;
    }
}
