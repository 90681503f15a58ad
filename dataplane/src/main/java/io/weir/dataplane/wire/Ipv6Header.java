package io.weir.dataplane.wire;

/**
 * The fixed IPv6 header.
 *
 * @param nextHeader    an {@link IpProtocol}
 * @param trafficClass  DSCP and ECN, 8 bits
 * @param flowLabel     20 bits
 * @param payloadLength bytes behind the header, extension headers included
 */
public record Ipv6Header(
        IpAddress source,
        IpAddress destination,
        int nextHeader,
        int hopLimit,
        int trafficClass,
        int flowLabel,
        int payloadLength) {
    public Ipv6Header {
        if (payloadLength < 0 || payloadLength > 65535) {
            throw new IllegalArgumentException("payload length " + payloadLength);
        }
    }

    /** A header with hop limit 64, traffic class and flow label zero. */
    public static Ipv6Header of(IpAddress source, IpAddress destination, int nextHeader, int payloadLength) {
        return new Ipv6Header(source, destination, nextHeader, 64, 0, 0, payloadLength);
    }

    public static Ipv6Header parse(Ipv6Flyweight flyweight) {
        return new Ipv6Header(
                new IpAddress(flyweight.sourceHigh(), flyweight.sourceLow()),
                new IpAddress(flyweight.destinationHigh(), flyweight.destinationLow()),
                flyweight.nextHeader(),
                flyweight.hopLimit(),
                flyweight.trafficClass(),
                flyweight.flowLabel(),
                flyweight.payloadLength());
    }

    /** Writes {@link Ipv6Flyweight#HEADER_LENGTH} bytes. */
    public void emit(Ipv6Flyweight flyweight) {
        flyweight
                .versionAndClass(trafficClass, flowLabel)
                .payloadLength(payloadLength)
                .nextHeader(nextHeader)
                .hopLimit(hopLimit)
                .source(source.high(), source.low())
                .destination(destination.high(), destination.low());
    }
}
