package io.weir.dataplane.wire;

/**
 * The 8 bytes that ICMPv4 and ICMPv6 share.
 *
 * @param checksum     as it stands in the header
 * @param restOfHeader bytes 4 to 7, unsigned: identifier and sequence of an echo, the MTU of a "too big"
 */
public record IcmpHeader(int type, int code, int checksum, long restOfHeader) {
    public static IcmpHeader parse(IcmpFlyweight<?> flyweight) {
        return new IcmpHeader(flyweight.type(), flyweight.code(), flyweight.checksum(), flyweight.restOfHeader());
    }

    /** Writes {@link IcmpFlyweight#HEADER_LENGTH} bytes. */
    public void emit(IcmpFlyweight<?> flyweight) {
        flyweight.typeAndCode(type, code).checksum(checksum).restOfHeader(restOfHeader);
    }
}
