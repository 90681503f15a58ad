package io.weir.dataplane.wire;

/**
 * A UDP header.
 *
 * @param length   bytes of header and data
 * @param checksum as it stands in the header; 0 is none
 */
public record UdpHeader(int sourcePort, int destinationPort, int length, int checksum) {
    public static UdpHeader parse(UdpFlyweight flyweight) {
        return new UdpHeader(
                flyweight.sourcePort(), flyweight.destinationPort(), flyweight.length(), flyweight.checksum());
    }

    /** Writes {@link UdpFlyweight#HEADER_LENGTH} bytes. */
    public void emit(UdpFlyweight flyweight) {
        flyweight
                .sourcePort(sourcePort)
                .destinationPort(destinationPort)
                .length(length)
                .checksum(checksum);
    }
}
