package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Text for any bytes, in the manner of tcpdump: never throws, and reads nothing outside of the bytes that it is given.
 *
 * <pre>{@code
 * 02:00:00:00:00:01 > 02:00:00:00:00:02, IPv4 10.0.0.1 > 10.0.0.2 ttl 64, TCP 40000 > 80 [S] seq 1 win 65535 length 0
 * }</pre>
 *
 * <p>Goes into 802.1Q tags, VXLAN, IP in IP and the packet that an ICMP error quotes, to a depth of {@value #MAX_DEPTH}.
 * Where a header is malformed, the label of the {@link WireFault} stands in brackets, and bytes that can't be read as
 * anything are counted. The verbose form has a line for each header, verifies checksums and dumps the payload.
 */
public final class PacketPrinter {
    /** Frames and IP packets within one another that are followed: bounds the recursion, whatever the bytes say. */
    private static final int MAX_DEPTH = 8;

    private static final int MAX_TAGS = 2;
    private static final int MAX_CHUNKS = 16;

    private final UnsafeBuffer buffer;
    private final StringBuilder text;
    private final boolean verbose;
    private final PacketLayout layout;
    private int depth;

    /** A packet quoted by an error: may end anywhere, and its checksums can't be verified. */
    private boolean quoted;

    private PacketPrinter(DirectBuffer bytes, int offset, int length, StringBuilder text, boolean verbose) {
        this.buffer = new UnsafeBuffer(bytes, offset, length);
        this.text = text;
        this.verbose = verbose;
        this.layout = new PacketLayout(text, verbose);
    }

    /** An Ethernet frame in one line. */
    public static String print(byte[] frame) {
        return print(new UnsafeBuffer(frame), 0, frame.length);
    }

    /** An Ethernet frame in one line. */
    public static String print(DirectBuffer buffer, int offset, int length) {
        final StringBuilder text = new StringBuilder(160);
        new PacketPrinter(buffer, offset, length, text, false).frame(0, length);
        return text.toString();
    }

    /** Bytes that start with an IP header, in one line. */
    public static String printIp(byte[] packet) {
        final StringBuilder text = new StringBuilder(160);
        new PacketPrinter(new UnsafeBuffer(packet), 0, packet.length, text, false).ip(0, packet.length);
        return text.toString();
    }

    /** An Ethernet frame with a line for each header, verified checksums, and its payload in hexadecimal. */
    public static String printVerbose(byte[] frame) {
        return printVerbose(new UnsafeBuffer(frame), 0, frame.length);
    }

    /** An Ethernet frame with a line for each header, verified checksums, and its payload in hexadecimal. */
    public static String printVerbose(DirectBuffer buffer, int offset, int length) {
        final StringBuilder text = new StringBuilder(512);
        new PacketPrinter(buffer, offset, length, text, true).frame(0, length);
        return text.toString();
    }

    /** Bytes that start with an IP header, in the verbose form. */
    public static String printIpVerbose(byte[] packet) {
        final StringBuilder text = new StringBuilder(512);
        new PacketPrinter(new UnsafeBuffer(packet), 0, packet.length, text, true).ip(0, packet.length);
        return text.toString();
    }

    // ---- link layer

    private void frame(int offset, int end) {
        if (isTooDeep(offset, end) || isFaulty(EthernetFlyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        final EthernetFlyweight ethernet = new EthernetFlyweight().wrap(buffer, offset);
        begin();
        ethernet.appendTo(text);
        if (verbose) {
            text.append(" type ").append(EtherType.name(ethernet.type())).append(' ');
            text.append(end - offset).append(" bytes");
        }
        int type = ethernet.type();
        int at = offset + EthernetFlyweight.HEADER_LENGTH;
        final VlanFlyweight vlan = new VlanFlyweight();
        for (int tags = 0; EtherType.isVlan(type); tags++) {
            final WireFault fault =
                    tags == MAX_TAGS ? WireFault.VLAN_TAGS_TOO_DEEP : VlanFlyweight.check(buffer, at, end - at);
            if (isFaulty(fault, at, end)) {
                return;
            }
            begin();
            vlan.wrap(buffer, at).appendTo(text);
            type = vlan.type();
            at += VlanFlyweight.HEADER_LENGTH;
        }
        network(type, at, end);
    }

    private void network(int type, int offset, int end) {
        switch (type) {
            case EtherType.IPV4 -> ipv4(offset, end);
            case EtherType.IPV6 -> ipv6(offset, end);
            case EtherType.ARP -> arp(offset, end);
            default -> {
                begin();
                if (type < EtherType.MIN_TYPE) {
                    text.append("802.3 length ").append(type);
                } else {
                    text.append(EtherType.name(type)).append(" length ").append(end - offset);
                }
                dump(offset, end);
            }
        }
    }

    private void arp(int offset, int end) {
        if (isFaulty(ArpFlyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        begin();
        text.append("ARP ");
        new ArpFlyweight().wrap(buffer, offset).appendTo(text);
        padding(offset + ArpFlyweight.LENGTH, end);
    }

    // ---- internet layer

    private void ip(int offset, int end) {
        if (end > offset && (buffer.getByte(offset) & 0xF0) == 0x60) {
            ipv6(offset, end);
        } else {
            ipv4(offset, end);
        }
    }

    private void ipv4(int offset, int end) {
        final int available = end - offset;
        final WireFault fault = quoted
                ? Ipv4Flyweight.checkHeader(buffer, offset, available)
                : Ipv4Flyweight.check(buffer, offset, available);
        if (isTooDeep(offset, end) || isFaulty(fault, offset, end)) {
            return;
        }
        final Ipv4Flyweight ip = new Ipv4Flyweight().wrap(buffer, offset);
        begin();
        ip.appendTo(text);
        if (verbose) {
            text.append(" length ").append(ip.totalLength());
            verdict(ip.checksum(), ip.computeChecksum(), 4);
        }
        final int stop = Math.max(ip.payloadOffset(), Math.min(end, offset + ip.totalLength()));
        final int length = stop - ip.payloadOffset();
        if (ip.fragmentOffset() != 0) {
            opaque(ip.protocol(), ip.payloadOffset(), stop);
        } else {
            final boolean whole = !quoted && !ip.isFragment();
            upper(ip.protocol(), ip.payloadOffset(), stop, whole, ip.pseudoHeader(ip.protocol(), length));
        }
        padding(stop, end);
    }

    private void ipv6(int offset, int end) {
        final int available = end - offset;
        final WireFault fault = quoted
                ? Ipv6Flyweight.checkHeader(buffer, offset, available)
                : Ipv6Flyweight.check(buffer, offset, available);
        if (isTooDeep(offset, end) || isFaulty(fault, offset, end)) {
            return;
        }
        final Ipv6Flyweight ip = new Ipv6Flyweight().wrap(buffer, offset);
        begin();
        ip.appendTo(text);
        if (verbose) {
            text.append(" payload ").append(ip.payloadLength());
        }
        final int stop = Math.min(end, ip.payloadOffset() + ip.payloadLength());
        final Ipv6Extensions extensions = new Ipv6Extensions();
        final WireFault extensionFault = extensions.walk(buffer, offset, stop);
        extensions.appendTo(text);
        final int at = extensions.offset();
        if (!isFaulty(extensionFault, at, stop)) {
            if (extensions.isLaterFragment()) {
                opaque(extensions.protocol(), at, stop);
            } else {
                // With a routing header the destination may not be the one that the checksum was made for.
                final boolean whole = !quoted
                        && !extensions.isMoreFragments()
                        && extensions.routingHeaderOffset() == HeaderOptions.MISSING;
                upper(extensions.protocol(), at, stop, whole, ip.pseudoHeader(extensions.protocol(), stop - at));
            }
        }
        padding(stop, end);
    }

    private void opaque(int protocol, int offset, int end) {
        begin();
        text.append(IpProtocol.name(protocol)).append(" length ").append(end - offset);
        dump(offset, end);
    }

    // ---- upper layers

    private void upper(int protocol, int offset, int end, boolean whole, long pseudoHeader) {
        switch (protocol) {
            case IpProtocol.TCP -> tcp(offset, end, whole, pseudoHeader);
            case IpProtocol.UDP -> udp(offset, end, whole, pseudoHeader);
            case IpProtocol.SCTP -> sctp(offset, end, whole);
            case IpProtocol.ICMP -> icmpv4(offset, end, whole);
            case IpProtocol.ICMPV6 -> icmpv6(offset, end, whole, pseudoHeader);
            case IpProtocol.IPV4 -> ipv4(offset, end);
            case IpProtocol.IPV6 -> ipv6(offset, end);
            default -> opaque(protocol, offset, end);
        }
    }

    private void tcp(int offset, int end, boolean whole, long pseudoHeader) {
        if (isCutTransport("TCP", TcpFlyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        final TcpFlyweight tcp = new TcpFlyweight().wrap(buffer, offset);
        begin();
        tcp.appendTo(text);
        text.append(" length ").append(end - tcp.payloadOffset());
        if (verbose && whole) {
            verdict(tcp.checksum(), tcp.computeChecksum(pseudoHeader, end - offset), 4);
        }
        dump(tcp.payloadOffset(), end);
    }

    private void udp(int offset, int end, boolean whole, long pseudoHeader) {
        final WireFault fault = UdpFlyweight.check(buffer, offset, end - offset);
        if (isCutTransport("UDP", fault, offset, end)) {
            return;
        }
        final UdpFlyweight udp = new UdpFlyweight().wrap(buffer, offset);
        begin();
        udp.appendTo(text);
        if (verbose && whole && udp.hasChecksum()) {
            // The pseudo header counts the UDP length, which may be below what the IP header leaves.
            final long adjusted = pseudoHeader - (end - offset) + udp.length();
            verdict(udp.checksum(), udp.computeChecksum(adjusted), 4);
        }
        final int port = udp.destinationPort();
        final int stop = offset + udp.length();
        if (port == VxlanFlyweight.IANA_PORT || port == VxlanFlyweight.LINUX_PORT) {
            vxlan(udp.payloadOffset(), stop);
        } else {
            dump(udp.payloadOffset(), stop);
        }
    }

    private void vxlan(int offset, int end) {
        final WireFault fault = VxlanFlyweight.check(buffer, offset, end - offset);
        if (fault == WireFault.VXLAN_RESERVED_BITS) {
            begin();
            text.append('[').append(fault.label()).append(']');
        } else if (isFaulty(fault, offset, end)) {
            return;
        }
        final VxlanFlyweight vxlan = new VxlanFlyweight().wrap(buffer, offset);
        begin();
        vxlan.appendTo(text);
        frame(vxlan.payloadOffset(), end);
    }

    private void sctp(int offset, int end, boolean whole) {
        if (isCutTransport("SCTP", SctpFlyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        final SctpFlyweight sctp = new SctpFlyweight().wrap(buffer, offset);
        begin();
        sctp.appendTo(text);
        final SctpChunks chunks = new SctpChunks().wrap(buffer, sctp.chunksOffset(), end);
        String before = " [";
        int count = 0;
        while (count < MAX_CHUNKS && chunks.next()) {
            text.append(before).append(SctpChunks.name(chunks.type()));
            before = ", ";
            count++;
        }
        text.append(count > 0 ? "]" : "").append(count == MAX_CHUNKS ? " and more" : "");
        if (chunks.isMalformed() && !quoted) {
            text.append(" [").append(WireFault.SCTP_CHUNK_MALFORMED.label()).append(']');
        }
        if (verbose && whole) {
            verdict(sctp.checksum(), sctp.computeChecksum(end - offset), 8);
        }
        dump(sctp.chunksOffset(), end);
    }

    private void icmpv4(int offset, int end, boolean whole) {
        if (isFaulty(Icmpv4Flyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        final Icmpv4Flyweight icmp = new Icmpv4Flyweight().wrap(buffer, offset);
        begin();
        icmp.appendTo(text);
        text.append(" length ").append(end - icmp.payloadOffset());
        if (verbose && whole) {
            verdict(icmp.checksum(), icmp.computeChecksum(end - offset), 4);
        }
        quotedOrData(icmp.isError(), icmp.payloadOffset(), end);
    }

    private void icmpv6(int offset, int end, boolean whole, long pseudoHeader) {
        if (isFaulty(Icmpv6Flyweight.check(buffer, offset, end - offset), offset, end)) {
            return;
        }
        final Icmpv6Flyweight icmp = new Icmpv6Flyweight().wrap(buffer, offset);
        final boolean isNd = NdFlyweight.isNeighbourDiscovery(icmp.type());
        begin();
        if (isNd && NdFlyweight.check(buffer, offset, end - offset) == null) {
            new NdFlyweight().wrap(buffer, offset, end - offset).appendTo(text.append("ICMPv6 "));
        } else {
            icmp.appendTo(text);
            text.append(" length ").append(end - icmp.payloadOffset());
            if (isNd && !quoted) {
                appendFault(NdFlyweight.check(buffer, offset, end - offset));
            }
        }
        if (verbose && whole) {
            verdict(icmp.checksum(), icmp.computeChecksum(pseudoHeader, end - offset), 4);
        }
        quotedOrData(icmp.isError(), icmp.payloadOffset(), end);
    }

    private void quotedOrData(boolean isError, int offset, int end) {
        if (isError && end > offset) {
            final boolean before = quoted;
            quoted = true;
            layout.about();
            ip(offset, end);
            quoted = before;
        } else {
            dump(offset, end);
        }
    }

    // ---- pieces

    /** An error may quote no more than 8 bytes of a transport header: its ports. */
    private boolean isCutTransport(String name, @Nullable WireFault fault, int offset, int end) {
        if (fault == null || !quoted || end - offset < 4) {
            return isFaulty(fault, offset, end);
        }
        begin();
        text.append(name).append(' ').append(buffer.getShort(offset, BIG_ENDIAN) & 0xFFFF);
        text.append(" > ").append(buffer.getShort(offset + 2, BIG_ENDIAN) & 0xFFFF);
        return true;
    }

    private boolean isTooDeep(int offset, int end) {
        if (++depth <= MAX_DEPTH) {
            return false;
        }
        begin();
        text.append("[nested too deep] length ").append(end - offset);
        return true;
    }

    private boolean isFaulty(@Nullable WireFault fault, int offset, int end) {
        if (fault == null) {
            return false;
        }
        begin();
        text.append('[').append(fault.label()).append("] length ").append(Math.max(0, end - offset));
        dump(offset, end);
        return true;
    }

    private void appendFault(@Nullable WireFault fault) {
        if (fault != null) {
            text.append(" [").append(fault.label()).append(']');
        }
    }

    private void begin() {
        layout.begin();
    }

    private void verdict(int actual, int expected, int digits) {
        layout.verdict(actual, expected, digits);
    }

    private void padding(int offset, int end) {
        if (end > offset && !quoted) {
            layout.padding(end - offset);
        }
    }

    private void dump(int offset, int end) {
        layout.dump(buffer, offset, end);
    }
}
