package io.weir.agent.service;

import io.weir.conntrack.ConntrackTable;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.VirtualAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.NanoClock;

/**
 * UDP flows that are older than the Service that they are meant for. No backend was chosen for them, and their packets would
 * keep them alive for ever; they are ended, so that their next packet finds a backend.
 */
public final class EarlyFlows {
    private final ConntrackTable connections;
    private final ServiceMetrics metrics;
    private final NanoClock clock;

    private record Place(IpAddress address, int port) {}

    public EarlyFlows(ConntrackTable connections, ServiceMetrics metrics, NanoClock clock) {
        this.connections = connections;
        this.metrics = metrics;
        this.clock = clock;
    }

    /**
     * Ends such flows once every worker decides by these changes.
     *
     * @param appeared virtual addresses for UDP that come with them
     */
    public void endWith(Changes changes, List<VirtualAddress> appeared) {
        final Set<Place> ipv4 = new HashSet<>();
        final Set<Place> ipv6 = new HashSet<>();
        for (final VirtualAddress each : appeared) {
            (each.address().isIpv6() ? ipv6 : ipv4).add(new Place(each.address(), each.port()));
        }
        // when every worker has passed, none makes such a flow any more
        if (!ipv4.isEmpty()) {
            changes.whenPassed(() -> metrics.staleConnectionsEnded(false, end(ipv4)));
        }
        if (!ipv6.isEmpty()) {
            changes.whenPassed(() -> metrics.staleConnectionsEnded(true, end(ipv6)));
        }
    }

    /**
     * A worker may have let a packet go by the Service already: its connection has a backend, and stays. If it were ended, the
     * flow cache would go on sending to the backend for a tick, whose answers would belong to nothing.
     */
    private int end(Set<Place> places) {
        // Cached flows notice within a tick that their connection is gone, so no version slot needs a touch.
        return connections.flush(
                connection -> connection.protocol() == PacketParser.PROTOCOL_UDP
                        && connection.backend() == Decision.NONE
                        && places.contains(
                                new Place(connection.originalDestination(), connection.originalDestinationPort())),
                new Changes(),
                clock.nanoTime());
    }
}
