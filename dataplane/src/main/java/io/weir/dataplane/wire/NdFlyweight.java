package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A neighbour-discovery message: an ICMPv6 message of types 133 to 136 (RFC 4861 section 4) with its options. Offsets
 * count from the ICMPv6 header; its checksum is {@link Icmpv6Flyweight}'s business.
 *
 * <pre>
 *                           4                        8                        16                 24
 *  solicitation (135)       | 0                      | target, 16 bytes                          | options
 *  advertisement (136)      |R S O 0                 | target, 16 bytes                          | options
 *  router solicitation (133)| 0                      | options
 *  router advert. (134)     |hops|M O|router lifetime| reachable ms | retransmit ms  | options
 *
 *  option:  | type | length in units of 8 | value ... |
 * </pre>
 */
public final class NdFlyweight {
    public static final int ROUTER_SOLICITATION = 133;
    public static final int ROUTER_ADVERTISEMENT = 134;
    public static final int NEIGHBOUR_SOLICITATION = 135;
    public static final int NEIGHBOUR_ADVERTISEMENT = 136;

    /** Any other came from beyond the link and must be ignored (RFC 4861 sections 6.1 and 7.1). */
    public static final int REQUIRED_HOP_LIMIT = 255;

    public static final int OPTION_SOURCE_LINK_ADDRESS = 1;
    public static final int OPTION_TARGET_LINK_ADDRESS = 2;
    public static final int OPTION_PREFIX_INFORMATION = 3;
    public static final int OPTION_MTU = 5;

    /** Bytes of solicitation and advertisement of a neighbour before the options. */
    public static final int NEIGHBOUR_LENGTH = 24;

    /** Bytes of a link-address option for Ethernet. */
    public static final int LINK_ADDRESS_OPTION_LENGTH = 8;

    public static final int MISSING = HeaderOptions.MISSING;

    /** Advertisement flags, in byte 4. */
    public static final int ROUTER_FLAG = 0x80;

    public static final int SOLICITED_FLAG = 0x40;
    public static final int OVERRIDE_FLAG = 0x20;

    private static final int FLAGS_OFFSET = 4;
    private static final int ROUTER_LIFETIME_OFFSET = 6;
    private static final int TARGET_OFFSET = 8;

    private MutableDirectBuffer buffer = WireText.UNWRAPPED;
    private int offset;
    private int length;

    /** {@code length}: bytes of the whole ICMPv6 message, where its options end. */
    public NdFlyweight wrap(MutableDirectBuffer buffer, int offset, int length) {
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        return this;
    }

    public static boolean isNeighbourDiscovery(int icmpv6Type) {
        return icmpv6Type >= ROUTER_SOLICITATION && icmpv6Type <= NEIGHBOUR_ADVERTISEMENT;
    }

