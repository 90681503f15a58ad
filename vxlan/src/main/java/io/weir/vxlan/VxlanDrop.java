package io.weir.vxlan;

import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;

/** Why a packet that was addressed to a tunnel endpoint of this node was dropped; ids 64 to 79. */
public enum VxlanDrop implements DropReason {
    TUNNEL_TRUNCATED(
            64, "The tunnel packet ends before its UDP, VXLAN, inner Ethernet or inner IP header says it does."),
    VXLAN_FLAGS(65, "The VXLAN header lacks the VNI flag, or a reserved bit is set; the sender uses an extension."),
    NO_SUCH_VNI(66, "No network with this VNI ends at the address and port; compare the VNI of both nodes."),
    UNKNOWN_VTEP(
            67, "The tunnel packet comes from an address that is no node of this network; its lease may be missing."),
    WRONG_INNER_DESTINATION_MAC(
            68, "The inner frame is for another VTEP's Ethernet address; the peer holds an old one of ours."),
    OWN_INNER_SOURCE_MAC(
            69, "The inner frame claims to come from our own VTEP or from a group address: a loop or a forgery."),
    INNER_NOT_IP(
            70, "The inner frame is neither IPv4 nor IPv6; flannel networks resolve no addresses inside the tunnel."),
    NESTED_TUNNEL(71, "The inner packet is addressed to a tunnel endpoint of this node: a tunnel in the tunnel."),
    OUTER_CHECKSUM(72, "The outer UDP checksum is there and wrong."),
    OUTER_CHECKSUM_MISSING(73, "The outer UDP checksum is zero over IPv6, where it is mandatory."),
    OUTER_FRAGMENT(
            74, "The tunnel packet was fragmented on its way; the MTU of the underlay is smaller than configured."),
    CONGESTION_NOT_ECN_CAPABLE(
            75, "The underlay marked congestion, and the inner packet's sender cannot understand it (RFC 6040).");

    private final int id;
    private final String label;
    private final String sentence;

    VxlanDrop(int id, String sentence) {
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
