package io.weir.bench.throughput;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.conntrack.ConntrackCounter;
import io.weir.conntrack.ConntrackDrop;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackTable;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.wire.IpAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What a flood costs the flows that go on meanwhile. One worker takes a burst of a thousand established flows, then a burst of
 * the flood, and so on; each turn is timed. The median time of the established flows' turns is compared with the one that
 * they take without a flood, so that what the flood does to caches and tables shows, and what its own packets cost does not.
 */
public final class FloodExperiment implements Experiment {
    private static final Metric RATE_KEPT = new Metric("rate-kept", "×", true);
    private static final int SAMPLES = 1 << 16;
    private static final int ESTABLISHED = 1_000;
    private static final int CONNECTIONS = 65_536;

    /** Twice as many as it takes to fill the table when every other burst is of established flows. */
    private static final int STEPS_TO_FILL = 4 * CONNECTIONS / Rig.BURST;

    /** Where a frame of TCP over IPv4 has the flags. */
    private static final int TCP_FLAGS = 47;

    private static final byte SYN = 2;

    private final String name;
    private final String sentence;
    private final boolean policy;
    private final boolean tcp;

    private FloodExperiment(String name, String sentence, boolean policy, boolean tcp) {
        this.name = name;
        this.sentence = sentence;
        this.policy = policy;
        this.tcp = tcp;
    }

    /** SYNs from ever new senders, into a table that is full of them. */
    public static FloodExperiment syn() {
        return new FloodExperiment(
                "syn-flood", "1,000 established TCP flows while SYNs of ever new senders flood", false, true);
    }

    /** A thousand flows that policy denies. */
    public static FloodExperiment denied() {
        return new FloodExperiment(
                "denied-flood", "1,000 allowed UDP flows while 1,000 flows flood that policy denies", true, false);
    }

    /** SYNs of a thousand connections that policy denies. */
    public static FloodExperiment deniedSyn() {
        return new FloodExperiment(
                "denied-syn-flood",
                "1,000 allowed TCP flows while SYNs of 1,000 connections flood that policy denies",
                true,
                true);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return sentence;
    }

    private Port established() {
        return new LoopSource(
                "established", Traffic.of(ESTABLISHED, "64", false, tcp).frames(BenchNetwork.ends(false)));
    }

    private Port flood() {
        if (policy) {
            // routed, and in none of the hundred rules' blocks
            final List<byte[]> frames = Traffic.of(ESTABLISHED, "64", false, tcp)
                    .frames(BenchNetwork.ends(IpAddress.parse("10.0.0.1"), IpAddress.parse("192.168.1.1"), 100, 53));
            if (tcp) {
                frames.forEach(frame -> frame[TCP_FLAGS] = SYN);
            }
            return new LoopSource("denied", frames);
        }
        final byte[] syn = Traffic.of(1, "64", false, true)
                .frames(BenchNetwork.ends(IpAddress.parse("10.1.0.1"), IpAddress.parse("10.128.1.1"), 1, 80))
                .getFirst();
        syn[TCP_FLAGS] = SYN;
        return new FreshSource(syn, 0, 1, false);
    }

    /** A worker between a source and nothing. */
    private final class Course implements AutoCloseable {
        private final Rig rig;
        private final ConntrackTable table;
        private final boolean alternating;
        private final long[] turnNs = new long[SAMPLES];
        private final double[] rates;

        Course(Port source, boolean alternating, int runs) {
            rig = new Rig(CONNECTIONS, Ingress.Role.UPLINK, (worker, count) -> source, Workers.ONE);
            final FeatureScenario scenario =
                    (FeatureScenario) Scenarios.byName(policy ? "policy" : "ct").orElseThrow();
            table = Objects.requireNonNull(scenario.wire(rig, ConntrackSpec.DEFAULT.withCapacity(CONNECTIONS)));
            this.alternating = alternating;
            rates = new double[runs];
        }

