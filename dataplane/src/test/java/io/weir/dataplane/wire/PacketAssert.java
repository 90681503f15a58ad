package io.weir.dataplane.wire;

import static io.weir.dataplane.wire.PacketView.Kind;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.assertj.core.api.AbstractAssert;

/**
 * Checks a packet header by header, outermost first, the way it is read:
 *
 * <pre>{@code
 * assertPacket(port.next())
 *     .ethernet(dst(GATEWAY))
 *     .ipv4(src(A), dst(B), ttl(63))
 *     .udp(dstPort(8080))
 *     .payload("hello")
 *     .checksumsValid();
 * }</pre>
 *
 * <p>Each call consumes one header. Parsing and checksums share no code with the flyweights: see
 * {@link ReferenceChecksum}.
 */
public final class PacketAssert extends AbstractAssert<PacketAssert, byte[]> {
    private final boolean startsWithIp;
    private final boolean isQuoted;
    private int position;
    private int end;
    private int nextProtocol = -1;

    private PacketAssert(byte[] packet, boolean startsWithIp, boolean isQuoted) {
        super(packet, PacketAssert.class);
        this.startsWithIp = startsWithIp;
        this.isQuoted = isQuoted;
        this.end = isQuoted ? Integer.MAX_VALUE : packet.length; // quoted lengths speak of the original packet
    }

    /** An Ethernet frame. */
    public static PacketAssert assertPacket(byte[] frame) {
        return new PacketAssert(frame, false, false);
    }

    /** Bytes that start with an IP header. */
    public static PacketAssert assertIpPacket(byte[] packet) {
        return new PacketAssert(packet, true, false);
    }

    public PacketAssert ethernet(PacketField... fields) {
        nextProtocol = -1;
        return header(Kind.ETHERNET, 14, fields);
    }

    public PacketAssert vlan(PacketField... fields) {
        expectType(0x8100, "802.1Q");
        return header(Kind.VLAN, 4, fields);
    }

    public PacketAssert arp(PacketField... fields) {
        expectType(0x0806, "ARP");
        return header(Kind.ARP, 28, fields);
    }

    public PacketAssert ipv4(PacketField... fields) {
        expectType(0x0800, "IPv4");
        need(20, "an IPv4 header");
        check(actual[position] >>> 4 == 4, "IP version is " + (actual[position] >>> 4 & 0xF) + ", not 4");
        final int total = u16(position + 2);
        check(total <= end - position, "IPv4 total length is " + total + " but " + (end - position) + " bytes remain");
        end = position + total;
        nextProtocol = actual[position + 9] & 0xFF;
        return header(Kind.IPV4, (actual[position] & 0xF) * 4, fields);
    }

    /** The IPv6 header; extension headers between it and what comes next are skipped. */
    public PacketAssert ipv6(PacketField... fields) {
        expectType(0x86DD, "IPv6");
        need(40, "an IPv6 header");
        check((actual[position] & 0xF0) == 0x60, "IP version is " + (actual[position] >>> 4 & 0xF) + ", not 6");
        final int length = 40 + u16(position + 4);
        check(length <= end - position, "IPv6 length is " + length + " but " + (end - position) + " bytes remain");
        end = position + length;
        nextProtocol = actual[position + 6] & 0xFF;
        header(Kind.IPV6, 40, fields);
        while (nextProtocol == 0
                || nextProtocol == 43
                || nextProtocol == 44
                || nextProtocol == 51
                || nextProtocol == 60) {
            need(8, "extension header " + nextProtocol);
            final int words = actual[position + 1] & 0xFF;
            final int size = nextProtocol == 44 ? 8 : nextProtocol == 51 ? (words + 2) * 4 : (words + 1) * 8;
            need(size, "extension header " + nextProtocol);
            nextProtocol = actual[position] & 0xFF;
            position += size;
        }
        return this;
    }

    /** IPv4 or IPv6, by the version field. */
    public PacketAssert ip(PacketField... fields) {
        need(1, "an IP header");
        return actual[position] >>> 4 == 4 ? ipv4(fields) : ipv6(fields);
    }

    public PacketAssert tcp(PacketField... fields) {
        expectProtocol(6, "TCP");
        if (isQuoted && remaining() < 20) {
            return header(Kind.TCP, 8, fields); // an error quotes at least 8 bytes: ports and sequence
        }
        need(20, "a TCP header");
        return header(Kind.TCP, (actual[position + 12] >>> 4 & 0xF) * 4, fields);
    }

