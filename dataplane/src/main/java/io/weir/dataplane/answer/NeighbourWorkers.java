package io.weir.dataplane.answer;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.WorkerProxy;
import org.jspecify.annotations.Nullable;

/** What the conductor tells the workers about neighbours. Conductor thread; takes effect on a worker's thread. */
@FunctionalInterface
public interface NeighbourWorkers {
    /** Ask for this neighbour; one station only when its Ethernet address is given. */
    void probe(int port, IpAddress address, @Nullable MacAddress mac);

    /** By the command queue of one worker, which can send by every port. */
    static NeighbourWorkers of(WorkerProxy worker, RouterResponder responder) {
        return (port, address, mac) -> worker.run(() -> responder.onProbe(port, address, mac));
    }
}
