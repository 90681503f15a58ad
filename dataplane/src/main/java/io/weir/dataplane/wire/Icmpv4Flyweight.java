package io.weir.dataplane.wire;

import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/** An ICMP header (RFC 792); the checksum covers the message alone. */
public final class Icmpv4Flyweight extends IcmpFlyweight<Icmpv4Flyweight> {
    public static final int ECHO_REPLY = 0;
    public static final int DESTINATION_UNREACHABLE = 3;
    public static final int REDIRECT = 5;
    public static final int ECHO_REQUEST = 8;
    public static final int TIME_EXCEEDED = 11;
    public static final int PARAMETER_PROBLEM = 12;

    /** Codes of {@link #DESTINATION_UNREACHABLE}. */
    public static final int NETWORK_UNREACHABLE = 0;

    public static final int HOST_UNREACHABLE = 1;
    public static final int PROTOCOL_UNREACHABLE = 2;
    public static final int PORT_UNREACHABLE = 3;

    /** RFC 1191: {@link #nextHopMtu()} says to what size. */
    public static final int FRAGMENTATION_NEEDED = 4;

    /** RFC 1812 section 5.2.7.1: communication administratively prohibited. */
    public static final int PROHIBITED = 13;

    private static final int SOURCE_QUENCH = 4;

    public static @Nullable WireFault check(DirectBuffer buffer, int offset, int available) {
        return available < HEADER_LENGTH ? WireFault.ICMPV4_TRUNCATED : null;
    }

    /** Errors quote a packet, and no error is ever sent about them (RFC 1122 section 3.2.2). */
    public static boolean isError(int type) {
        return switch (type) {
            case DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM -> true;
            default -> false;
        };
    }

    @Override
    Icmpv4Flyweight self() {
        return this;
    }

    @Override
    public boolean isError() {
        return isError(type());
    }

    /** What {@link #checksum()} should be for {@code length} bytes of message; ICMPv4 has no pseudo header. */
    public int computeChecksum(int length) {
        return InternetChecksum.ofSum(sum(length) - checksum());
    }

    public boolean hasValidChecksum(int length) {
        return InternetChecksum.isValid(sum(length));
    }

    /** Bytes, of {@link #FRAGMENTATION_NEEDED}; 0 from routers older than RFC 1191. */
    public int nextHopMtu() {
        return sequence();
    }

    /** Writes bytes 4 to 7: zero and the MTU; with 0 the unused word of other errors. */
    public Icmpv4Flyweight nextHopMtu(int bytes) {
        return restOfHeader(bytes & 0xFFFF);
    }

    /** {@code ICMP echo request id 7 seq 9} or {@code ICMP fragmentation needed mtu 1450}. */
    public void appendTo(StringBuilder text) {
        text.append("ICMP ");
        switch (type()) {
            case ECHO_REPLY, ECHO_REQUEST -> appendEcho(text, type() == ECHO_REQUEST);
            case DESTINATION_UNREACHABLE -> appendUnreachable(text);
            case REDIRECT -> WireText.ipv4(text.append("redirect to "), (int) restOfHeader());
            case TIME_EXCEEDED -> text.append(code() == 0 ? "time exceeded in transit" : "reassembly time exceeded");
            case PARAMETER_PROBLEM -> text.append("parameter problem at byte ").append(restOfHeader() >>> 24);
            default -> text.append("type ").append(type()).append(" code ").append(code());
        }
    }

    private void appendUnreachable(StringBuilder text) {
        switch (code()) {
            case NETWORK_UNREACHABLE -> text.append("network unreachable");
            case HOST_UNREACHABLE -> text.append("host unreachable");
            case PROTOCOL_UNREACHABLE -> text.append("protocol unreachable");
            case PORT_UNREACHABLE -> text.append("port unreachable");
            case FRAGMENTATION_NEEDED ->
                text.append("fragmentation needed mtu ").append(nextHopMtu());
            case PROHIBITED -> text.append("administratively prohibited");
            default -> text.append("unreachable code ").append(code());
        }
    }
}
