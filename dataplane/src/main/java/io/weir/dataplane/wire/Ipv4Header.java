package io.weir.dataplane.wire;

/**
 * An IPv4 header without options; the checksum is computed, not held.
 *
 * @param trafficClass   DSCP and ECN, 8 bits
 * @param payloadLength  bytes behind the header
 * @param fragmentOffset bytes of the datagram before this fragment, a multiple of 8
 * @param protocol       an {@link IpProtocol}
 */
public record Ipv4Header(
        IpAddress source,
        IpAddress destination,
        int protocol,
        int ttl,
        int trafficClass,
        int payloadLength,
        int identification,
        boolean dontFragment,
        boolean moreFragments,
        int fragmentOffset) {
    public Ipv4Header {
        if (!source.isIpv4() || !destination.isIpv4()) {
            throw new IllegalArgumentException("not IPv4: " + source + ", " + destination);
        }
        if (payloadLength < 0 || payloadLength > Ipv4Flyweight.MAX_TOTAL_LENGTH - Ipv4Flyweight.MIN_HEADER_LENGTH) {
            throw new IllegalArgumentException("payload length " + payloadLength);
        }
        if ((fragmentOffset & 7) != 0 || fragmentOffset < 0 || fragmentOffset > 0xFFF8) {
            throw new IllegalArgumentException("fragment offset " + fragmentOffset);
        }
    }

    /** A header that is not of a fragment, with TTL 64 and all else zero. */
    public static Ipv4Header of(IpAddress source, IpAddress destination, int protocol, int payloadLength) {
        return new Ipv4Header(source, destination, protocol, 64, 0, payloadLength, 0, false, false, 0);
    }

    /** Options, if any, are left behind. */
    public static Ipv4Header parse(Ipv4Flyweight flyweight) {
        return new Ipv4Header(
                IpAddress.ipv4(flyweight.source()),
                IpAddress.ipv4(flyweight.destination()),
                flyweight.protocol(),
                flyweight.ttl(),
                flyweight.trafficClass(),
                flyweight.payloadLength(),
                flyweight.identification(),
                flyweight.isDontFragment(),
                flyweight.isMoreFragments(),
                flyweight.fragmentOffset());
    }

    /** Writes {@link Ipv4Flyweight#MIN_HEADER_LENGTH} bytes with the right checksum. */
    public void emit(Ipv4Flyweight flyweight) {
        flyweight
                .headerLength(Ipv4Flyweight.MIN_HEADER_LENGTH)
                .trafficClass(trafficClass)
                .totalLength(Ipv4Flyweight.MIN_HEADER_LENGTH + payloadLength)
                .identification(identification)
                .fragment(dontFragment, moreFragments, fragmentOffset)
                .ttl(ttl)
                .protocol(protocol)
                .source(source.ipv4Bits())
                .destination(destination.ipv4Bits())
                .checksum(0);
        flyweight.checksum(flyweight.computeChecksum());
    }
}
