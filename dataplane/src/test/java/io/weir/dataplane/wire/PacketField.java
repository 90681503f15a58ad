package io.weir.dataplane.wire;

import io.weir.dataplane.wire.PacketView.Kind;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * An expectation on one field of a header, for {@link PacketAssert}: {@code ipv4(src("10.0.0.1"), ttl(63))}. Import the
 * factories statically.
 */
public final class PacketField {
    private final String name;
    private final Function<PacketView, Object> read;
    private final Object expected;

    private PacketField(String name, Object expected, Function<PacketView, Object> read) {
        this.name = name;
        this.expected = expected;
        this.read = read;
    }

    /** A field by its place, for what has no factory here; unsigned, 1, 2 or 4 bytes wide. */
    public static PacketField field(String name, int offset, int width, long expected) {
        return new PacketField(name, expected, v -> switch (width) {
            case 1 -> (long) v.u8(offset);
            case 2 -> (long) v.u16(offset);
            case 4 -> v.u32(offset);
            default -> throw new IllegalArgumentException("width " + width);
        });
    }

    public static PacketField src(String address) {
        return address.indexOf(':') == 2 && address.length() == 17
                ? src(MacAddress.parse(address))
                : src(IpAddress.parse(address));
    }

    public static PacketField dst(String address) {
        return address.indexOf(':') == 2 && address.length() == 17
                ? dst(MacAddress.parse(address))
                : dst(IpAddress.parse(address));
    }

    public static PacketField src(MacAddress address) {
        return new PacketField("source", address, v -> v.mac(6));
    }

    public static PacketField dst(MacAddress address) {
        return new PacketField("destination", address, v -> v.mac(0));
    }

    public static PacketField src(IpAddress address) {
        return new PacketField("source", address, v -> v.isIpv4() ? v.ipv4(12) : v.ipv6(8));
    }

    public static PacketField dst(IpAddress address) {
        return new PacketField("destination", address, v -> v.isIpv4() ? v.ipv4(16) : v.ipv6(24));
    }

    /** The identifier of a VLAN tag, or the identification of an IPv4 header. */
    public static PacketField id(int id) {
        return new PacketField("id", id, v -> v.kind() == Kind.VLAN ? v.u16(0) & 0xFFF : v.u16(4));
    }

    /** TTL or hop limit. */
    public static PacketField ttl(int ttl) {
        return new PacketField("ttl", ttl, v -> v.u8(v.isIpv4() ? 8 : 7));
    }

    /** The byte of DSCP and ECN. */
    public static PacketField trafficClass(int value) {
        return new PacketField("traffic-class", value, v -> v.isIpv4() ? v.u8(1) : v.u16(0) >> 4 & 0xFF);
    }

    public static PacketField dontFragment(boolean expected) {
        return new PacketField("dont-fragment", expected, v -> (v.u8(6) & 0x40) != 0);
    }

    public static PacketField moreFragments(boolean expected) {
        return new PacketField("more-fragments", expected, v -> (v.u8(6) & 0x20) != 0);
    }

    /** IPv4 fragment offset in bytes. */
    public static PacketField fragmentOffset(int bytes) {
        return new PacketField("fragment-offset", bytes, v -> (v.u16(6) & 0x1FFF) * 8);
    }

    /** IPv4 total length, IPv6 payload length or UDP length. */
    public static PacketField length(int length) {
        return new PacketField("length", length, v -> switch (v.kind()) {
            case IPV4 -> v.u16(2);
            case IPV6, UDP -> v.u16(4);
            default -> throw new IllegalArgumentException(v.kind() + " has no length");
        });
    }

    public static PacketField srcPort(int port) {
        return new PacketField("source-port", port, v -> v.u16(0));
    }

    public static PacketField dstPort(int port) {
        return new PacketField("destination-port", port, v -> v.u16(2));
    }

    /** The checksum field of an IPv4, TCP, UDP, ICMP or SCTP header as it stands in the packet. */
    public static PacketField checksum(long value) {
        return new PacketField("checksum", value, v -> switch (v.kind()) {
            case IPV4 -> (long) v.u16(10);
            case TCP -> (long) v.u16(16);
            case UDP -> (long) v.u16(6);
            case ICMP -> (long) v.u16(2);
            case SCTP -> v.u32(8);
            default -> throw new IllegalArgumentException(v.kind() + " has no checksum");
        });
    }

    /** TCP flags in the letters of {@link PacketBuilder#flags}, any order. */
    public static PacketField flags(String letters) {
        final StringBuilder sorted = new StringBuilder();
        for (int bit = 0; bit < 8; bit++) {
            if (letters.replace('.', 'A').indexOf("FSRPAUEC".charAt(bit)) >= 0) {
                sorted.append("FSRPAUEC".charAt(bit));
            }
        }
        return new PacketField("flags", sorted.toString(), v -> {
            final StringBuilder text = new StringBuilder();
            for (int bit = 0; bit < 8; bit++) {
                if ((v.u8(13) & 1 << bit) != 0) {
                    text.append("FSRPAUEC".charAt(bit));
                }
            }
            return text.toString();
        });
    }

    public static PacketField seq(long sequence) {
        return new PacketField("sequence", sequence, v -> v.u32(4));
    }

    public static PacketField ack(long acknowledgment) {
        return new PacketField("acknowledgment", acknowledgment, v -> v.u32(8));
    }

    public static PacketField window(int window) {
        return new PacketField("window", window, v -> v.u16(14));
    }

    public static PacketField type(int type) {
        return new PacketField("type", type, v -> v.u8(0));
    }

    public static PacketField code(int code) {
        return new PacketField("code", code, v -> v.u8(1));
    }

    /** The identifier of an ICMP echo. */
    public static PacketField echoId(int identifier) {
        return new PacketField("echo-id", identifier, v -> v.u16(4));
    }

    public static PacketField echoSeq(int sequence) {
        return new PacketField("echo-sequence", sequence, v -> v.u16(6));
    }

    /** The next-hop MTU of an ICMP error. */
    public static PacketField mtu(long mtu) {
        return new PacketField("mtu", mtu, v -> v.u32(4));
    }

    public static PacketField vni(int vni) {
        return new PacketField("vni", (long) vni, v -> v.u32(4) >>> 8);
    }

    public static PacketField verificationTag(long tag) {
        return new PacketField("verification-tag", tag, v -> v.u32(4));
    }

    /** ARP: 1 request, 2 reply. */
    public static PacketField operation(int operation) {
        return new PacketField("operation", operation, v -> v.u16(6));
    }

    public static PacketField sender(String mac, String address) {
        return new PacketField("sender", mac + " " + address, v -> v.mac(8) + " " + v.ipv4(14));
    }

    public static PacketField target(String mac, String address) {
        return new PacketField("target", mac + " " + address, v -> v.mac(18) + " " + v.ipv4(24));
    }

    /** Empty when the header is as expected, else what is wrong. */
    String mismatch(PacketView view) {
        final Object actual = read.apply(view);
        return Objects.equals(actual, expected)
                ? ""
                : view.kind().name().toLowerCase(Locale.ROOT) + " " + name + " is " + actual + ", not " + expected;
    }
}
