package io.weir.dataplane.flow;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Decision;

/**
 * What a router does besides forwarding: it resolves neighbours, answers, and says why it can't forward. Called by a
 * worker's slow path; sends through the worker's {@link Transmitter}. The packet's slot stays the caller's.
 */
public interface Responder {
    /** An ARP packet, or neighbour discovery (ICMPv6 133 to 137), that came in by this port. Counts what it ignores. */
    void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter);

    /** Sends the decision's {@link Decision#answer()} about the packet to its sender. */
    void answer(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter);

    /**
     * The packet waits: for a neighbour (the decision names output port and destination), of which a copy is kept, or the
     * packet counted as dropped; or, without an output port, for its first fragment, of which the deciding stage keeps a copy.
     */
    void hold(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter);

    /**
     * The packet is longer than its way out allows and may be fragmented: sends the pieces, rewritten already.
     *
     * @param notes offload notes: a partial checksum is completed first
     */
    void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter);

    /**
     * Once per turn of the worker: does what is due by time, and gives back packets that need not wait any longer.
     *
     * @return packets sent or taken up
     */
    default int turn(Snapshot snapshot, Transmitter transmitter, Resumption resumption, long nowNs) {
        return 0;
    }
}