        /** Until connections must make room for others: on a busy machine no span of time would do that. */
        long fill() {
            for (int steps = 0; table.counter(ConntrackCounter.EVICTED) == 0; steps++) {
                if (steps > STEPS_TO_FILL) {
                    throw new IllegalStateException("the table was not under pressure");
                }
                rig.step();
            }
            return rig.received();
        }

        /** Millions of packets a second, by the median turn; of an alternating source only each first of two turns. */
        double run(double seconds) {
            final long end = System.nanoTime() + (long) (seconds * 1e9);
            int taken = 0;
            long now = System.nanoTime();
            while (now < end) {
                final long begin = System.nanoTime();
                rig.step();
                now = System.nanoTime();
                turnNs[taken % SAMPLES] = now - begin;
                taken++;
                if (alternating) {
                    rig.step();
                }
                if ((taken & 63) == 0) {
                    table.sweep(now, 4096);
                }
            }
            final long[] sorted = Arrays.copyOf(turnNs, Math.min(taken, SAMPLES));
            Arrays.sort(sorted);
            return Rig.BURST * 1e3 / sorted[sorted.length / 2];
        }

        @Override
        public void close() {
            rig.close();
        }
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        final int runs = settings.runs();
        try (PinnedThread thread = new PinnedThread(settings.core());
                Course alone = new Course(established(), false, runs);
                Course flood = new Course(flood(), false, runs);
                Course both = new Course(new AlternatingSource(established(), flood()), true, runs)) {
            final List<Course> courses = List.of(alone, flood, both);
            recorder.progress(name + ": warming up");
            if (!policy) {
                thread.call(flood::fill);
                thread.call(both::fill);
            }
            for (final Course course : courses) {
                thread.call(() -> course.run(settings.warmUpSeconds()));
            }
            final long evicted = both.table.counter(ConntrackCounter.EVICTED);
            final double[] kept = new double[runs];
            for (int run = 0; run < runs; run++) {
                recorder.progress(name + ": run " + (run + 1));
                for (final Course course : courses) {
                    course.rates[run] = thread.call(() -> course.run(settings.seconds()));
                }
                kept[run] = both.rates[run] / alone.rates[run];
            }
            checkNothingIsLost(both, evicted);
            final Variant variant = Variant.flows(ESTABLISHED).withProtocol(tcp ? "tcp" : "udp");
            recorder.result(rate(variant.withDetail("alone"), alone));
            recorder.result(rate(variant.withDetail("the flood itself"), flood));
            recorder.result(rate(variant.withDetail("under the flood"), both)
                    .withNote("by the time of the established flows' own turns"));
            recorder.result(
                    Result.of(name, variant.withDetail("under the flood / alone"), Subject.WEIR, RATE_KEPT, kept));
        }
    }

    private Result rate(Variant variant, Course course) {
        return Result.of(name, variant, Subject.WEIR, Metric.RATE, course.rates);
    }

    /** Reasons, by their ids. */
    private static String dropped(Rig rig) {
        return IntStream.range(0, DropReason.ID_LIMIT)
                .filter(id -> rig.dataplane().total(counters -> counters.drops(id)) != 0)
                .mapToObj(id -> id + ": " + rig.dataplane().total(counters -> counters.drops(id)))
                .toList()
                .toString();
    }

    private void checkNothingIsLost(Course both, long evictedBefore) {
        final long received = both.rig.received();
        final long forwarded = both.rig.forwarded();
        // in a table that is full to the brim, a SYN in a million finds no place near its own; established flows need
        // none
        final long noPlace =
                both.rig.dataplane().total(counters -> counters.drops(ConntrackDrop.CONNTRACK_INDEX_FULL.id()));
        if (policy ? Math.abs(2 * forwarded - received) > 2 * Rig.BURST : forwarded + noPlace != received) {
            throw new IllegalStateException(name + " forwarded " + forwarded + " of " + received
                    + " packets; dropped for " + dropped(both.rig));
        }
        if (!policy && both.table.counter(ConntrackCounter.EVICTED) == evictedBefore) {
            throw new IllegalStateException("the table was not under pressure");
        }
    }
}
