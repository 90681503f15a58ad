package io.weir.dataplane.worker;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.OffloadCandidates;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.flow.PacketListener;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.PrefixTrie;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Workers, ports and the published snapshot, put together: what a node agent, a replay and a test each make one of. Called
 * by one control thread.
 */
public final class Dataplane implements AutoCloseable {
    private final DataplaneSettings settings;
    private final VersionSlots slots;
    private final AdjacencyTable adjacencies;
    private final List<Worker> workers = new ArrayList<>();
    private final List<WorkerProxy> proxies = new ArrayList<>();
    private final List<ErrorHandler> errorHandlers = new ArrayList<>();
    private final List<@Nullable PortWait> waits = new ArrayList<>();
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<@Nullable Ingress> ingresses;
    private final List<@Nullable List<Port>> queues;
    private final Conductor conductor;
    private Snapshot current;

    /** What each worker has of its own. */
    public interface WorkerParts {
        /** Zeroed memory of {@link PathCounters#length(int)} bytes for the worker's counters. */
        long counterMemory(int workerId, long length);

        Responder responder(int workerId);

        Transmitter.@Nullable Offload offload(int workerId);

        /** Where the worker takes down some packets for later. */
        default PacketEvents events(int workerId) {
            return PacketEvents.NONE;
        }

        /** Where the worker tells of flows that carry much; null: nobody wants to know. */
        default @Nullable OffloadCandidates candidates(int workerId) {
            return null;
        }

        /** What is done about an error that a worker's turn ends with; the worker goes on. */
        default ErrorHandler errors(int workerId) {
            return WorkerErrors::uncaught;
        }
    }

    public Dataplane(DataplaneSettings settings, NanoClock clock, WorkerParts parts) {
        this.settings = settings;
        slots = new VersionSlots(settings.slots());
        adjacencies = new AdjacencyTable(settings.adjacencies());
        ingresses = new ArrayList<>(Collections.nCopies(settings.maxPorts(), null));
        queues = new ArrayList<>(Collections.nCopies(settings.maxPorts(), null));
        final RouteTable noRoutes = new RouteTable(PrefixTrie.empty(), VersionSlots.EVERYTHING);
        current = new Snapshot(
                0,
                new Pipeline(List.of(new RouteStage(noRoutes))),
                Collections.unmodifiableList(new ArrayList<>(ingresses)),
                noRoutes,
                adjacencies,
                slots,
                null,
                ConnectionTracker.NONE);
        for (int id = 0; id < settings.workers(); id++) {
            final long memory = parts.counterMemory(id, PathCounters.length(settings.maxPorts()));
            final PathCounters counters = new PathCounters(memory, settings.maxPorts());
            final Worker worker =
                    new Worker(id, settings.worker(), clock, counters, parts.responder(id), parts.offload(id), current);
            worker.events(parts.events(id));
            worker.candidates(parts.candidates(id));
            waits.add(waitOf(worker));
            workers.add(worker);
            errorHandlers.add(parts.errors(id));
            proxies.add(new WorkerProxy(worker, settings.threading() == ThreadingMode.DEDICATED));
        }
        conductor = new Conductor(proxies, slots, 0);
    }

    private IdleStrategy idleStrategy(int worker) {
        final PortWait wait = waits.get(worker);
        return wait == null ? BusySpinIdleStrategy.INSTANCE : wait;
    }

    private @Nullable PortWait waitOf(Worker worker) {
        if (settings.threading() != ThreadingMode.DEDICATED || settings.idle() != IdleMode.WAIT) {
            return null;
        }
        final PortWait wait = settings.priority() == WorkerPriority.REALTIME
                ? PortWait.realtime(
                        worker::hasCommands,
                        new RealtimeShare(
                                () -> changePriority(WorkerPriority.REALTIME),
                                () -> changePriority(WorkerPriority.NORMAL),
                                System.nanoTime()))
                : PortWait.ordinary(worker::hasCommands);
        worker.waitsBy(wait);
        return wait;
    }

    /** Of the calling worker, while it runs. */
    private static void changePriority(WorkerPriority priority) {
        try {
            priority.apply();
        } catch (final LinuxException e) {
            WorkerErrors.notPreferred(e);
        }
    }

