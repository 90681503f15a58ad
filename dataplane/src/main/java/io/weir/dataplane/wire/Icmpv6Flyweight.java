package io.weir.dataplane.wire;

import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * An ICMPv6 header (RFC 4443 section 2.1); {@link NdFlyweight} reads neighbour discovery. Unlike ICMPv4's, the checksum
 * covers a pseudo header.
 */
public final class Icmpv6Flyweight extends IcmpFlyweight<Icmpv6Flyweight> {
    public static final int DESTINATION_UNREACHABLE = 1;
    public static final int PACKET_TOO_BIG = 2;
    public static final int TIME_EXCEEDED = 3;
    public static final int PARAMETER_PROBLEM = 4;
    public static final int ECHO_REQUEST = 128;
    public static final int ECHO_REPLY = 129;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    public static final int NO_ROUTE = 0;

    public static final int PROHIBITED = 1;
    public static final int BEYOND_SCOPE = 2;
    public static final int ADDRESS_UNREACHABLE = 3;
    public static final int PORT_UNREACHABLE = 4;

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.ICMPV6_TRUNCATED : null;
    }

    /** Error types are below 128; they quote a packet, and no error is ever sent about them (RFC 4443 section 2.4). */
    public static boolean isError(int type) {
        return type < 128;
    }

    @Override
    Icmpv6Flyweight self() {
        return this;
    }

    @Override
    public boolean isError() {
        return isError(type());
    }

    /** What {@link #checksum()} should be for {@code length} bytes of message behind this pseudo header. */
    public int computeChecksum(long pseudoHeader, int length) {
        return InternetChecksum.ofSum(pseudoHeader + sum(length) - checksum());
    }

    public boolean hasValidChecksum(long pseudoHeader, int length) {
        return InternetChecksum.isValid(pseudoHeader + sum(length));
    }

    /** Bytes, of {@link #PACKET_TOO_BIG}; unsigned 32 bits. */
    public long mtu() {
        return restOfHeader();
    }

    /** Writes bytes 4 to 7; 0 is the unused word of other errors. */
    public Icmpv6Flyweight mtu(long bytes) {
        return restOfHeader(bytes);
    }

    /** {@code ICMPv6 echo request id 7 seq 9} or {@code ICMPv6 packet too big mtu 1280}. */
    public void appendTo(StringBuilder text) {
        text.append("ICMPv6 ");
        switch (type()) {
            case ECHO_REPLY, ECHO_REQUEST -> appendEcho(text, type() == ECHO_REQUEST);
            case DESTINATION_UNREACHABLE -> appendUnreachable(text);
            case PACKET_TOO_BIG -> text.append("packet too big mtu ").append(mtu());
            case TIME_EXCEEDED -> text.append(code() == 0 ? "time exceeded in transit" : "reassembly time exceeded");
            case PARAMETER_PROBLEM -> text.append("parameter problem at byte ").append(mtu());
            default -> text.append("type ").append(type()).append(" code ").append(code());
        }
    }

    private void appendUnreachable(StringBuilder text) {
        switch (code()) {
            case NO_ROUTE -> text.append("no route to destination");
            case PROHIBITED -> text.append("administratively prohibited");
            case BEYOND_SCOPE -> text.append("beyond scope of source");
            case ADDRESS_UNREACHABLE -> text.append("address unreachable");
            case PORT_UNREACHABLE -> text.append("port unreachable");
            default -> text.append("unreachable code ").append(code());
        }
    }
}
