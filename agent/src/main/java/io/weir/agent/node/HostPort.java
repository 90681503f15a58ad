package io.weir.agent.node;

import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * A port of the node's own addresses that leads to a pod.
 *
 * @param protocol      IP protocol number: TCP, UDP or SCTP
 * @param hostPort      1 to 65535, on the node
 * @param containerPort 1 to 65535, in the pod
 * @param hostAddress   the one address of the node that has the port; null for all of them
 */
public record HostPort(
        int protocol,
        int hostPort,
        int containerPort,
        @Nullable IpAddress hostAddress) {
    public HostPort {
        if (hostPort < 1 || hostPort > 65535 || containerPort < 1 || containerPort > 65535) {
            throw new IllegalArgumentException(
                    "host port " + hostPort + " to " + containerPort + ": a port is a number from 1 to 65535");
        }
    }

    /** Both want the same port of the same address. */
    public boolean collidesWith(HostPort other) {
        return protocol == other.protocol
                && hostPort == other.hostPort
                && (hostAddress == null || other.hostAddress == null || hostAddress.equals(other.hostAddress));
    }
}
