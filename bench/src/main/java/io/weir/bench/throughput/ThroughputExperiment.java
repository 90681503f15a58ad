package io.weir.bench.throughput;

import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;

/** How many packets a second a scenario forwards, from memory to nowhere. */
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
    public void run(Settings settings, Recorder recorder) {
        final Harness harness = new Harness(
                (int) Math.ceil(settings.warmUpSeconds()), settings.runs(), settings.seconds(), recorder::progress);
        for (final boolean ipv6 : settings.ipv6()) {
            for (final String packets : settings.packets()) {
                for (final int flows : settings.flows()) {
                    final Variant variant = new Variant(flows, packets, ipv6, settings.tcp() ? "tcp" : "udp", 1, "");
                    final int smallest = ipv6 && settings.tcp() ? 74 : 60;
                    final Traffic traffic =
                            new Traffic(flows, Math.max(smallest, Integer.parseInt(packets)), ipv6, settings.tcp());
                    record(harness.measure(scenario, traffic), variant, recorder);
                }
            }
        }
    }

    private void record(Measurement measured, Variant variant, Recorder recorder) {
        recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.RATE, measured.rates())
                .withHeap(measured.bytesAllocated(), measured.collections())
                .withCpuSeconds(measured.cpuSeconds()));
        recorder.result(Result.of(name(), variant, Subject.WEIR, Metric.RATE_NET, measured.ratesWithoutGenerator()));
    }
}
