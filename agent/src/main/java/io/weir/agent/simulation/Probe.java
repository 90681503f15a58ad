package io.weir.agent.simulation;

import io.weir.dataplane.wire.IpAddress;

/**
 * The first packet of a connection, made up.
 *
 * @param source          who sends
 * @param destination     where to; of the same family
 * @param protocol        IP protocol number
 * @param sourcePort      0 where the protocol has none
 * @param destinationPort 0 where the protocol has none
 */
public record Probe(IpAddress source, IpAddress destination, int protocol, int sourcePort, int destinationPort) {
    public Probe {
        if (source.isIpv4() != destination.isIpv4()) {
            throw new IllegalArgumentException(source + " and " + destination + " are of different families");
        }
    }
}
