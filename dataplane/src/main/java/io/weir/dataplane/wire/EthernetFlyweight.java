package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An Ethernet II header, without preamble and check sequence.
 *
 * <pre>
 *   0        6        12      14
 *  +--------+--------+-------+
 *  | dest.  | source | type  |
 *  +--------+--------+-------+
 * </pre>
 */
public final class EthernetFlyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 14;

    private static final int DESTINATION_OFFSET = 0;
    private static final int SOURCE_OFFSET = 6;
    private static final int TYPE_OFFSET = 12;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    /** Views the header at {@code offset}; looks at no byte. */
    public EthernetFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** Null when a header of {@link #HEADER_LENGTH} lies in the {@code available} bytes from {@code offset}. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.ETHERNET_HEADER_TRUNCATED : null;
    }

    /** 48 bits. */
    public long destination() {
        return readMac(buffer, offset + DESTINATION_OFFSET);
    }

    public EthernetFlyweight destination(long mac) {
        writeMac(buffer, offset + DESTINATION_OFFSET, mac);
        return this;
    }

    /** 48 bits. */
    public long source() {
        return readMac(buffer, offset + SOURCE_OFFSET);
    }

    public EthernetFlyweight source(long mac) {
        writeMac(buffer, offset + SOURCE_OFFSET, mac);
        return this;
    }

    /** The {@link EtherType}, or below {@link EtherType#MIN_TYPE} an IEEE 802.3 length. */
    public int type() {
        return buffer.getShort(offset + TYPE_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public EthernetFlyweight type(int type) {
        buffer.putShort(offset + TYPE_OFFSET, (short) type, BIG_ENDIAN);
        return this;
    }

    /** {@code 02:00:00:00:00:01 > 02:00:00:00:00:02}. */
    public void appendTo(StringBuilder text) {
        WireText.mac(text, source()).append(" > ");
        WireText.mac(text, destination());
    }

    static long readMac(DirectBuffer buffer, int at) {
        return (buffer.getShort(at, BIG_ENDIAN) & 0xFFFFL) << 32 | (buffer.getInt(at + 2, BIG_ENDIAN) & 0xFFFF_FFFFL);
    }

    static void writeMac(MutableDirectBuffer buffer, int at, long mac) {
        buffer.putShort(at, (short) (mac >>> 32), BIG_ENDIAN);
        buffer.putInt(at + 2, (int) mac, BIG_ENDIAN);
    }
}
