package io.weir.agent.api;

import io.weir.agent.node.NodeDataplane;
import io.weir.agent.offload.Offloader;
import io.weir.dataplane.observe.PacketFilter;
import io.weir.dataplane.worker.Dataplane;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Who traces now. The workers show their packets, and leave the flow cache aside, as long as anybody does; the kernel carries
 * none past them meanwhile.
 */
final class TraceHub {
    private final Dataplane dataplane;
    private final Offloader offloader;
    private final ControlQueue control;
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

    TraceHub(NodeDataplane node, ControlQueue control) {
        dataplane = node.dataplane();
        offloader = node.offloader();
        this.control = control;
    }

    /**
     * A client that traces.
     *
     * @param filters one for each worker
     */
    record Subscription(List<PacketFilter> filters, ObservedQueue<TracedPacket> queue) {}

    /** From the return on, every packet that the filter wants is in the queue. */
    Subscription subscribe(Supplier<PacketFilter> filter) throws ApiException {
        final List<PacketFilter> filters =
                dataplane.workers().stream().map(_ -> filter.get()).toList();
        final Subscription subscription = new Subscription(filters, new ObservedQueue<>(TracedPacket::bytes));
        final CountDownLatch taken = new CountDownLatch(filters.size());
        control.run(() -> {
            subscriptions.add(subscription);
            if (subscriptions.size() == 1) {
                offloader.suspendAll(System.nanoTime());
                dataplane.listen(worker -> new TraceListener(worker, dataplane, subscriptions));
            }
            dataplane.proxies().forEach(proxy -> proxy.run(taken::countDown));
        });
        await(taken);
        return subscription;
    }

    void unsubscribe(Subscription subscription) throws ApiException {
        control.run(() -> {
            subscriptions.remove(subscription);
            if (subscriptions.isEmpty()) {
                dataplane.listen(null);
                offloader.resumeAll();
            }
        });
    }

    static void await(CountDownLatch taken) throws ApiException {
        try {
            if (!taken.await(5, TimeUnit.SECONDS)) {
                throw new ApiException("a worker did not answer within 5 s");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException("weir is ending");
        }
    }
}
