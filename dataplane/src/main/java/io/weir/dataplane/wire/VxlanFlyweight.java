package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A VXLAN header (RFC 7348 section 5); an Ethernet frame follows.
 *
 * <pre>
 *   0        8                       32                      56      63 bits
 *  +--------+-----------------------+-----------------------+--------+
 *  |0000I000|       reserved        |  network identifier   |reserved|
 *  +--------+-----------------------+-----------------------+--------+
 * </pre>
 */
public final class VxlanFlyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 8;

    /** The port that IANA assigned. */
    public static final int IANA_PORT = 4789;

    /** The port of Linux's default, which flannel uses. */
    public static final int LINUX_PORT = 8472;

    /** The first word of a right header: the I flag alone. */
    private static final int FLAGS_WORD = 0x0800_0000;

    private static final int FLAGS_OFFSET = 0;
    private static final int VNI_OFFSET = 4;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public VxlanFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    /** As Linux judges: the I flag must be set and all reserved bits clear, though RFC 7348 would ignore the latter. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        if (available < HEADER_LENGTH) {
            return WireFault.VXLAN_HEADER_TRUNCATED;
        }
        final int flags = buffer.getInt(offset + FLAGS_OFFSET, BIG_ENDIAN);
        if ((flags & FLAGS_WORD) == 0) {
            return WireFault.VXLAN_VNI_FLAG_MISSING;
        }
        return flags != FLAGS_WORD || buffer.getByte(offset + VNI_OFFSET + 3) != 0
                ? WireFault.VXLAN_RESERVED_BITS
                : null;
    }

    /** The first byte. */
    public int flags() {
        return buffer.getByte(offset + FLAGS_OFFSET) & 0xFF;
    }

    /** Network identifier, 24 bits. */
    public int vni() {
        return buffer.getInt(offset + VNI_OFFSET, BIG_ENDIAN) >>> 8;
    }

    /** Writes the whole header. */
    public VxlanFlyweight vni(int vni) {
        buffer.putInt(offset + FLAGS_OFFSET, FLAGS_WORD, BIG_ENDIAN);
        buffer.putInt(offset + VNI_OFFSET, vni << 8, BIG_ENDIAN);
        return this;
    }

    /** Where the inner frame begins. */
    public int payloadOffset() {
        return offset + HEADER_LENGTH;
    }

    /** {@code VXLAN vni 42}. */
    public void appendTo(StringBuilder text) {
        text.append("VXLAN vni ").append(vni());
    }
}
