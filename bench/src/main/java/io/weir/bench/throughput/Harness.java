package io.weir.bench.throughput;

import com.sun.management.ThreadMXBean;
import io.weir.bench.experiment.Collections;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.LoopSource;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Times a scenario as RFC 2544 would on a wire: warm-up, then repeated runs of equal length, the median of which counts. All
 * on the calling thread, which the caller has pinned to a core.
 */
public final class Harness {
    private static final int STEPS_PER_LOOK = 64;

    private final int warmUpSeconds;
    private final int runs;
    private final double runSeconds;
    private final Progress progress;

    /** Told what goes on; a measurement takes a while. */
    @FunctionalInterface
    public interface Progress {
        void report(String message);
    }

    /**
     * @param warmUpSeconds before the first run that counts
     * @param runs          that count, 1 or more
     * @param runSeconds    length of each
     */
    public Harness(int warmUpSeconds, int runs, double runSeconds, Progress progress) {
        this.warmUpSeconds = warmUpSeconds;
        this.runs = runs;
        this.runSeconds = runSeconds;
        this.progress = progress;
    }

    /**
     * Warms up, runs, and takes the median.
     *
     * @throws IllegalStateException when the scenario does not forward its packets: then the figure would mean nothing
     */
    public Measurement measure(Scenario scenario, Traffic traffic) {
        progress.report(scenario.name() + ", " + traffic.flows() + " flows: building");
        final double generator = generatorAlone(traffic);
        try (Rig rig = scenario.build(traffic)) {
            progress.report(scenario.name() + ", " + traffic.flows() + " flows: warming up");
            final IntSupplier step = rig::step;
            timed(step, warmUpSeconds, null);
            final Histogram histogram = new Histogram(10_000_000L, 3);
            final double[] rates = new double[runs];
            final long runsBefore = rig.pipelineRuns();
            final long receivedBefore = rig.received();
            final long forwardedBefore = rig.forwarded();
            final long collectionsBefore = Collections.soFar();
            final long cpuBefore = threads().getCurrentThreadCpuTime();
            final long allocatedBefore = allocated();
            for (int i = 0; i < runs; i++) {
                rates[i] = timed(step, runSeconds, histogram);
            }
            final long bytes = allocated() - allocatedBefore;
            final double cpuSeconds = (threads().getCurrentThreadCpuTime() - cpuBefore) / 1e9;
            final long collections = Collections.soFar() - collectionsBefore;
            final long forwarded = rig.forwarded() - forwardedBefore;
            final long received = rig.received() - receivedBefore;
            if (forwarded != received) {
                throw new IllegalStateException(
                        scenario.name() + " forwarded " + forwarded + " of " + received + " packets");
            }
            Arrays.sort(rates);
            return new Measurement(
                    scenario.name(),
                    traffic,
                    rates,
                    generator,
                    histogram,
                    Math.max(0, bytes - ownAllocation()),
                    collections,
                    cpuSeconds,
                    rig.pipelineRuns() - runsBefore);
        }
    }

    /** Source and sink with nothing between: what the copying alone costs. */
    private double generatorAlone(Traffic traffic) {
        final List<byte[]> frames = traffic.frames(BenchNetwork.ends(traffic.ipv6()));
        try (LoopSource source = new LoopSource("source", frames);
                PacketPool pool = new PacketPool(1024, 0)) {
            final Burst burst = new Burst(Rig.BURST);
            final IntSupplier step = () -> {
                final int count = source.receive(burst, pool);
                burst.releaseAll(pool);
                return count;
            };
            timed(step, Math.min(2, warmUpSeconds), null);
            return timed(step, Math.min(1, runSeconds), null);
        }
    }

    /** Steps for a while; millions of packets a second. */
    private static double timed(IntSupplier step, double seconds, @Nullable Histogram bursts) {
        final long start = System.nanoTime();
        final long end = start + (long) (seconds * 1e9);
        long packets = 0;
        long now = start;
        while (now < end) {
            for (int i = 0; i < STEPS_PER_LOOK; i++) {
                packets += step.getAsInt();
            }
            final long then = System.nanoTime();
            if (bursts != null) {
                bursts.recordValueWithCount(Math.min((then - now) / STEPS_PER_LOOK, 10_000_000L), 1);
            }
            now = then;
        }
        return packets * 1e3 / (now - start);
    }

    private static long allocated() {
        return threads().getCurrentThreadAllocatedBytes();
    }

    private static ThreadMXBean threads() {
        return (ThreadMXBean) ManagementFactory.getThreadMXBean();
    }

    /** What two looks at the counter allocate themselves. */
    private static long ownAllocation() {
        final long before = allocated();
        return allocated() - before;
    }
}