    public PacketAssert udp(PacketField... fields) {
        expectProtocol(17, "UDP");
        need(8, "a UDP header");
        final int length = u16(position + 4);
        check(length == end - position, "UDP length is " + length + " but the IP payload has " + (end - position));
        return header(Kind.UDP, 8, fields);
    }

    public PacketAssert sctp(PacketField... fields) {
        expectProtocol(132, "SCTP");
        return header(Kind.SCTP, isQuoted && remaining() < 12 ? 8 : 12, fields);
    }

    public PacketAssert icmpv4(PacketField... fields) {
        expectProtocol(1, "ICMP");
        return header(Kind.ICMP, 8, fields);
    }

    public PacketAssert icmpv6(PacketField... fields) {
        expectProtocol(58, "ICMPv6");
        return header(Kind.ICMP, 8, fields);
    }

    /** After {@link #udp}: the tunnel header; {@link #ethernet} of the inner frame comes next. */
    public PacketAssert vxlan(PacketField... fields) {
        check(remaining() >= 8 && (actual[position] & 0x08) != 0, "no VXLAN header with a valid VNI flag");
        return header(Kind.VXLAN, 8, fields);
    }

    /**
     * After {@link #icmpv4} or {@link #icmpv6}: the packet that the error quotes, as a packet of its own, which may be
     * cut short; ask it for IP addresses and ports.
     */
    public PacketAssert quoted() {
        need(20, "a quoted IP header");
        return new PacketAssert(Arrays.copyOfRange(actual, position, end), true, true);
    }

    /** What is left of the packet is exactly this. */
    public PacketAssert payload(byte... expected) {
        final byte[] rest = Arrays.copyOfRange(actual, position, Math.min(end, actual.length));
        check(
                Arrays.equals(rest, expected),
                "payload is " + HexFormat.of().formatHex(rest) + ", not "
                        + HexFormat.of().formatHex(expected));
        return this;
    }

    public PacketAssert payload(String ascii) {
        return payload(ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    public PacketAssert payloadLength(int length) {
        check(remaining() == length, "payload has " + remaining() + " bytes, not " + length);
        return this;
    }

    /** Every checksum of the whole packet, inner frames included, recomputed in full. */
    public PacketAssert checksumsValid() {
        isNotNull();
        final String fault = startsWithIp ? PacketChecksums.faultOfIp(actual) : PacketChecksums.faultOfFrame(actual);
        check(fault.isEmpty(), fault);
        return this;
    }

    /** The same bytes, with both packets printed when they differ. */
    public PacketAssert isSamePacketAs(byte[] expected) {
        isNotNull();
        check(Arrays.equals(actual, expected), "packet differs from the expected one:\n" + print(expected));
        return this;
    }

    private PacketAssert header(Kind kind, int length, PacketField... fields) {
        isNotNull();
        need(length, kind.toString());
        final PacketView view = new PacketView(kind, ByteBuffer.wrap(actual), position);
        for (final PacketField field : fields) {
            final String mismatch = field.mismatch(view);
            check(mismatch.isEmpty(), mismatch);
        }
        position += length;
        return this;
    }

    private void expectType(int type, String name) {
        isNotNull();
        if (position >= 14 && nextProtocol < 0) {
            final int actualType = u16(position - 2);
            check(actualType == type, "EtherType is 0x" + Integer.toHexString(actualType) + ", not " + name);
        }
    }

    private void expectProtocol(int protocol, String name) {
        check(nextProtocol == protocol, "IP protocol is " + nextProtocol + ", not " + protocol + " (" + name + ")");
    }

    private int u16(int offset) {
        return (actual[offset] & 0xFF) << 8 | (actual[offset + 1] & 0xFF);
    }

    private int remaining() {
        return Math.min(end, actual.length) - position;
    }

    private void need(int bytes, String what) {
        isNotNull();
        check(remaining() >= bytes, "too short for " + what + ": " + remaining() + " bytes remain, need " + bytes);
    }

    private void check(boolean holds, String message) {
        if (!holds) {
            failWithMessage("%s", message + "\nin " + print(actual));
        }
    }

    private String print(byte[] packet) {
        final String text = startsWithIp ? PacketPrinter.printIpVerbose(packet) : PacketPrinter.printVerbose(packet);
        return packet.length + " bytes: " + HexFormat.of().formatHex(packet) + "\n" + text;
    }
}
