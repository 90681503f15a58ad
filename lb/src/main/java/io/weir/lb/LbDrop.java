package io.weir.lb;

import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;

/** Drop reasons of the service stage; ids 112 to 127. */
public enum LbDrop implements DropReason {
    NO_ENDPOINT(112, "The Service has no usable endpoint on any node; the sender is told."),
    NO_LOCAL_ENDPOINT(113, "The Service's traffic policy is Local, and this node has no usable endpoint of it."),
    SERVICE_PORT_UNKNOWN(
            114, "The cluster IP exists, but no Service port has this port and protocol; the sender is told."),
    SERVICE_ADDRESS_UNALLOCATED(115, "The destination lies in the Service range, but no Service has this address."),
    SOURCE_RANGE_DENIED(116, "The sender is in none of the Service's loadBalancerSourceRanges."),
    PEER_SERVICE_UNKNOWN(
            117,
            "Another node sent it on for a backend here, and no Service known here has its destination; routing it would"
                    + " send it round in a circle."),
    BACKEND_GONE(118, "The connection's backend went again and again while the packet was decided about.");

    private final int id;
    private final String label;
    private final String sentence;

    LbDrop(int id, String sentence) {
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
