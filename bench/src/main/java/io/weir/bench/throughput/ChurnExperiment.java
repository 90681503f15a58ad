package io.weir.bench.throughput;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.conntrack.ConntrackCounter;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackTable;
import io.weir.conntrack.ConntrackTimeouts;
import io.weir.dataplane.flow.Ingress;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * New connections a second: every packet is the first of a UDP connection that is masqueraded, lives for a quarter of a
 * second, expires and is swept. Once where nearly every connection keeps its source port (17 of 18; the others have a NodePort's),
 * and once where five senders at a time want the same port towards the same destination, so that nearly all need another.
 * What a connection occupies in memory besides.
 */
public final class ChurnExperiment implements Experiment {
    private static final Duration LIFE = Duration.ofMillis(250);
    private static final int CAPACITY = 1 << 20;

    /** Looked at for expiry with each burst, so that the table is passed once in its entries' life at any rate. */
    private static final int SWEEP = 512;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String CROWDED = "own port taken";
    private static final Metric PER_PROCESSOR_SECOND = new Metric("connections-per-processor-second", "1/s", true);
    private static final Metric MEMORY = new Metric("memory-per-connection", "bytes", false);

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public String describe() {
        return "new UDP connections a second: created, masqueraded, expired";
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.WORKERS);
    }

    @Override
    public int measurements(Settings settings) {
        return 2 * settings.workers().size();
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        for (final int workers : settings.workers()) {
            measure(workers, false, settings, recorder);
            measure(workers, true, settings, recorder);
        }
    }

    private void measure(int workers, boolean crowded, Settings settings, Recorder recorder)
            throws InterruptedException {
        final String title = "churn, " + workers + " workers" + (crowded ? ", " + CROWDED : "");
        final int firstCore = settings.core() < 0 ? -1 : Math.max(0, settings.core() - workers + 1);
        final FeatureScenario scenario =
                (FeatureScenario) Scenarios.byName("nat").orElseThrow();
        final byte[] example = Traffic.of(1, "64", false, false)
                .frames(BenchNetwork.ends(false))
                .getFirst();
        final ConntrackSpec spec =
                ConntrackSpec.DEFAULT.withCapacity(CAPACITY).withTimeouts(ConntrackTimeouts.LINUX.withUdp(LIFE, LIFE));
        try (PinnedThread thread = new PinnedThread(workers == 1 ? firstCore : -1);
                Rig rig = new Rig(
                        CAPACITY,
                        Ingress.Role.UPLINK,
                        (worker, count) -> new FreshSource(example, worker, count, crowded),
                        new Workers(workers, firstCore))) {
            final ConntrackTable table = Objects.requireNonNull(scenario.wire(rig, spec));
            recorder.progress(title + ": warming up");
            thread.call(() -> rate(rig, table, workers, settings.warmUpSeconds()));
            final double[] rates = new double[settings.runs()];
            final double[] perProcessorSecond = new double[settings.runs()];
            for (int run = 0; run < rates.length; run++) {
                recorder.progress(title + ": run " + (run + 1));
                final long beginCpu = thread.call(THREADS::getCurrentThreadCpuTime);
                final long before = table.counter(ConntrackCounter.CREATED);
                rates[run] = thread.call(() -> rate(rig, table, workers, settings.seconds()));
                perProcessorSecond[run] = (table.counter(ConntrackCounter.CREATED) - before)
                        * 1e9
                        / (thread.call(THREADS::getCurrentThreadCpuTime) - beginCpu);
            }
            if (rig.forwarded() < rig.received() - workers * 4L * Rig.BURST) {
                throw new IllegalStateException(
                        "churn forwarded " + rig.forwarded() + " of " + rig.received() + " packets");
            }
            final Variant variant =
                    Variant.flows((int) table.count()).withWorkers(workers).withDetail(crowded ? CROWDED : "");
            recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.CONNECTIONS, rates)
                    .withNote("flows: connections alive at the end; each lives for 250 ms"));
            if (workers == 1) {
                recorder.result(Result.of(name(), variant, Subject.WEIR, PER_PROCESSOR_SECOND, perProcessorSecond)
                        .withNote("tells more than the clock where others use the core, too"));
            }
            if (!crowded && workers == settings.workers().getFirst()) {
                recorder.result(Result.of(
                        name(),
                        variant.withDetail("a full table of " + CAPACITY),
                        Subject.WEIR,
                        MEMORY,
                        (double) table.memoryBytes() / table.capacity()));
            }
        }
    }

    /** Connections created a second. With several workers, this thread does what a node's control thread does. */
    private static double rate(Rig rig, ConntrackTable table, int workers, double seconds) {
        final long begin = System.nanoTime();
        final long end = begin + (long) (seconds * 1e9);
        final long before = table.counter(ConntrackCounter.CREATED);
        long now = begin;
        while (now < end) {
            if (workers == 1) {
                for (int i = 0; i < 16; i++) {
                    rig.step();
                    table.sweep(now, SWEEP);
                }
            } else {
                table.sweep(now, 8 * SWEEP);
                LockSupport.parkNanos(1_000_000);
            }
            now = System.nanoTime();
        }
        return (table.counter(ConntrackCounter.CREATED) - before) * 1e9 / (now - begin);
    }
}
