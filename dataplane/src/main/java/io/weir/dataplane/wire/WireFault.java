package io.weir.dataplane.wire;

import java.util.Locale;

/**
 * What is wrong with the form of a header, as the {@code check} methods of the flyweights find it. Whether a packet is
 * dropped for it is decided elsewhere.
 */
public enum WireFault {
    ETHERNET_HEADER_TRUNCATED("The frame ends before its Ethernet header does."),
    VLAN_TAG_TRUNCATED("The frame ends inside an 802.1Q tag."),
    VLAN_TAGS_TOO_DEEP("More than two 802.1Q tags follow one another."),
    ARP_TRUNCATED("The ARP packet is shorter than its fixed 28 bytes."),
    ARP_UNSUPPORTED("The ARP packet is not about IPv4 over Ethernet."),
    IPV4_HEADER_TRUNCATED("Fewer bytes than the IPv4 header says are there."),
    IPV4_BAD_VERSION("The version field of an IPv4 header is not 4."),
    IPV4_BAD_HEADER_LENGTH("The IPv4 header length is below 20 bytes."),
    IPV4_BAD_TOTAL_LENGTH("The IPv4 total length is smaller than the header."),
    IPV4_PACKET_TRUNCATED("The IPv4 total length exceeds the bytes that are there."),
    IPV4_FRAGMENT_BEYOND_LIMIT("The IPv4 fragment would end behind byte 65535 of its datagram."),
    IPV6_HEADER_TRUNCATED("Fewer than 40 bytes of IPv6 header are there."),
    IPV6_BAD_VERSION("The version field of an IPv6 header is not 6."),
    IPV6_PACKET_TRUNCATED("The IPv6 payload length exceeds the bytes that are there."),
    IPV6_EXTENSION_TRUNCATED("An IPv6 extension header ends behind the packet."),
    IPV6_EXTENSIONS_TOO_MANY("The chain of IPv6 extension headers is longer than weir walks."),
    IPV6_EXTENSION_MISPLACED("A hop-by-hop header is not the first, or a second fragment header follows."),
    IPV6_FRAGMENT_BAD_LENGTH("An IPv6 fragment that is not the last has a length that is no multiple of 8."),
    IPV6_FRAGMENT_BEYOND_LIMIT("The IPv6 fragment would end behind byte 65535 of its datagram."),
    ICMPV4_TRUNCATED("Fewer than 8 bytes of ICMP header are there."),
    ICMPV6_TRUNCATED("Fewer than 8 bytes of ICMPv6 header are there."),
    ND_TRUNCATED("The neighbour-discovery message is shorter than its fixed part."),
    ND_UNKNOWN_TYPE("The ICMPv6 type is not one of neighbour discovery's."),
    ND_BAD_CODE("The code of a neighbour-discovery message is not 0."),
    ND_BAD_HOP_LIMIT("The hop limit of a neighbour-discovery message is not 255: it came through a router."),
    ND_BAD_TARGET("The target of a neighbour solicitation or advertisement is a multicast address."),
    ND_OPTION_MALFORMED("A neighbour-discovery option has length 0 or ends behind the message."),
    TCP_HEADER_TRUNCATED("Fewer bytes than the TCP header says are there."),
    TCP_BAD_DATA_OFFSET("The TCP data offset is below 20 bytes."),
    UDP_HEADER_TRUNCATED("Fewer than 8 bytes of UDP header are there."),
    UDP_BAD_LENGTH("The UDP length is below 8 or exceeds the bytes that are there."),
    SCTP_HEADER_TRUNCATED("Fewer than 12 bytes of SCTP header are there."),
    SCTP_CHUNK_MALFORMED("An SCTP chunk has a length below 4 or ends behind the packet."),
    VXLAN_HEADER_TRUNCATED("Fewer than 8 bytes of VXLAN header are there."),
    VXLAN_VNI_FLAG_MISSING("The VXLAN header does not say that its network identifier is valid."),
    VXLAN_RESERVED_BITS("Reserved bits of the VXLAN header are set; Linux drops such packets, too.");

    private final String label;
    private final String sentence;

    WireFault(String sentence) {
        this.label = name().toLowerCase(Locale.ROOT).replace('_', '-');
        this.sentence = sentence;
    }

    /** Lower-kebab text: {@code ipv4-header-truncated}. */
    public String label() {
        return label;
    }

    /** One sentence for a person. */
    public String sentence() {
        return sentence;
    }
}
