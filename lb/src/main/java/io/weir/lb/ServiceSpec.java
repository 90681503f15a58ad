package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One port of one Service in one address family, with everything that Kubernetes leaves open resolved.
 *
 * @param protocol          IP protocol number: TCP, UDP or SCTP
 * @param addresses         at least none; an address that another Service has better claim to is left out, see
 *                          {@link AddressKind}
 * @param backends          no address and port twice; order has no meaning
 * @param internalPolicy    for {@link AddressKind#CLUSTER_IP}
 * @param externalPolicy    for the other kinds
 * @param tableSize         Maglev slots, a prime from 3 to {@link Maglev#MAX_TABLE_SIZE}; 0 picks one by the number of backends
 * @param affinityTimeoutNs how long a client stays with its backend after its last new connection; 0 is no affinity
 * @param sourceRanges      who may reach the {@link AddressKind#LOAD_BALANCER} addresses; empty is everyone
 */
public record ServiceSpec(
        ServiceKey key,
        int protocol,
        List<VirtualAddress> addresses,
        List<BackendSpec> backends,
        TrafficPolicy internalPolicy,
        TrafficPolicy externalPolicy,
        Scheduler scheduler,
        int tableSize,
        long affinityTimeoutNs,
        List<IpPrefix> sourceRanges) {
    /** More backends than this do not fit into a lookup table's 16-bit entries. */
    public static final int MAX_BACKENDS = 65535;

    public ServiceSpec {
        addresses = List.copyOf(addresses);
        backends = List.copyOf(backends);
        sourceRanges = List.copyOf(sourceRanges);
        if (backends.size() > MAX_BACKENDS) {
            throw new IllegalArgumentException(
                    key + " has " + backends.size() + " backends, more than " + MAX_BACKENDS);
        }
        if (tableSize != 0 && !Maglev.isTableSize(tableSize)) {
            throw new IllegalArgumentException(
                    "table size " + tableSize + " is no prime from 3 to " + Maglev.MAX_TABLE_SIZE);
        }
        if (affinityTimeoutNs < 0) {
            throw new IllegalArgumentException("a negative affinity timeout");
        }
        final Set<Place> seen = new HashSet<>(backends.size() * 2);
        for (final BackendSpec backend : backends) {
            if (!seen.add(new Place(backend.address(), backend.port()))) {
                throw new IllegalArgumentException(
                        key + " has the backend " + backend.address() + " port " + backend.port() + " twice");
            }
        }
    }

    /** With policy Cluster in both scopes, Maglev, no affinity and no source ranges. */
    public static ServiceSpec of(
            ServiceKey key, int protocol, List<VirtualAddress> addresses, List<BackendSpec> backends) {
        return new ServiceSpec(
                key,
                protocol,
                addresses,
                backends,
                TrafficPolicy.CLUSTER,
                TrafficPolicy.CLUSTER,
                Scheduler.MAGLEV,
                0,
                0,
                List.of());
    }

    /** Some address is subject to the external policy. */
    public boolean isExternal() {
        return addresses.stream().anyMatch(address -> address.kind() != AddressKind.CLUSTER_IP);
    }

    /** Identifies a backend within its Service port. */
    record Place(IpAddress address, int port) {}
}
