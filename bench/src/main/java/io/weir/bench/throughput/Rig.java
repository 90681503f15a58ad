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
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A whole dataplane with one single-stepped worker between a {@link LoopSource} (port 0) and a {@link NullPort} (port 1):
 * what a scenario fills with its stages, and a measurement steps.
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
    private final NullPort sink = new NullPort("sink");
    private final List<Long> memory = new ArrayList<>();
    private final List<AutoCloseable> owned = new ArrayList<>();

    /**
     * @param flows flows that the flow cache shall hold
     * @param role  what the source port is to the pipeline
     */
    public Rig(int flows, Ingress.Role role, List<byte[]> frames) {
        final DataplaneSettings settings = new DataplaneSettings(
                1,
                new WorkerSettings(BURST, PACKETS, 0, flows),
                ThreadingMode.INVOKER,
                IdleMode.SPIN,
                -1,
                2,
                1024,
                1 << 20);
        dataplane = new Dataplane(settings, SystemNanoClock.INSTANCE, new Parts());
        dataplane.attach(
                new Ingress(SOURCE, "source", role, OWN_MAC, null, 9000), List.of(new LoopSource("source", frames)));
        dataplane.attach(new Ingress(SINK, "sink", Ingress.Role.UPLINK, OWN_MAC, null, 9000), List.of(sink));
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

    /** One turn of the worker: a burst in, through, and out. */
    public int step() {
        return dataplane.step();
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
        return sink.packets();
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
