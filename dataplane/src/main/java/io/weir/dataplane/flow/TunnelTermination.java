package io.weir.dataplane.flow;

import org.jspecify.annotations.Nullable;

/** Takes the tunnel off packets that arrive at an uplink. Implemented by vxlan; immutable, shared by the workers. */
public interface TunnelTermination {
    /** What {@link #terminate} says of a packet that is no tunnel packet for this node. */
    int NOT_A_TUNNEL = 0;

    /**
     * Looks whether the frame is a tunnel packet for this node, and validates it.
     *
     * @param frame           raw address of the outer Ethernet header
     * @param length          bytes of the frame
     * @param checksumSettled the device has verified the outer transport checksum, or a sender on this machine has left it
     *                        to a device: there is nothing to verify
     * @return {@link #NOT_A_TUNNEL}; or the tunnel's scope (1 to 32767) in the upper and the inner Ethernet header's offset in
     *     the lower 16 bits; or the negated id of a drop reason
     */
    int terminate(long frame, int length, boolean checksumSettled);

    /**
     * The same, and counts the packet for the far end that it came from.
     *
     * @param tally the worker's; null counts nothing
     */
    default int terminate(long frame, int length, boolean checksumSettled, @Nullable TunnelTally tally) {
        return terminate(frame, length, checksumSettled);
    }

    /**
     * Where the first tunnel header of a frame lies which ends at this node, without a look at more than the addresses.
     *
     * @return its offset, behind the outer UDP header; or 0: the frame is no tunnel packet for this node
     */
    default int tunnelHeader(long frame, int length) {
        return 0;
    }

    /**
     * What a TCP connection on this way is told to keep to.
     *
     * @param scope     of its packet: where that came in
     * @param adjacency raw address of where it goes
     * @return the largest IP packet in bytes, or 0: it is told nothing
     */
    default int segmentMtu(int scope, long adjacency) {
        return 0;
    }
}
