package io.weir.bench.throughput;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.NullPort;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.Worker;
import io.weir.dataplane.worker.WorkerPriority;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A whole dataplane between a {@link LoopSource} (port 0) and a {@link NullPort} (port 1): what a scenario fills with its
 * stages, and a measurement steps. A single worker is stepped by whoever measures; several have a thread each, and share the flows.
 */
public final class Rig implements AutoCloseable {
    public static final int SOURCE = 0;
    public static final int SINK = 1;
    public static final int BURST = 64;
    public static final MacAddress OWN_MAC = MacAddress.parse("02:00:00:00:00:0a");
    public static final MacAddress SENDER_MAC = MacAddress.parse("02:00:00:00:00:01");
    public static final MacAddress RECEIVER_MAC = MacAddress.parse("02:00:00:00:00:02");

    private static final int PACKETS = 1024;

    private final Dataplane dataplane;
    private final Worker worker;
    private final List<Long> memory = new ArrayList<>();
    private final List<AutoCloseable> owned = new ArrayList<>();

    /** With a single worker. */
    public Rig(int flows, Ingress.Role role, List<byte[]> frames) {
        this(flows, role, frames, Workers.ONE);
    }

    /**
     * With one or more workers, which share the frames.
     *
     * @param flows flows that the flow caches shall hold together
     * @param role  what the source port is to the pipeline
     */
    public Rig(int flows, Ingress.Role role, List<byte[]> frames, Workers workers) {
        this(flows, role, (worker, count) -> new LoopSource("source", share(frames, worker, count)), workers);
    }

    /** What a worker receives. */
    public interface Source {
        /**
         * The source of one worker.
         *
         * @param worker its number
         * @param count  how many there are
         */
        Port of(int worker, int count);
    }

    /** With sources that make their packets themselves. */
    public Rig(int flows, Ingress.Role role, Source source, Workers workers) {
        final int count = workers.count();
        final DataplaneSettings settings = new DataplaneSettings(
                count,
                new WorkerSettings(BURST, PACKETS, 0, (flows + count - 1) / count),
                count == 1 ? ThreadingMode.INVOKER : ThreadingMode.DEDICATED,
                IdleMode.SPIN,
                WorkerPriority.NORMAL,
                workers.firstCore(),
                2,
                1024,
                1 << 20);
        dataplane = new Dataplane(settings, SystemNanoClock.INSTANCE, new Parts());
        final List<Port> sources = new ArrayList<>();
        final List<NullPort> sinks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sources.add(source.of(i, count));
            sinks.add(new NullPort("sink"));
        }
        dataplane.attach(new Ingress(SOURCE, "source", role, OWN_MAC, null, 9000), sources);
        dataplane.attach(new Ingress(SINK, "sink", Ingress.Role.UPLINK, OWN_MAC, null, 9000), sinks);
        worker = dataplane.workers().getFirst();
        dataplane.start();
    }

    /** Every flow belongs to one worker, as a card's hash would have it. */
    private static List<byte[]> share(List<byte[]> frames, int worker, int count) {
        if (count == 1) {
            return frames;
        }
        final List<byte[]> share = new ArrayList<>();
        for (int i = worker; i < frames.size(); i += count) {
            share.add(frames.get(i));
        }
        return share;
    }

    /** Publishes a scenario's stages. */
    public void publish(
            List<Stage> stages,
            RouteTable routes,
            @Nullable TunnelTermination tunnels,
            ConnectionTracker tracker,
            Changes changes) {
        dataplane.publish(new Pipeline(stages), routes, tunnels, tracker, changes);
        dataplane.awaitPassed();
    }

    /** One turn of the single worker: a burst in, through, and out. */
    public int step() {
        return worker.doWork();
    }

    /** Puts another port in the place of the source or the sink of a single worker; the caller closes it after the rig. */
    public void replace(int portId, Port port) {
        exchange(portId, original -> port);
    }

    /** Puts what the function makes of the source or the sink of a single worker in its place; at the next step. */
    void exchange(int portId, UnaryOperator<Port> replacement) {
        dataplane.proxies().getFirst().wrapPort(portId, replacement);
    }

    public Dataplane dataplane() {
        return dataplane;
    }

    /** Something that the scenario made and that ends with the rig. */
    public void own(AutoCloseable resource) {
        owned.add(resource);
    }

    public long received() {
        return dataplane.total(counters -> counters.receivedPackets(SOURCE));
    }

    public long forwarded() {
        return dataplane.total(counters -> counters.sentPackets(SINK));
    }

    public long pipelineRuns() {
        return dataplane.total(counters -> counters.value(PathCounter.PIPELINE_RUNS));
    }

    @Override
    public void close() {
        dataplane.close();
        memory.forEach(OffHeap::free);
        for (final AutoCloseable resource : owned) {
            try {
                resource.close();
            } catch (final Exception e) {
                throw new IllegalStateException("closing " + resource, e);
            }
        }
    }

    private final class Parts implements Dataplane.WorkerParts {
        @Override
        public long counterMemory(int workerId, long length) {
            final long address = OffHeap.allocate(length);
            memory.add(address);
            return address;
        }

        @Override
        public Responder responder(int workerId) {
            return SilentResponder.INSTANCE;
        }

        @Override
        public Transmitter.@Nullable Offload offload(int workerId) {
            return null;
        }
    }
}
