package io.weir.bench.profile;

import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Settings;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Traffic;
import io.weir.bench.throughput.WeirSession;
import io.weir.bench.throughput.Workers;
import io.weir.dataplane.flow.BurstClock;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A scenario's time by phase, and what memory alone would take.
 *
 * <p>The worker's own clock tells receiving, parsing, looking up, acting and transmitting apart, because each is done for a
 * whole burst before the next. Acting goes packet by packet through checks, rewriting and queueing, which no clock can tell
 * apart for less than they cost; the flight recorder's looks share it out.
 *
 * @param scenario     its name
 * @param flows        different flows
 * @param nsPerPacket  of a run that nobody looked at
 * @param clockedNs    of the run that was timed; it differs when timing disturbed
 * @param sampledNs    of the run that was looked at by the flight recorder
 * @param generatorNs  source and sink alone, measured by the clock: what phase rx and a part of tx cost
 * @param ns           nanoseconds of a packet by phase, in the median timed burst: less in sum than nsPerPacket when others
 *                     used the core
 * @param sampledShare of the time, by phase, as the flight recorder saw it; sums to 1
 * @param hottest      lines of the source that were seen most often
 * @param samples      looks
 * @param ceiling      what memory alone would take
 */
public record Profile(
        String scenario,
        int flows,
        double nsPerPacket,
        double clockedNs,
        double sampledNs,
        double generatorNs,
        Map<Phase, Double> ns,
        Map<Phase, Double> sampledShare,
        List<Line> hottest,
        int samples,
        Ceiling ceiling) {
    private static final int HOTTEST = 8;

    /** One turn of so many is timed. */
    private static final int TIMED = 32;

    private static final int CLOCK_READS = 1 << 20;

    /**
     * A line of the source. What waits for memory is often seen a line later than it began to wait.
     *
     * @param name  {@code Rewriter.rewriteIpv4:120}
     * @param share of the time
     */
    public record Line(String name, double share) {}

    /** Measures a scenario; about six times the warm-up and the runs' length. */
    public static Profile of(Scenario scenario, Traffic traffic, Settings settings)
            throws IOException, InterruptedException {
        final double seconds = settings.seconds();
        try (WeirSession session = new WeirSession(scenario, traffic, new Workers(1, settings.core()))) {
            session.warmUp(settings.warmUpSeconds());
            session.timedRun(seconds / 4, new BurstClock(TIMED));
            session.run(seconds / 4);
            final double generatorNs = 1000 / session.generatorRun(seconds / 2);
            final double ns = 1000 / session.run(seconds);
            final BurstClock clock = new BurstClock(TIMED);
            final double clockedNs = 1000 / session.timedRun(seconds, clock);
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
                final double readNs = thread.call(Profile::clockNs);
                return new Profile(
                        scenario.name(),
                        traffic.flows(),
                        ns,
                        clockedNs,
                        sampled[0],
                        generatorNs,
                        byPhase(clock, readNs, samples),
                        share,
                        samples.hottest(HOTTEST),
                        samples.total(),
                        ceiling);
            }
        }
    }

    /** The clock's figures without the time to read it, acting shared out. */
    private static Map<Phase, Double> byPhase(BurstClock clock, double readNs, Samples samples) {
        final double read = readNs / Math.max(1, clock.packetsPerBurst());
        final Map<Phase, Double> ns = new EnumMap<>(Phase.class);
        ns.put(Phase.RX, net(clock, BurstClock.Phase.RECEIVE, read));
        ns.put(Phase.PARSE, net(clock, BurstClock.Phase.PARSE, read));
        ns.put(Phase.LOOKUP, net(clock, BurstClock.Phase.LOOKUP, read));
        final double act = net(clock, BurstClock.Phase.ACT, read);
        final double queueing = act * samples.shareOfAct(Phase.TX);
        final double rewriting = act * samples.shareOfAct(Phase.REWRITE);
        final double deciding = act * samples.shareOfAct(Phase.PIPELINE);
        ns.put(Phase.REWRITE, rewriting);
        ns.put(Phase.PIPELINE, deciding);
        ns.put(Phase.CHECK, act - queueing - rewriting - deciding);
        ns.put(Phase.TX, queueing + net(clock, BurstClock.Phase.TRANSMIT, read));
        ns.put(Phase.LOOP, net(clock, BurstClock.Phase.REST, read));
        return ns;
    }

    private static double net(BurstClock clock, BurstClock.Phase phase, double read) {
        return Math.max(0, clock.nsPerPacket(phase) - read);
    }

    /** What reading the clock costs. */
    private static double clockNs() {
        long sum = 0;
        final long start = System.nanoTime();
        for (int i = 0; i < CLOCK_READS; i++) {
            sum += System.nanoTime();
        }
        return sum == 42 ? 0 : (double) (System.nanoTime() - start) / CLOCK_READS;
    }

    /** Nanoseconds of a packet that all phases take. */
    public double sumNs() {
        return ns.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /** Nanoseconds of a packet that this phase takes. */
    public double ns(Phase phase) {
        return ns.getOrDefault(phase, 0.0);
    }
}
