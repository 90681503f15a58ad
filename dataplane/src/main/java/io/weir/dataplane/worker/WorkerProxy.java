package io.weir.dataplane.worker;

import io.weir.dataplane.flow.PacketListener;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.port.Port;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;

/**
 * Speaks to a worker from the conductor's thread: each call becomes a command in the worker's bounded queue and runs there
 * between two bursts.
 */
public final class WorkerProxy {
    private final Worker worker;
    private final boolean threaded;

    /**
     * @param threaded false when the worker is single-stepped by the calling thread: then a command runs at once
     */
    WorkerProxy(Worker worker, boolean threaded) {
        this.worker = worker;
        this.threaded = threaded;
    }

    public void snapshot(Snapshot next) {
        send(() -> worker.onSnapshot(next));
    }

    public void port(int portId, Port port) {
        send(() -> worker.onPort(portId, port));
    }

    /** Puts something between the worker and its queue of a port, or takes it away again. */
    public void wrapPort(int portId, UnaryOperator<Port> wrapper) {
        send(() -> worker.onPortWrapped(portId, wrapper));
    }

    public void portRemoved(int portId) {
        send(() -> worker.onPortRemoved(portId));
    }

    public void listener(PacketListener listener) {
        send(() -> worker.onListener(listener));
    }

    /** Runs something on the worker's thread. */
    public void run(Runnable command) {
        send(command);
    }

    public boolean hasPassed(int epoch) {
        return worker.passedEpoch() - epoch >= 0;
    }

    private void send(Runnable command) {
        if (!threaded) {
            command.run();
            return;
        }
        while (!worker.offer(command)) {
            LockSupport.parkNanos(10_000); // a full queue drains within a few turns of the worker
        }
    }
}