    /** Starts the workers' threads; nothing in single-step mode. */
    public void start() {
        if (settings.threading() == ThreadingMode.INVOKER) {
            return;
        }
        for (final Worker worker : workers) {
            final int core = settings.firstCore() < 0 ? -1 : settings.firstCore() + worker.id();
            final AgentRunner runner = new AgentRunner(
                    idleStrategy(worker.id()),
                    errorHandlers.get(worker.id()),
                    null,
                    new PinnedAgent(worker, settings.priority(), core));
            runners.add(runner);
            AgentRunner.startOnThread(runner);
        }
    }

    /** One turn of every worker; single-step mode only. */
    public int step() {
        int work = 0;
        for (final Worker worker : workers) {
            work += worker.doWork();
        }
        return work;
    }

    /**
     * A free port id for {@link #attach}.
     *
     * @throws IllegalStateException when {@link DataplaneSettings#maxPorts()} are in use
     */
    public int freePortId() {
        for (int id = 0; id < settings.maxPorts(); id++) {
            if (ingresses.get(id) == null) {
                return id;
            }
        }
        throw new IllegalStateException("all " + settings.maxPorts() + " ports are in use");
    }

    /** Adds a port: one queue for each worker. Packets flow from the next {@link #publish} on. */
    public void attach(Ingress ingress, List<? extends Port> queuePerWorker) {
        if (queuePerWorker.size() != workers.size()) {
            throw new IllegalArgumentException(
                    queuePerWorker.size() + " queues for " + workers.size() + " workers: " + ingress.name());
        }
        ingresses.set(ingress.port(), ingress);
        queues.set(ingress.port(), List.copyOf(queuePerWorker));
        for (int i = 0; i < proxies.size(); i++) {
            proxies.get(i).port(ingress.port(), queuePerWorker.get(i));
        }
    }

    /** Removes a port; its queues are closed when no worker uses them any more. Publish afterwards. */
    public void detach(int portId, Changes changes) {
        final List<Port> gone = queues.get(portId);
        ingresses.set(portId, null);
        queues.set(portId, null);
        proxies.forEach(proxy -> proxy.portRemoved(portId));
        if (gone != null) {
            changes.whenPassed(() -> CloseHelper.closeAll(gone));
        }
    }

    /** What is known of the ports now, by id; a copy that can go into a stage. */
    public List<@Nullable Ingress> ingresses() {
        return Collections.unmodifiableList(new ArrayList<>(ingresses));
    }

    /** Makes every worker decide by these stages from its next burst on. */
    public void publish(
            Pipeline pipeline,
            RouteTable routes,
            @Nullable TunnelTermination tunnels,
            ConnectionTracker tracker,
            Changes changes) {
        final List<@Nullable Ingress> ports = ingresses();
        final IntFunction<Snapshot> next =
                epoch -> new Snapshot(epoch, pipeline, ports, routes, adjacencies, slots, tunnels, tracker);
        conductor.publish(
                epoch -> {
                    current = next.apply(epoch);
                    return current;
                },
                changes);
    }

    /** Waits until every worker decides by the last published snapshot. */
    public void awaitPassed() {
        while (!conductor.allPassed(conductor.epoch())) {
            if (settings.threading() == ThreadingMode.INVOKER) {
                step();
            } else {
                Thread.onSpinWait();
            }
        }
        conductor.reclaim();
    }

    /** Shows every packet to a listener per worker; null: nobody listens. */
    public void listen(@Nullable IntFunction<PacketListener> listenerOf) {
        for (int i = 0; i < proxies.size(); i++) {
            proxies.get(i).listener(listenerOf == null ? PacketListener.NONE : listenerOf.apply(i));
        }
    }

    public Snapshot snapshot() {
        return current;
    }

    public Conductor conductor() {
        return conductor;
    }

    public VersionSlots slots() {
        return slots;
    }

    public AdjacencyTable adjacencies() {
        return adjacencies;
    }

    public List<Worker> workers() {
        return Collections.unmodifiableList(workers);
    }

    public List<WorkerProxy> proxies() {
        return Collections.unmodifiableList(proxies);
    }

    /** The sum of a counter over all workers: {@code total(c -> c.drops(id))}. */
    public long total(ToLongFunction<PathCounters> counter) {
        return workers.stream()
                .mapToLong(worker -> counter.applyAsLong(worker.counters()))
                .sum();
    }

    /** Stops the workers, closes all ports and frees all memory. */
    @Override
    public void close() {
        CloseHelper.closeAll(runners);
        for (final List<Port> open : queues) {
            if (open != null) {
                CloseHelper.closeAll(open);
            }
        }
        conductor.reclaim();
        CloseHelper.closeAll(workers);
        adjacencies.close();
        slots.close();
    }
}
