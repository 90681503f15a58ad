package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An IEEE 802.1Q tag: the 4 bytes behind a type field that is {@link EtherType#VLAN}.
 *
 * <pre>
 *   0   3 4              16              32 bits
 *  +-----+-+-------------+---------------+
 *  | pri |D| identifier  | type of inner |
 *  +-----+-+-------------+---------------+
 * </pre>
 */
public final class VlanFlyweight {
    /** Bytes. */
    public static final int HEADER_LENGTH = 4;

    private static final int CONTROL_OFFSET = 0;
    private static final int TYPE_OFFSET = 2;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    /** Views the tag at {@code offset}, behind the type field that announced it. */
    public VlanFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.VLAN_TAG_TRUNCATED : null;
    }

    /** Identifier, 0 to 4095. */
    public int id() {
        return control() & 0xFFF;
    }

    public VlanFlyweight id(int id) {
        return control((control() & 0xF000) | (id & 0xFFF));
    }

    /** Priority code point, 0 to 7. */
    public int priority() {
        return control() >>> 13;
    }

    public VlanFlyweight priority(int priority) {
        return control((control() & 0x1FFF) | (priority & 7) << 13);
    }

    /** The frame may be dropped first when there is congestion. */
    public boolean isDropEligible() {
        return (control() & 0x1000) != 0;
    }

    public VlanFlyweight dropEligible(boolean eligible) {
        return control((control() & 0xEFFF) | (eligible ? 0x1000 : 0));
    }

    /** Type of what follows the tag. */
    public int type() {
        return buffer.getShort(offset + TYPE_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public VlanFlyweight type(int type) {
        buffer.putShort(offset + TYPE_OFFSET, (short) type, BIG_ENDIAN);
        return this;
    }

    /** {@code vlan 100} or {@code vlan 100 p 5 DEI}. */
    public void appendTo(StringBuilder text) {
        text.append("vlan ").append(id());
        if (priority() != 0) {
            text.append(" p ").append(priority());
        }
        if (isDropEligible()) {
            text.append(" DEI");
        }
    }

    private int control() {
        return buffer.getShort(offset + CONTROL_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    private VlanFlyweight control(int control) {
        buffer.putShort(offset + CONTROL_OFFSET, (short) control, BIG_ENDIAN);
        return this;
    }
}
