package io.weir.dataplane.offload;

import io.weir.dataplane.wire.IpAddress;

/**
 * One direction of a TCP connection, as its packets come in.
 *
 * @param ingressPort     number of the port where they come in
 * @param source          of the same family as the destination
 * @param sourcePort      0 to 65535
 * @param destinationPort 0 to 65535
 */
public record OffloadKey(
        int ingressPort, IpAddress source, IpAddress destination, int sourcePort, int destinationPort) {
    public OffloadKey {
        if (source.isIpv4() != destination.isIpv4()) {
            throw new IllegalArgumentException(source + " and " + destination + " are of two families");
        }
        if ((sourcePort | destinationPort) >>> 16 != 0) {
            throw new IllegalArgumentException("TCP ports " + sourcePort + " and " + destinationPort);
        }
    }

    /** The answers to packets that leave as they came in. */
    public OffloadKey swapped(int answersIngressPort) {
        return new OffloadKey(
                answersIngressPort,
                /* source= */ destination,
                /* destination= */ source,
                /* sourcePort= */ destinationPort,
                /* destinationPort= */ sourcePort);
    }
}
