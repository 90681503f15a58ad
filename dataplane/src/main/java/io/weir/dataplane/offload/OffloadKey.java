package io.weir.dataplane.offload;

import io.weir.dataplane.wire.IpAddress;

/**
 * One direction of a TCP connection, as its packets come in.
 *
 * @param ingressPort     number of the port where they come in; {@link #FIRST_TUNNEL} and above: the tunnel, with any port
 * @param source          of the same family as the destination
 * @param sourcePort      0 to 65535
 * @param destinationPort 0 to 65535
 */
public record OffloadKey(
        int ingressPort, IpAddress source, IpAddress destination, int sourcePort, int destinationPort) {
    /** Ports have numbers below. */
    public static final int FIRST_TUNNEL = 0x8000;

    public OffloadKey {
        if (source.isIpv4() != destination.isIpv4()) {
            throw new IllegalArgumentException(source + " and " + destination + " are of two families");
        }
        if ((sourcePort | destinationPort) >>> 16 != 0) {
            throw new IllegalArgumentException("TCP ports " + sourcePort + " and " + destinationPort);
        }
    }

    /** They come in by a tunnel. */
    public boolean isByTunnel() {
        return ingressPort >= FIRST_TUNNEL;
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
