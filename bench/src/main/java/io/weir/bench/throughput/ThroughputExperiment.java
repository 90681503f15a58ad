package io.weir.bench.throughput;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** How many packets a second a scenario forwards, from memory to nowhere, and how many its peers. */
public final class ThroughputExperiment implements Experiment {
    private final Scenario scenario;

    public ThroughputExperiment(Scenario scenario) {
        this.scenario = scenario;
    }

    @Override
    public String name() {
        return scenario.name();
    }

    @Override
    public String describe() {
        return scenario.describe();
    }

    @Override
    public int measurements(Settings settings) {
        return settings.flows().size()
                * settings.packets().size()
                * settings.ipv6().size()
                * settings.workers().size();
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.allOf(Choice.class);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        for (final int workers : settings.workers()) {
            for (final boolean ipv6 : settings.ipv6()) {
                for (final String packets : settings.packets()) {
                    for (final int flows : settings.flows()) {
                        final String protocol = settings.tcp() ? "tcp" : "udp";
                        final Traffic traffic = Traffic.of(flows, packets, ipv6, settings.tcp());
                        final Variant variant = new Variant(flows, traffic.packets(), ipv6, protocol, workers, "");
                        final Contest contest = new Contest(scenario, traffic, variant, settings, recorder);
                        contest.hold();
                    }
                }
            }
        }
    }
}
