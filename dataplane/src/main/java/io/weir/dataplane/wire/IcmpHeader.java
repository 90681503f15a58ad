package io.weir.dataplane.wire;

/**
 * The 8 bytes that ICMPv4 and ICMPv6 share.
 *
 * @param checksum     as it stands in the header
 * @param restOfHeader bytes 4 to 7, unsigned: identifier and sequence of an echo, the MTU of a "too big"
 */
public record IcmpHeader(int type, int code, int checksum, long restOfHeader) {
    public static IcmpHeader parse(Icmpv4Flyweight flyweight) {
        return new IcmpHeader(
                flyweight.type(),
                flyweight.code(),
                flyweight.checksum(),
                (long) flyweight.identifier() << 16 | flyweight.sequence());
    }

    public static IcmpHeader parse(Icmpv6Flyweight flyweight) {
        return new IcmpHeader(flyweight.type(), flyweight.code(), flyweight.checksum(), flyweight.mtu());
    }

    /** Writes {@link Icmpv4Flyweight#HEADER_LENGTH} bytes. */
    public void emit(Icmpv4Flyweight flyweight) {
        flyweight
                .typeAndCode(type, code)
                .checksum(checksum)
                .identifier((int) (restOfHeader >>> 16))
                .sequence((int) restOfHeader);
    }

    /** Writes {@link Icmpv6Flyweight#HEADER_LENGTH} bytes. */
    public void emit(Icmpv6Flyweight flyweight) {
        flyweight.typeAndCode(type, code).checksum(checksum).mtu(restOfHeader);
    }
}
