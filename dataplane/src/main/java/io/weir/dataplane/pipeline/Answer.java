package io.weir.dataplane.pipeline;

/** What weir itself sends back about a packet. ICMP stands for ICMPv4 or ICMPv6, by the packet's family. */
public enum Answer {
    NONE,
    /** TCP RST (RFC 9293 section 3.10.7.1) for TCP; for other protocols an ICMP port unreachable. */
    RESET_OR_PORT_UNREACHABLE,
    /** ICMP port unreachable. */
    PORT_UNREACHABLE,
    /** ICMP host unreachable; for IPv6 address unreachable. */
    HOST_UNREACHABLE,
    /** ICMP network unreachable; for IPv6 no route to destination. */
    NO_ROUTE,
    /** ICMP administratively prohibited. */
    PROHIBITED,
    /** ICMP time exceeded in transit. */
    TIME_EXCEEDED,
    /** ICMP fragmentation needed or packet too big, with the decision's MTU. */
    TOO_BIG,
    /** ICMP echo reply to an echo request for an address of weir's own. */
    ECHO_REPLY
}
