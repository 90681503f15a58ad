package io.weir.lb;

import java.util.List;

/**
 * A compiled Service port: what the stage needs once it knows that a packet is for it. Immutable.
 *
 * @param index          place in its table
 * @param versionSlot    changes with everything that makes a new connection fare differently; also its key for affinity
 * @param cluster        backends for policy Cluster
 * @param local          backends for policy Local; empty when no scope has that policy
 * @param hasEndpoint    some node has a usable endpoint
 * @param choosesAlike   every node chooses the same backend for a connection: by its addresses and ports alone, among the same
 *                       backends
 * @param sourceRanges   with the load balancer's own addresses where the node may use them
 * @param backends       all known ones, chosen or not, sorted by address and port
 */
record VirtualService(
        int index,
        int versionSlot,
        ServiceSpec spec,
        BackendGroup cluster,
        BackendGroup local,
        boolean hasEndpoint,
        boolean internalLocal,
        boolean externalLocal,
        boolean choosesAlike,
        long affinityTimeoutNs,
        PrefixSet sourceRanges,
        List<Backend> backends) {}
