package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A Service port as it is served now: what {@code weir services} prints and metrics count.
 *
 * @param internalVerdict what a new connection to the cluster IP meets: {@code forward}, {@code reject} or {@code drop}
 * @param externalVerdict the same for a client from outside at the other addresses
 * @param tableSize       Maglev slots of the cluster-wide group; 0 when the scheduler has no table
 */
public record ServiceStatus(
        ServiceKey key,
        int protocol,
        List<VirtualAddress> addresses,
        TrafficPolicy internalPolicy,
        TrafficPolicy externalPolicy,
        String internalVerdict,
        String externalVerdict,
        Scheduler scheduler,
        int tableSize,
        long affinityTimeoutNs,
        List<BackendStatus> backends) {
    /**
     * A backend as it is now.
     *
     * @param cluster      chosen from by policy Cluster
     * @param local        chosen from by policy Local
     * @param connections  connections now
     * @param chosen       new connections so far
     * @param packets      of both directions, of connections that have ended; those of living ones are in conntrack
     * @param bytes        the same in bytes
     */
    public record BackendStatus(
            int id,
            IpAddress address,
            int port,
            int weight,
            boolean cluster,
            boolean local,
            EndpointState state,
            String node,
            String target,
            long connections,
            long chosen,
            long packets,
            long bytes) {}

    static ServiceStatus of(VirtualService service, BackendTable states) {
        final ServiceSpec spec = service.spec();
        final List<BackendStatus> backends = new ArrayList<>(service.backends().size());
        for (final Backend backend : service.backends()) {
            final BackendSpec known = backend.spec();
            backends.add(new BackendStatus(
                    backend.id(),
                    known.address(),
                    known.port(),
                    known.weight(),
                    known.cluster(),
                    known.local(),
                    known.state(),
                    known.node(),
                    known.target(),
                    states.connections(backend.id()),
                    states.chosenCount(backend.id()),
                    states.packets(backend.id()),
                    states.bytes(backend.id())));
        }
        return new ServiceStatus(
                spec.key(),
                spec.protocol(),
                spec.addresses(),
                spec.internalPolicy(),
                spec.externalPolicy(),
                verdict(service, service.internalLocal()),
                verdict(service, service.externalLocal()),
                spec.scheduler(),
                service.cluster().tableSize(),
                spec.affinityTimeoutNs(),
                backends);
    }

    private static String verdict(VirtualService service, boolean isLocal) {
        if (!service.hasEndpoint()) {
            return "reject";
        }
        return (isLocal ? service.local() : service.cluster()).size() == 0 ? "drop" : "forward";
    }
}
