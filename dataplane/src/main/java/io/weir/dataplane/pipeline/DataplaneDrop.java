package io.weir.dataplane.pipeline;

/** Drop reasons of the dataplane itself; ids 1 to 63. */
public enum DataplaneDrop implements DropReason {
    FRAME_TRUNCATED(1, "The frame ends before its Ethernet header does."),
    ETHERTYPE_UNSUPPORTED(2, "The frame carries neither IPv4, IPv6 nor ARP."),
    VLAN_TAGGED(3, "The frame carries an 802.1Q tag, and the port expects none."),
    WRONG_DESTINATION_MAC(4, "The frame is addressed to another station's Ethernet address."),
    IPV4_MALFORMED(5, "The IPv4 header is truncated, has a wrong version or length, or exceeds the frame."),
    IPV4_CHECKSUM(6, "The IPv4 header checksum is wrong."),
    IPV6_MALFORMED(7, "The IPv6 header or an extension header is truncated, too long or in a wrong order."),
    TRANSPORT_MALFORMED(8, "The TCP, UDP, SCTP or ICMP header is truncated or contradicts itself."),
    SOURCE_ROUTED(9, "The packet asks for source routing, which weir never does."),
    MARTIAN_SOURCE(10, "The source is multicast, broadcast, loopback or unspecified."),
    MARTIAN_DESTINATION(11, "The destination is loopback, unspecified or reserved."),
    MULTICAST_DESTINATION(12, "Multicast is not forwarded."),
    BROADCAST_DESTINATION(13, "Broadcast is not forwarded."),
    LINK_LOCAL_DESTINATION(14, "A link-local destination is not forwarded beyond its link."),
    SPOOFED_SOURCE_ADDRESS(15, "A pod sent from an address that is not its own."),
    SPOOFED_SOURCE_MAC(16, "A pod sent from an Ethernet address that is not its own."),
    TTL_EXCEEDED(17, "The time to live or hop limit ran out here."),
    NO_ROUTE(18, "No route leads to the destination."),
    BLACKHOLE_ROUTE(19, "The route to the destination says: discard."),
    PACKET_TOO_BIG(20, "The packet exceeds the MTU of its way out and may not be fragmented."),
    PORT_DOWN(21, "The port that leads to the destination is down or being removed."),
    TRANSMIT_FULL(22, "The transmit queue of the output port stayed full."),
    FRAGMENT_WITHOUT_FIRST(23, "The first fragment of the datagram did not arrive in time."),
    FRAGMENT_OVERLAP(24, "Fragments of one datagram overlap."),
    FRAGMENT_TABLE_FULL(25, "Too many incomplete datagrams wait for their first fragment."),
    NEIGHBOUR_UNRESOLVED(26, "The next hop did not answer address resolution."),
    NEIGHBOUR_QUEUE_FULL(27, "Too many packets wait for address resolution of the next hop."),
    NOT_FOR_US(28, "The packet is addressed to weir itself, and nothing here takes it."),
    ARP_MALFORMED(29, "The ARP packet is truncated or not for Ethernet and IPv4."),
    NEIGHBOUR_DISCOVERY_MALFORMED(30, "The neighbour-discovery packet breaks RFC 4861."),
    ARP_IGNORED(31, "The ARP packet asks for an address that is not ours."),
    NEIGHBOUR_DISCOVERY_IGNORED(32, "The neighbour-discovery packet does not concern weir."),
    SEGMENTATION_FAILED(33, "The offloaded segment could not be cut for a port that takes no big packets."),
    ICMP_RATE_LIMITED(34, "An ICMP error was due, but the rate limit for errors was reached."),
    POOL_EXHAUSTED(35, "No free packet slot was left."),
    ECHO_MALFORMED(37, "The echo request to a gateway address has a wrong checksum or length."),
    // 36 and 38 are retired
    FRAME_TOO_BIG(40, "The frame was longer than the packet slot that was free for it."),
    OFFLOAD_HEADER_INVALID(41, "What the kernel said about the frame's checksum and segments contradicts the frame."),
    DEVICE_REFUSED(42, "The kernel did not take the frame: its interface is down, or takes none so long."),
    RECEIVE_RING_FULL(43, "Frames came faster than a worker took them from the kernel's receive ring."),
    FAULT_INJECTED(39, "A fault-injecting port dropped the packet on purpose.");

    private final int id;
    private final String label;
    private final String sentence;

    DataplaneDrop(int id, String sentence) {
        this.id = id;
        this.label = DropReasons.labelOf(name());
        this.sentence = sentence;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String sentence() {
        return sentence;
    }
}
