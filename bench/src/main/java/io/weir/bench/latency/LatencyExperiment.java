package io.weir.bench.latency;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.Learning;
import io.weir.bench.throughput.Rig;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.HdrHistogram.Histogram;

/**
 * How long a packet stays in weir, from when it was due at the source to the sink, with the whole chain of features and at shares
 * of the rate that it can do (RFC 2544, section 26.2, at less than the full rate: at the full rate a queue only grows).
 */
public final class LatencyExperiment implements Experiment {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99, 100};
    private static final int[] LOADS_PERCENT = {10, 50, 80};
    private static final int MOST_INSIDE = 1 << 16;
    private static final int STEPS_PER_LOOK = 64;

    /** At this offered rate the source is never without a packet that is due. */
    private static final double EVERYTHING = 1e9;

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public String describe() {
        return "delay of a packet inside weir, chain at 10, 50 and 80 % of its highest rate";
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.FLOWS, Choice.SIZE, Choice.FAMILY, Choice.TCP);
    }

    @Override
    public int measurements(Settings settings) {
        return LOADS_PERCENT.length
                * settings.flows().size()
                * settings.packets().size()
                * settings.ipv6().size();
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        final Scenario scenario = Scenarios.byName("chain").orElseThrow();
        for (final int flows : settings.flows()) {
            for (final boolean ipv6 : settings.ipv6()) {
                for (final String packets : settings.packets()) {
                    final Traffic traffic = Traffic.of(flows, packets, ipv6, settings.tcp());
                    final String protocol = settings.tcp() ? "tcp" : "udp";
                    final Variant variant = new Variant(flows, traffic.packets(), ipv6, protocol, 1, "");
                    measure(scenario, traffic, variant, settings, recorder);
                }
            }
        }
    }

    private void measure(Scenario scenario, Traffic traffic, Variant variant, Settings settings, Recorder recorder)
            throws InterruptedException {
        recorder.progress(name() + ", " + variant.text() + ": warming up");
        final Arrivals arrivals = new Arrivals(MOST_INSIDE);
        final TimingSink sink = new TimingSink(arrivals);
        final List<byte[]> frames = scenario.frames(traffic);
        try (PinnedThread thread = new PinnedThread(settings.core());
                PacedSource source = new PacedSource(frames, arrivals);
                Rig rig = scenario.build(traffic)) {
            rig.replace(Rig.SOURCE, source);
            rig.replace(Rig.SINK, sink);
            final double highest = thread.call(() -> {
                source.rate(EVERYTHING);
                new Learning(rig, frames.size()).await(settings.warmUpSeconds() + 0.1, seconds -> step(rig, seconds));
                final long before = rig.forwarded();
                source.rate(EVERYTHING);
                step(rig, settings.seconds());
                return (rig.forwarded() - before) / settings.seconds();
            });
            for (final int load : LOADS_PERCENT) {
                final double rate = highest * load / 100;
                final Variant loaded = variant.withDetail("%d %% load, %.1f Mpps".formatted(load, rate / 1e6));
                final List<Histogram> runs = new ArrayList<>();
                for (int run = 1; run <= settings.runs(); run++) {
                    recorder.progress(name() + ", " + loaded.text() + ": run " + run + " of " + settings.runs());
                    runs.add(thread.call(() -> at(rig, source, sink, rate, settings.seconds())));
                }
                record(loaded, runs, recorder);
            }
        }
    }

    private static Histogram at(Rig rig, PacedSource source, TimingSink sink, double rate, double seconds) {
        source.rate(rate);
        step(rig, Math.min(0.1, seconds));
        sink.histogram().reset();
        final long received = rig.received();
        final long forwarded = rig.forwarded();
        step(rig, seconds);
        if (rig.received() - received != rig.forwarded() - forwarded) {
            throw new IllegalStateException("packets were lost");
        }
        return sink.histogram().copy();
    }

    private static void step(Rig rig, double seconds) {
        final long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() < end) {
            for (int i = 0; i < STEPS_PER_LOOK; i++) {
                rig.step();
            }
        }
    }

    private void record(Variant variant, List<Histogram> runs, Recorder recorder) {
        for (final double percentile : PERCENTILES) {
            final double[] values = runs.stream()
                    .mapToDouble(run -> run.getValueAtPercentile(percentile) / 1e3)
                    .toArray();
            recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.latency(percentile), values)
                    .withCommand("weir bench run latency --flows " + variant.flows()));
        }
    }
}
