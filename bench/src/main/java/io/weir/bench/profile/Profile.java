package io.weir.bench.profile;

import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Settings;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Traffic;
import io.weir.bench.throughput.WeirSession;
import io.weir.bench.throughput.Workers;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A scenario's time by phase, and what memory alone would take.
 *
 * @param scenario    its name
 * @param flows       different flows
 * @param nsPerPacket of a run that nobody looked at
 * @param sampledNs   of the run that was looked at; the two differ when looking disturbed
 * @param generatorNs source and sink alone, measured by the clock: what phase rx and a part of tx cost
 * @param share       of the time, by phase; sums to 1
 * @param hottest     lines of the source that were seen most often
 * @param samples     looks
 * @param ceiling     what memory alone would take
 */
public record Profile(
        String scenario,
        int flows,
        double nsPerPacket,
        double sampledNs,
        double generatorNs,
        Map<Phase, Double> share,
        List<Line> hottest,
        int samples,
        Ceiling ceiling) {
    private static final int HOTTEST = 8;

    /**
     * A line of the source. What waits for memory is often seen a line later than it began to wait.
     *
     * @param name  {@code Rewriter.rewriteIpv4:120}
     * @param share of the time
     */
    public record Line(String name, double share) {}

    /** Measures a scenario; about five times the warm-up and the runs' length. */
    public static Profile of(Scenario scenario, Traffic traffic, Settings settings)
            throws IOException, InterruptedException {
        final double seconds = settings.seconds();
        try (WeirSession session = new WeirSession(scenario, traffic, new Workers(1, settings.core()))) {
            session.warmUp(settings.warmUpSeconds());
            final double generatorNs = 1000 / session.generatorRun(seconds / 2);
            final double ns = 1000 / session.run(seconds);
            final double[] sampled = new double[1];
            final Samples samples = Samples.during(() -> sampled[0] = 1000 / session.run(seconds), PinnedThread.NAME);
            final Map<Phase, Double> share = new EnumMap<>(Phase.class);
            for (final Phase phase : Phase.values()) {
                share.put(phase, samples.share(phase));
            }
            final int length = scenario.frames(traffic).getFirst().length;
            try (PinnedThread thread = new PinnedThread(settings.core())) {
                final Ceiling ceiling =
                        thread.call(() -> Ceiling.measure(traffic.flows(), length, Math.min(1, seconds / 2)));
                return new Profile(
                        scenario.name(),
                        traffic.flows(),
                        ns,
                        sampled[0],
                        generatorNs,
                        share,
                        samples.hottest(HOTTEST),
                        samples.total(),
                        ceiling);
            }
        }
    }

    /** Nanoseconds of a packet that this phase takes. */
    public double ns(Phase phase) {
        return share.getOrDefault(phase, 0.0) * nsPerPacket;
    }
}
