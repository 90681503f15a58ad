package io.weir.dataplane.answer;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.WorkerProxy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the conductor tells the workers about neighbours. Conductor thread; takes effect on the workers' threads. */
public interface NeighbourWorkers {
    /** A route to this neighbour is published: what waits for it goes on. */
    void resolved(int port, IpAddress address);

    /** Ask for this neighbour; one station only when its Ethernet address is given. */
    void probe(int port, IpAddress address, @Nullable MacAddress mac);

    /**
     * By the workers' command queues.
     *
     * @param proxies    all workers
     * @param responders theirs, in the same order
     */
    static NeighbourWorkers of(List<WorkerProxy> proxies, List<RouterResponder> responders) {
        return new NeighbourWorkers() {
            @Override
            public void resolved(int port, IpAddress address) {
                for (int i = 0; i < proxies.size(); i++) {
                    final RouterResponder responder = responders.get(i);
                    proxies.get(i).run(() -> responder.onResolved(port, address));
                }
            }

            @Override
            public void probe(int port, IpAddress address, @Nullable MacAddress mac) {
                proxies.getFirst().run(() -> responders.getFirst().onProbe(port, address, mac));
            }
        };
    }
}
