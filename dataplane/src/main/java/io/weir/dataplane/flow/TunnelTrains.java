package io.weir.dataplane.flow;

import io.weir.dataplane.packet.Burst;

/**
 * Takes apart trains of tunnel packets: a payload of equal datagrams, one behind the other, with one outer header, which a
 * port has received as one. One per worker; one train at a time.
 */
public interface TunnelTrains {
    /**
     * Takes over a train.
     *
     * @param frame        raw address of the outer Ethernet header
     * @param length       bytes of the frame
     * @param pieceBytes   bytes of each datagram's payload, at least 1; the last may be shorter
     * @param tunnelHeader offset of the first tunnel header from the frame's start
     */
    void begin(Transmitter transmitter, int handle, long frame, int length, int pieceBytes, int tunnelHeader);

    /**
     * Adds the next packet to the burst, which must have room: a tunnel packet as it would have come by itself, or TCP
     * segments of one connection as one tunnel packet with the note {@link Burst#TUNNELLED}.
     *
     * @return false if nothing was left: the train's slot is released
     */
    boolean next(Transmitter transmitter, Burst target);
}
