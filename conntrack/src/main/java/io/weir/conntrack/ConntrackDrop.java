package io.weir.conntrack;

import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;

/** Drop reasons of connection tracking and source NAT; ids 80 to 111. */
public enum ConntrackDrop implements DropReason {
    CONNTRACK_TABLE_FULL(80, "The connection table is full of established connections; raise its capacity."),
    CONNTRACK_INDEX_FULL(81, "No room near the connection's place in the table's index; raise the capacity."),
    CONNECTION_RACE(82, "Other workers created and removed the same connection again and again meanwhile."),
    SELF_CONNECTION(83, "Source and destination address and port are the same."),
    TCP_FLAGS_INVALID(84, "The TCP flags contradict each other."),
    TCP_NOT_A_SYN(85, "The TCP segment belongs to no known connection and does not open one."),
    TCP_STATE_INVALID(86, "The TCP segment's flags make no sense in the connection's state."),
    TCP_SEQUENCE_AHEAD(87, "The TCP segment begins beyond what the receiver has allowed."),
    TCP_SEQUENCE_OLD(88, "The TCP segment ends before the receiver's window: data that was acknowledged long ago."),
    TCP_ACK_UNSENT(89, "The TCP segment acknowledges data that was never sent."),
    TCP_RESET_OUT_OF_WINDOW(90, "The TCP reset lies outside of the receiver's window: a forgery, or very late."),
    ICMP_NO_CONNECTION(91, "The ICMP reply answers no request that was seen."),
    ICMP_ERROR_UNRELATED(92, "The ICMP error quotes a packet of no known connection."),
    ICMP_ERROR_MALFORMED(93, "The packet that the ICMP error quotes is too short or contradicts itself."),
    ICMP_ERROR_CHECKSUM(94, "The ICMP error, or the IP header that it quotes, has a wrong checksum."),
    ICMP_REDIRECT_IGNORED(95, "ICMP redirects are not forwarded."),
    SCTP_CHUNK_INVALID(96, "The SCTP chunks are malformed or must not travel together."),
    SCTP_STATE_INVALID(97, "The SCTP chunk makes no sense in the association's state."),
    SCTP_TAG_INVALID(98, "The SCTP verification tag is not the association's."),
    SCTP_NOT_AN_INIT(99, "The SCTP packet belongs to no known association and does not open one."),
    SNAT_PORTS_EXHAUSTED(100, "Every port of the translated address is in use towards this destination."),
    SNAT_NO_ADDRESS(101, "Masquerade is due, but the way out has no address of the packet's family."),
    FRAGMENT_DUPLICATE(102, "The fragment repeats bytes of its datagram that have passed already."),
    FRAGMENT_CONNECTION_GONE(103, "The fragment's first was seen, but its connection does not exist."),
    FRAGMENT_HOLES(104, "The datagram's fragments arrived with too many gaps between them."),
    FRAGMENT_HEADERS(105, "The first fragment's protocol is not the one that the later fragment names."),
    SCTP_FRAGMENT_PORTS(106, "The SCTP packet is in fragments, so its CRC can't follow the translation of its ports.");

    private final int id;
    private final String label;
    private final String sentence;

    ConntrackDrop(int id, String sentence) {
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
