package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;

/**
 * An endpoint of a Service port. As long as it is in the spec, its connections stay with it, chosen or not.
 *
 * @param port    1 to 65535, named target ports resolved
 * @param weight  0 to 65535; 0 takes no new connections
 * @param cluster traffic with policy Cluster may be sent there (topology, readiness and termination are resolved)
 * @param local   traffic with policy Local may be sent there
 * @param state   for people
 * @param node    the node it runs on, empty when unknown; for people
 * @param target  {@code namespace/pod}, or empty; for people
 * @param place   whether its node can answer clients itself
 */
public record BackendSpec(
        IpAddress address,
        int port,
        int weight,
        boolean cluster,
        boolean local,
        EndpointState state,
        String node,
        String target,
        BackendPlace place) {
    public BackendSpec {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is outside 1..65535");
        }
        if (weight < 0 || weight > 65535) {
            throw new IllegalArgumentException("weight " + weight + " is outside 0..65535");
        }
    }

    /** Of a node that answers no client itself. */
    public BackendSpec(
            IpAddress address,
            int port,
            int weight,
            boolean cluster,
            boolean local,
            EndpointState state,
            String node,
            String target) {
        this(address, port, weight, cluster, local, state, node, target, BackendPlace.ELSEWHERE);
    }

    /** A ready endpoint of weight 1 that both scopes may use if it is local. */
    public static BackendSpec ready(IpAddress address, int port, boolean isLocal) {
        return new BackendSpec(address, port, 1, true, isLocal, EndpointState.READY, "", "");
    }
}
