package io.weir.dataplane.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Builds the bytes of a packet for tests, outermost header first, with right lengths and checksums unless told
 * otherwise:
 *
 * <pre>{@code
 * byte[] syn = PacketBuilder.packet()
 *     .ethernet("02:00:00:00:00:01", "02:00:00:00:00:02")
 *     .ipv4("10.0.0.1", "10.0.0.2").ttl(64)
 *     .tcp(40000, 80).flags("S").seq(1).mss(1460)
 *     .build();
 * }</pre>
 *
 * <p>A setting belongs to the nearest header before it that has such a field. Without {@link #ethernet} the bytes start
 * with the IP header. {@link #patch} overwrites any bytes of the header added last. Shares no code with the flyweights
 * that it tests.
 */
public final class PacketBuilder {
    public static final String SOURCE_MAC = "02:00:00:00:00:01";
    public static final String DESTINATION_MAC = "02:00:00:00:00:02";

    private final List<PacketLayer> layers = new ArrayList<>();
    private int truncateTo = Integer.MAX_VALUE;
    private int padTo;

    private PacketBuilder() {}

    public static PacketBuilder packet() {
        return new PacketBuilder();
    }

    // ---- link layer

    public PacketBuilder ethernet() {
        return ethernet(SOURCE_MAC, DESTINATION_MAC);
    }

    public PacketBuilder ethernet(String source, String destination) {
        return ethernet(MacAddress.parse(source), MacAddress.parse(destination));
    }

    public PacketBuilder ethernet(MacAddress source, MacAddress destination) {
        return add(new PacketLayer.Ethernet(source, destination));
    }

    /** An 802.1Q tag; {@code control} is priority, drop-eligible bit and identifier: a plain number is the identifier. */
    public PacketBuilder vlan(int control) {
        return add(new PacketLayer.Vlan(control));
    }

    /** Overrides the type of the nearest Ethernet or VLAN header. */
    public PacketBuilder etherType(int type) {
        final PacketLayer layer = nearest(PacketLayer.Ethernet.class, PacketLayer.Vlan.class);
        if (layer instanceof PacketLayer.Vlan vlan) {
            vlan.type = type;
        } else if (layer instanceof PacketLayer.Ethernet ethernet) {
            ethernet.type = type;
        }
        return this;
    }

    public PacketBuilder arpRequest(String senderMac, String sender, String target) {
        return arp(1, MacAddress.parse(senderMac), sender, MacAddress.ZERO, target);
    }

    public PacketBuilder arpReply(String senderMac, String sender, String targetMac, String target) {
        return arp(2, MacAddress.parse(senderMac), sender, MacAddress.parse(targetMac), target);
    }

    public PacketBuilder arp(int operation, MacAddress senderMac, String sender, MacAddress targetMac, String target) {
        return add(
                new PacketLayer.Arp(operation, senderMac, IpAddress.parse(sender), targetMac, IpAddress.parse(target)));
    }

    // ---- internet layer

    /** IPv4 or IPv6, by the family of the source. */
    public PacketBuilder ip(IpAddress source, IpAddress destination) {
        return source.isIpv4() ? ipv4(source, destination) : ipv6(source, destination);
    }

    public PacketBuilder ip(String source, String destination) {
        return ip(IpAddress.parse(source), IpAddress.parse(destination));
    }

    public PacketBuilder ipv4(String source, String destination) {
        return ipv4(IpAddress.parse(source), IpAddress.parse(destination));
    }

    public PacketBuilder ipv4(IpAddress source, IpAddress destination) {
        return add(new PacketLayer.Ipv4(source, destination));
    }

    public PacketBuilder ipv6(String source, String destination) {
        return ipv6(IpAddress.parse(source), IpAddress.parse(destination));
    }

    public PacketBuilder ipv6(IpAddress source, IpAddress destination) {
        return add(new PacketLayer.Ipv6(source, destination));
    }

    /** TTL or hop limit; 64 when not called. */
    public PacketBuilder ttl(int ttl) {
        nearest(PacketLayer.Ip.class).ttl = ttl;
        return this;
    }

    /** The byte of DSCP and ECN. */
    public PacketBuilder trafficClass(int trafficClass) {
        nearest(PacketLayer.Ip.class).trafficClass = trafficClass;
        return this;
    }

    public PacketBuilder flowLabel(int label) {
        nearest(PacketLayer.Ipv6.class).flowLabel = label;
        return this;
    }

    /** IPv4 identification. */
    public PacketBuilder id(int id) {
        nearest(PacketLayer.Ipv4.class).id = id;
        return this;
    }

    public PacketBuilder dontFragment() {
        nearest(PacketLayer.Ipv4.class).flags |= 2;
        return this;
    }

    public PacketBuilder moreFragments() {
        nearest(PacketLayer.Ipv4.class).flags |= 1;
        return this;
    }

    /** IPv4 fragment offset in bytes, a multiple of 8. */
    public PacketBuilder fragmentOffset(int bytes) {
        nearest(PacketLayer.Ipv4.class).fragmentOffset = bytes;
        return this;
    }

    /** IPv4 options; padded with end-of-list to a multiple of 4. */
    public PacketBuilder ipOptions(int... options) {
        nearest(PacketLayer.Ipv4.class).options = bytes(options);
        return this;
    }

    /** Overrides protocol or next header; with raw {@link #payload} bytes this is how a fragment names its protocol. */
    public PacketBuilder protocol(int protocol) {
        nearest(PacketLayer.Ip.class).protocol = protocol;
        return this;
    }

    /** Overrides the IPv4 total length or the IPv6 payload length. */
    public PacketBuilder ipLength(int length) {
        nearest(PacketLayer.Ip.class).length = length;
        return this;
    }

    public PacketBuilder ipVersion(int version) {
        nearest(PacketLayer.Ip.class).version = version;
        return this;
    }

    /** Overrides the IPv4 header length, in 32-bit words. */
    public PacketBuilder ipHeaderWords(int words) {
        nearest(PacketLayer.Ipv4.class).headerWords = words;
        return this;
    }

    public PacketBuilder ipChecksum(int checksum) {
        nearest(PacketLayer.Ipv4.class).checksum = checksum;
        return this;
    }

    /** A hop-by-hop header whose options are {@code options}, padded with Pad1 to a multiple of 8. */
    public PacketBuilder hopByHop(int... options) {
        return extension(0, options);
    }

    public PacketBuilder destinationOptions(int... options) {
        return extension(60, options);
    }

    /** A routing header; {@code rest} begins with the routing type. */
    public PacketBuilder routing(int... rest) {
        return extension(43, rest);
    }

    /** An authentication header with a 12-byte check value (RFC 4302). */
    public PacketBuilder authentication(int securityParameters, int sequence) {
        return add(new PacketLayer.Extension(51, PacketBodies.authentication(securityParameters, sequence)));
    }

    /** An IPv6 fragment header; {@code offset} in bytes, a multiple of 8. */
    public PacketBuilder fragment(int identification, int offset, boolean more) {
        return add(new PacketLayer.Extension(44, PacketBodies.fragment(identification, offset, more)));
    }

    private PacketBuilder extension(int number, int[] rest) {
        return add(new PacketLayer.Extension(number, PacketBodies.options(bytes(rest))));
    }

    // ---- transport layer

    public PacketBuilder tcp(int sourcePort, int destinationPort) {
        return add(new TransportLayer.Tcp(sourcePort, destinationPort));
    }

    /** Letters of FIN, SYN, RST, PSH, ACK, URG, ECE, CWR: {@code "SA"} is a SYN with ACK; a dot is an ACK too. */
    public PacketBuilder flags(String letters) {
        nearest(TransportLayer.Tcp.class).flags = PacketBodies.tcpFlags(letters);
        return this;
    }

    public PacketBuilder seq(long sequence) {
        nearest(TransportLayer.Tcp.class).sequence = sequence;
        return this;
    }

    /** The acknowledgment number; does not set the ACK flag. */
    public PacketBuilder ack(long acknowledgment) {
        nearest(TransportLayer.Tcp.class).acknowledgment = acknowledgment;
        return this;
    }

    public PacketBuilder window(int window) {
        nearest(TransportLayer.Tcp.class).window = window;
        return this;
    }

    public PacketBuilder urgent(int pointer) {
        nearest(TransportLayer.Tcp.class).urgent = pointer;
        return this;
    }

    public PacketBuilder mss(int size) {
        return tcpOption(2, 4, size >>> 8, size & 0xFF);
    }

    public PacketBuilder windowScale(int shift) {
        return tcpOption(3, 3, shift);
    }

    public PacketBuilder sackPermitted() {
        return tcpOption(4, 2);
    }

    public PacketBuilder timestamps(int value, int echo) {
        nearest(TransportLayer.Tcp.class)
                .options
                .writeBytes(ByteBuffer.allocate(10)
                        .put((byte) 8)
                        .put((byte) 10)
                        .putInt(value)
                        .putInt(echo)
                        .array());
        return this;
    }

    /** Appends raw option bytes; the whole is padded with end-of-list to a multiple of 4. */
    public PacketBuilder tcpOption(int... option) {
        nearest(TransportLayer.Tcp.class).options.writeBytes(bytes(option));
        return this;
    }

    /** Overrides the TCP data offset, in 32-bit words. */
    public PacketBuilder dataOffset(int words) {
        nearest(TransportLayer.Tcp.class).dataOffset = words;
        return this;
    }

    public PacketBuilder udp(int sourcePort, int destinationPort) {
        return add(new TransportLayer.Udp(sourcePort, destinationPort));
    }

    public PacketBuilder udpLength(int length) {
        nearest(TransportLayer.Udp.class).length = length;
        return this;
    }

    /** Overrides the checksum of the nearest TCP, UDP, SCTP or ICMP header; 0 in UDP over IPv4 means none. */
    public PacketBuilder checksum(int checksum) {
        nearest(TransportLayer.class).checksum = checksum;
        return this;
    }

    public PacketBuilder sctp(int sourcePort, int destinationPort) {
        return add(new TransportLayer.Sctp(sourcePort, destinationPort));
    }

    public PacketBuilder verificationTag(int tag) {
        nearest(TransportLayer.Sctp.class).verificationTag = tag;
        return this;
    }

    /** Appends a chunk (RFC 9260 section 3.2); type 2 INIT ACK, 6 ABORT, 7 SHUTDOWN, 10 COOKIE ECHO, 11 COOKIE ACK. */
    public PacketBuilder chunk(int type, int flags, byte... value) {
        nearest(TransportLayer.Sctp.class).chunk(type, flags, value);
        return this;
    }

    /** An INIT chunk with 10 streams each way. */
    public PacketBuilder init(int initiateTag, int initialSequence) {
        return chunk(1, 0, PacketBodies.init(initiateTag, initialSequence));
    }

    public PacketBuilder initAck(int initiateTag, int initialSequence) {
        return chunk(2, 0, PacketBodies.init(initiateTag, initialSequence));
    }

    /** A DATA chunk that is a whole message of stream 0. */
    public PacketBuilder data(int sequence, byte... message) {
        return chunk(
                0,
                3,
                ByteBuffer.allocate(12 + message.length)
                        .putInt(sequence)
                        .putLong(0)
                        .put(message)
                        .array());
    }

    // ---- ICMP of the enclosing family

    public PacketBuilder icmpEcho(int identifier, int sequence) {
        return icmp(isInIpv6() ? 128 : 8, 0, identifier << 16 | sequence);
    }

    public PacketBuilder icmpEchoReply(int identifier, int sequence) {
        return icmp(isInIpv6() ? 129 : 0, 0, identifier << 16 | sequence);
    }

    /** An error that quotes {@code quotedIpPacket}: bytes that start with an IP header, cut as the caller likes. */
    public PacketBuilder icmpError(int type, int code, byte[] quotedIpPacket) {
        return icmp(type, code, 0).payload(quotedIpPacket);
    }

    public PacketBuilder icmp(int type, int code, int restOfHeader) {
        return add(new TransportLayer.Icmp(type, code, restOfHeader));
    }

    /** The next-hop MTU of "fragmentation needed" and "packet too big". */
    public PacketBuilder icmpMtu(int mtu) {
        nearest(TransportLayer.Icmp.class).restOfHeader = mtu;
        return this;
    }

    /** RFC 4861 section 4.3, with a source link-layer address option. */
    public PacketBuilder neighbourSolicitation(String target, String sourceMac) {
        return icmp(135, 0, 0).payload(PacketBodies.neighbour(target, 1, sourceMac));
    }

    /** RFC 4861 section 4.4, solicited and override, with a target link-layer address option. */
    public PacketBuilder neighbourAdvertisement(String target, String targetMac) {
        return icmp(136, 0, 0x6000_0000).payload(PacketBodies.neighbour(target, 2, targetMac));
    }

    private boolean isInIpv6() {
        return nearest(PacketLayer.Ip.class) instanceof PacketLayer.Ipv6;
    }

    // ---- tunnel and payload

    public PacketBuilder vxlan(int vni) {
        return add(new PacketLayer.Vxlan(vni));
    }

    /** Overrides the VXLAN flags byte; 0x08 when not called. */
    public PacketBuilder vxlanFlags(int flags) {
        nearest(PacketLayer.Vxlan.class).flags = flags;
        return this;
    }

    /** The frame inside the tunnel; the same as adding its headers here. */
    public PacketBuilder inner(PacketBuilder frame) {
        return payload(frame.build());
    }

    public PacketBuilder payload(byte... bytes) {
        return add(new PacketLayer.Bytes(bytes));
    }

    public PacketBuilder payload(String ascii) {
        return payload(ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** A payload of this many bytes, each its index modulo 251. */
    public PacketBuilder payloadOf(int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return payload(bytes);
    }

    // ---- breaking it, and the result

    /** Overwrites bytes of the header added last (and what is in it) after its lengths and checksums are computed. */
    public PacketBuilder patch(int offset, int... values) {
        layers.getLast().patch(offset, bytes(values));
        return this;
    }

    /** Cuts the finished packet. */
    public PacketBuilder truncate(int length) {
        truncateTo = length;
        return this;
    }

    /** Pads the finished packet with zeros to at least this length, as Ethernet does to 60. */
    public PacketBuilder pad(int length) {
        padTo = length;
        return this;
    }

    public byte[] build() {
        byte[] bytes = {};
        for (final PacketLayer layer : layers.reversed()) {
            bytes = layer.encodeAndPatch(bytes);
        }
        bytes = bytes.length < padTo ? Arrays.copyOf(bytes, padTo) : bytes;
        return bytes.length > truncateTo ? Arrays.copyOf(bytes, truncateTo) : bytes;
    }

    /** The packet split at its first IP header into fragments of at most {@code mtu} bytes each (IP header included). */
    public List<byte[]> fragments(int mtu) {
        return PacketFragments.split(build(), mtu);
    }

    /** Bytes from hexadecimal digits; white space and colons between them are skipped. */
    public static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replaceAll("[\\s:]", ""));
    }

    private PacketBuilder add(PacketLayer layer) {
        if (!layers.isEmpty()) {
            layer.outer = layers.getLast();
            layers.getLast().inner = layer;
        }
        layers.add(layer);
        return this;
    }

    private <L extends PacketLayer> L nearest(Class<L> type) {
        return type.cast(nearest(new Class<?>[] {type}));
    }

    private PacketLayer nearest(Class<?>... types) {
        for (final PacketLayer layer : layers.reversed()) {
            for (final Class<?> type : types) {
                if (type.isInstance(layer)) {
                    return layer;
                }
            }
        }
        throw new IllegalStateException("no header with this field before it: " + Arrays.toString(types));
    }

    static byte[] bytes(int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
