package io.weir.dataplane.wire;

/**
 * The SCTP common header.
 *
 * @param verificationTag unsigned 32 bits
 * @param checksum        the field as it stands, unsigned 32 bits
 */
public record SctpHeader(int sourcePort, int destinationPort, long verificationTag, long checksum) {
    public static SctpHeader parse(SctpFlyweight flyweight) {
        return new SctpHeader(
                flyweight.sourcePort(),
                flyweight.destinationPort(),
                flyweight.verificationTag() & 0xFFFF_FFFFL,
                flyweight.checksum() & 0xFFFF_FFFFL);
    }

    /** Writes {@link SctpFlyweight#HEADER_LENGTH} bytes. */
    public void emit(SctpFlyweight flyweight) {
        flyweight
                .sourcePort(sourcePort)
                .destinationPort(destinationPort)
                .verificationTag((int) verificationTag)
                .checksum((int) checksum);
    }
}
