package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * <pre>
 *   0        2          4     5     6          8            14        18           24        28
 *  +--------+----------+-----+-----+----------+------------+---------+------------+---------+
 *  | hw = 1 | pr=0x800 |  6  |  4  | operation| sender MAC | sender  | target MAC | target  |
 *  +--------+----------+-----+-----+----------+------------+---------+------------+---------+
 * </pre>
 */
public final class ArpFlyweight {
    /** Bytes. */
    public static final int LENGTH = 28;

    public static final int REQUEST = 1;
    public static final int REPLY = 2;

    /** The first six bytes of every ARP packet that {@link #check} accepts, before the operation. */
    private static final int ETHERNET_AND_IPV4 = 0x0001_0800;

    private static final int ADDRESS_LENGTHS = 0x0604;
    private static final int KIND_OFFSET = 0;
    private static final int LENGTHS_OFFSET = 4;
    private static final int OPERATION_OFFSET = 6;
    private static final int SENDER_MAC_OFFSET = 8;
    private static final int SENDER_OFFSET = 14;
    private static final int TARGET_MAC_OFFSET = 18;
    private static final int TARGET_OFFSET = 24;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;

    public ArpFlyweight wrap(MutableDirectBuffer buffer, int offset) {
        this.buffer = buffer;
        this.offset = offset;
        return this;
    }

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        if (available < LENGTH) {
            return WireFault.ARP_TRUNCATED;
        }
        return buffer.getInt(offset + KIND_OFFSET, BIG_ENDIAN) == ETHERNET_AND_IPV4
                        && buffer.getShort(offset + LENGTHS_OFFSET, BIG_ENDIAN) == ADDRESS_LENGTHS
                ? null
                : WireFault.ARP_UNSUPPORTED;
    }

    /** Writes the fixed fields: IPv4 over Ethernet. */
    public ArpFlyweight ethernetAndIpv4() {
        buffer.putInt(offset + KIND_OFFSET, ETHERNET_AND_IPV4, BIG_ENDIAN);
        buffer.putShort(offset + LENGTHS_OFFSET, (short) ADDRESS_LENGTHS, BIG_ENDIAN);
        return this;
    }

    /** {@link #REQUEST}, {@link #REPLY} or another. */
    public int operation() {
        return buffer.getShort(offset + OPERATION_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    public ArpFlyweight operation(int operation) {
        buffer.putShort(offset + OPERATION_OFFSET, (short) operation, BIG_ENDIAN);
        return this;
    }

    public long senderMac() {
        return EthernetFlyweight.readMac(buffer, offset + SENDER_MAC_OFFSET);
    }

    public ArpFlyweight senderMac(long mac) {
        EthernetFlyweight.writeMac(buffer, offset + SENDER_MAC_OFFSET, mac);
        return this;
    }

    /** IPv4 address. */
    public int sender() {
        return buffer.getInt(offset + SENDER_OFFSET, BIG_ENDIAN);
    }

    public ArpFlyweight sender(int address) {
        buffer.putInt(offset + SENDER_OFFSET, address, BIG_ENDIAN);
        return this;
    }

    public long targetMac() {
        return EthernetFlyweight.readMac(buffer, offset + TARGET_MAC_OFFSET);
    }

    public ArpFlyweight targetMac(long mac) {
        EthernetFlyweight.writeMac(buffer, offset + TARGET_MAC_OFFSET, mac);
        return this;
    }

    /** IPv4 address. */
    public int target() {
        return buffer.getInt(offset + TARGET_OFFSET, BIG_ENDIAN);
    }

    public ArpFlyweight target(int address) {
        buffer.putInt(offset + TARGET_OFFSET, address, BIG_ENDIAN);
        return this;
    }

    /** {@code who-has 10.0.0.2 tell 10.0.0.1 (02:…)} or {@code 10.0.0.2 is-at 02:… to 10.0.0.1 (02:…)}. */
    public void appendTo(StringBuilder text) {
        switch (operation()) {
            case REQUEST -> {
                WireText.ipv4(text.append("who-has "), target()).append(" tell ");
                WireText.mac(WireText.ipv4(text, sender()).append(" ("), senderMac())
                        .append(')');
            }
            case REPLY -> {
                WireText.mac(WireText.ipv4(text, sender()).append(" is-at "), senderMac())
                        .append(" to ");
                WireText.mac(WireText.ipv4(text, target()).append(" ("), targetMac())
                        .append(')');
            }
            default -> text.append("operation ").append(operation());
        }
    }
}
