package io.weir.dataplane.wire;

/**
 * A TCP header without options.
 *
 * @param sequence       unsigned 32 bits
 * @param acknowledgment unsigned 32 bits
 * @param flags          the byte of CWR to FIN
 * @param window         unscaled
 * @param checksum       as it stands in the header
 */
public record TcpHeader(
        int sourcePort,
        int destinationPort,
        long sequence,
        long acknowledgment,
        int flags,
        int window,
        int checksum,
        int urgentPointer) {
    /** Options, if any, are left behind. */
    public static TcpHeader parse(TcpFlyweight flyweight) {
        return new TcpHeader(
                flyweight.sourcePort(),
                flyweight.destinationPort(),
                flyweight.sequence() & 0xFFFF_FFFFL,
                flyweight.acknowledgment() & 0xFFFF_FFFFL,
                flyweight.flags(),
                flyweight.window(),
                flyweight.checksum(),
                flyweight.urgentPointer());
    }

    /** Writes {@link TcpFlyweight#MIN_HEADER_LENGTH} bytes. */
    public void emit(TcpFlyweight flyweight) {
        flyweight
                .sourcePort(sourcePort)
                .destinationPort(destinationPort)
                .sequence((int) sequence)
                .acknowledgment((int) acknowledgment)
                .headerLength(TcpFlyweight.MIN_HEADER_LENGTH)
                .flags(flags)
                .window(window)
                .checksum(checksum)
                .urgentPointer(urgentPointer);
    }
}