    /**
     * The form of message and options (RFC 4861 sections 6.1 and 7.1, without addresses of the IP header).
     *
     * @param available bytes of the ICMPv6 message
     */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        if (available < Icmpv6Flyweight.HEADER_LENGTH) {
            return WireFault.ICMPV6_TRUNCATED;
        }
        final int type = buffer.getByte(offset) & 0xFF;
        final int fixed = fixedLength(type);
        if (fixed == MISSING) {
            return WireFault.ND_UNKNOWN_TYPE;
        }
        if (available < fixed) {
            return WireFault.ND_TRUNCATED;
        }
        if (buffer.getByte(offset + 1) != 0) {
            return WireFault.ND_BAD_CODE;
        }
        if (fixed == NEIGHBOUR_LENGTH && buffer.getByte(offset + TARGET_OFFSET) == (byte) 0xFF) {
            return WireFault.ND_BAD_TARGET;
        }
        int at = offset + fixed;
        final int end = offset + available;
        while (at < end) {
            final int size = end - at < 2 ? 0 : (buffer.getByte(at + 1) & 0xFF) << 3;
            if (size == 0 || size > end - at) {
                return WireFault.ND_OPTION_MALFORMED;
            }
            at += size;
        }
        return null;
    }

    /** The same with the hop limit of the packet, which must be {@link #REQUIRED_HOP_LIMIT}. */
    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available, int hopLimit) {
        return hopLimit != REQUIRED_HOP_LIMIT ? WireFault.ND_BAD_HOP_LIMIT : check(buffer, offset, available);
    }

    /** Bytes before the options. */
    private static int fixedLength(int type) {
        return switch (type) {
            case ROUTER_SOLICITATION -> 8;
            case ROUTER_ADVERTISEMENT -> 16;
            case NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT -> NEIGHBOUR_LENGTH;
            default -> MISSING;
        };
    }

    public int type() {
        return buffer.getByte(offset) & 0xFF;
    }

    /** Writes type and code 0. */
    public NdFlyweight type(int type) {
        buffer.putByte(offset, (byte) type);
        buffer.putByte(offset + 1, (byte) 0);
        return this;
    }

    /** Of a neighbour advertisement: {@link #ROUTER_FLAG} and others. */
    public int flags() {
        return buffer.getByte(offset + FLAGS_OFFSET) & 0xFF;
    }

    /** Writes bytes 4 to 7: the flags, and zero behind them. */
    public NdFlyweight flags(int flags) {
        buffer.putInt(offset + FLAGS_OFFSET, flags << 24, BIG_ENDIAN);
        return this;
    }

    public boolean isSolicited() {
        return (flags() & SOLICITED_FLAG) != 0;
    }

    public boolean isOverride() {
        return (flags() & OVERRIDE_FLAG) != 0;
    }

    /** Of a neighbour message. */
    public long targetHigh() {
        return buffer.getLong(offset + TARGET_OFFSET, BIG_ENDIAN);
    }

    public long targetLow() {
        return buffer.getLong(offset + TARGET_OFFSET + 8, BIG_ENDIAN);
    }

    public NdFlyweight target(long high, long low) {
        buffer.putLong(offset + TARGET_OFFSET, high, BIG_ENDIAN);
        buffer.putLong(offset + TARGET_OFFSET + 8, low, BIG_ENDIAN);
        return this;
    }

    /** Of a router advertisement, seconds; 0: no default router. */
    public int routerLifetimeSeconds() {
        return buffer.getShort(offset + ROUTER_LIFETIME_OFFSET, BIG_ENDIAN) & 0xFFFF;
    }

    /** Where the first option of this type begins, or {@link #MISSING}; for a message that {@link #check} accepted. */
    public int findOption(int option) {
        int at = offset + fixedLength(type());
        final int end = offset + length;
        while (at < end) {
            if ((buffer.getByte(at) & 0xFF) == option) {
                return at;
            }
            at += (buffer.getByte(at + 1) & 0xFF) << 3;
        }
        return MISSING;
    }

    /** The Ethernet address of a source or target link-address option, or {@link #MISSING}. */
    public long linkAddress(int option) {
        final int at = findOption(option);
        return at == MISSING ? MISSING : EthernetFlyweight.readMac(buffer, at + 2);
    }

    /** Writes a link-address option at {@code at}, counted from the buffer's start. */
    public NdFlyweight linkAddress(int at, int option, long mac) {
        buffer.putByte(at, (byte) option);
        buffer.putByte(at + 1, (byte) 1);
        EthernetFlyweight.writeMac(buffer, at + 2, mac);
        return this;
    }

    /** {@code neighbour solicitation who-has fe80::2 source 02:…}; for a message that {@link #check} accepted. */
    public void appendTo(StringBuilder text) {
        switch (type()) {
            case ROUTER_SOLICITATION -> text.append("router solicitation");
            case ROUTER_ADVERTISEMENT ->
                text.append("router advertisement lifetime ")
                        .append(routerLifetimeSeconds())
                        .append('s');
            case NEIGHBOUR_SOLICITATION ->
                WireText.ipv6(text.append("neighbour solicitation who-has "), targetHigh(), targetLow());
            default -> {
                WireText.ipv6(text.append("neighbour advertisement "), targetHigh(), targetLow());
                text.append((flags() & ROUTER_FLAG) != 0 ? " router" : "");
                text.append(isSolicited() ? " solicited" : "").append(isOverride() ? " override" : "");
            }
        }
        appendOptions(text);
    }

    private void appendOptions(StringBuilder text) {
        int at = offset + fixedLength(type());
        final int end = offset + length;
        while (at < end) {
            final int size = (buffer.getByte(at + 1) & 0xFF) << 3;
            switch (buffer.getByte(at) & 0xFF) {
                case OPTION_SOURCE_LINK_ADDRESS ->
                    WireText.mac(text.append(" source "), EthernetFlyweight.readMac(buffer, at + 2));
                case OPTION_TARGET_LINK_ADDRESS ->
                    WireText.mac(text.append(" is-at "), EthernetFlyweight.readMac(buffer, at + 2));
                case OPTION_PREFIX_INFORMATION -> appendPrefix(text, at, size);
                case OPTION_MTU -> WireText.unsigned(text.append(" mtu "), buffer.getInt(at + 4, BIG_ENDIAN));
                default -> text.append(" option-").append(buffer.getByte(at) & 0xFF);
            }
            at += size;
        }
    }

    private void appendPrefix(StringBuilder text, int at, int size) {
        if (size < 32) {
            text.append(" short prefix option");
            return;
        }
        final long high = buffer.getLong(at + 16, BIG_ENDIAN);
        WireText.ipv6(text.append(" prefix "), high, buffer.getLong(at + 24, BIG_ENDIAN))
                .append('/')
                .append(buffer.getByte(at + 2) & 0xFF);
    }
}
