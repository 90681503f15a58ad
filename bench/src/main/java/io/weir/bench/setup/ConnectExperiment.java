package io.weir.bench.setup;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Scenarios;
import io.weir.bench.throughput.Traffic;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * New connections a second through one worker (as RFC 3511, section 5.3, asks of firewalls, without the client's and server's
 * own work): every packet is a connection's first. Runs without a pause until all flows are open.
 */
public final class ConnectExperiment implements Experiment {
    private static final List<String> SCENARIOS = List.of("ct", "nat", "lb", "policy", "chain");

    /** Fewer are over before a clock could be read. */
    private static final int FEWEST_FLOWS = 100_000;

    @Override
    public String name() {
        return "connect";
    }

    @Override
    public String describe() {
        return "new connections a second: the first packet of each flow, through ct, nat, lb, policy and chain";
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.FLOWS, Choice.FAMILY);
    }

    @Override
    public int measurements(Settings settings) {
        return SCENARIOS.size() * settings.flows().size() * settings.ipv6().size();
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws InterruptedException {
        final List<Integer> flows = settings.flows().stream()
                .map(count -> Math.max(FEWEST_FLOWS, count))
                .distinct()
                .toList();
        try (PinnedThread thread = new PinnedThread(settings.core())) {
            for (final String scenarioName : SCENARIOS) {
                final Scenario scenario = Scenarios.byName(scenarioName).orElseThrow();
                warmUp(thread, scenario, settings, recorder);
                for (final boolean ipv6 : settings.ipv6()) {
                    for (final int count : flows) {
                        measure(thread, scenario, Traffic.of(count, "64", ipv6, false), settings, recorder);
                    }
                }
            }
        }
    }

    private void warmUp(PinnedThread thread, Scenario scenario, Settings settings, Recorder recorder)
            throws InterruptedException {
        recorder.progress(name() + ", " + scenario.name() + ": warming up");
        final long end = System.nanoTime() + (long) (settings.warmUpSeconds() * 1e9);
        do {
            FirstPackets.perSecond(thread, scenario, Traffic.of(FEWEST_FLOWS, "64", false, false));
        } while (System.nanoTime() < end);
    }

    private void measure(PinnedThread thread, Scenario scenario, Traffic traffic, Settings settings, Recorder recorder)
            throws InterruptedException {
        final Variant variant = new Variant(traffic.flows(), "64", traffic.ipv6(), "udp", 1, scenario.name());
        recorder.progress(name() + ", " + variant.text() + ": measuring");
        final double[] rates = new double[settings.runs()];
        for (int run = 0; run < rates.length; run++) {
            rates[run] = FirstPackets.perSecond(thread, scenario, traffic);
        }
        recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.CONNECTIONS, rates)
                .withCommand("weir bench run connect --flows " + traffic.flows()));
    }
}
