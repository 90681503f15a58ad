package io.weir.bench.device;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Metric;
import io.weir.bench.report.Result;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * How long a small datagram takes from a socket of one pod to one of another, at steady rates; the kernel routes between two veths
 * in turns with weir. One thread sends and receives, and counts from when a datagram was due, so that its own delays are not
 * hidden; how long it was off its core is in the note. weir's worker has a core of its own and lets others use it between packets.
 */
public final class TapLatencyExperiment implements Experiment {
    private static final int[] RATES = {10_000, 100_000};
    private static final double[] PERCENTILES = {50, 99, 99.9};

    @Override
    public String name() {
        return "tap-latency";
    }

    @Override
    public String describe() {
        return "delay of a small datagram from one pod's socket to another's, by TAPs, at 10 and 100 thousand a second";
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("ping");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.FAMILY, Choice.PEERS);
    }

    @Override
    public int measurements(Settings settings) {
        return RATES.length * settings.ipv6().size();
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        final PlacedCores cores = PlacedCores.of(settings);
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("node", "client", "server")) {
                net.create(label);
            }
            if (settings.peers()) {
                RoutedVeths.make(net);
            }
            try (WeirProcess weir = WeirProcess.start(
                    net,
                    "node",
                    PodConfig.of(net),
                    "workers.priority=realtime",
                    "workers.firstCore=" + cores.forward())) {
                for (final boolean ipv6 : settings.ipv6()) {
                    for (final int rate : RATES) {
                        measure(net, ipv6, rate, settings, cores, recorder);
                    }
                }
                if (weir.cpuSeconds() == 0) {
                    throw new IllegalStateException("weir did nothing");
                }
            }
        }
    }

    private void measure(
            BenchNamespaces net, boolean ipv6, int rate, Settings settings, PlacedCores cores, Recorder recorder)
            throws IOException, InterruptedException {
        final List<DatagramRun> weir = new ArrayList<>();
        final List<DatagramRun> kernel = new ArrayList<>();
        try (DatagramPath byWeir = DatagramPath.open(net, "client", "server", PodConfig.server(ipv6))) {
            recorder.progress(name() + ", " + rate + " packets a second: warming up");
            byWeir.run(rate, settings.warmUpSeconds(), cores.send());
            for (int run = 0; run < settings.runs(); run++) {
                recorder.progress(name() + ", " + rate + " packets a second, run " + (run + 1));
                weir.add(byWeir.run(rate, settings.seconds(), cores.send()));
                if (settings.peers()) {
                    try (DatagramPath byKernel =
                            DatagramPath.open(net, "kernel-client", "kernel-server", RoutedVeths.server(ipv6))) {
                        kernel.add(byKernel.run(rate, settings.seconds(), cores.send()));
                    }
                }
            }
        }
        final Variant variant = new Variant(1, ipv6 ? "84" : "64", ipv6, "udp", 1, rate + " packets a second");
        final long count = ((long) (rate * settings.seconds())) * settings.runs();
        record(
                Subject.WEIR,
                variant,
                weir,
                count,
                "weir run, two pods, workers.priority=realtime, workers.firstCore=" + cores.forward(),
                recorder);
        if (settings.peers()) {
            record(Subject.KERNEL, variant, kernel, count, "two veths, net.ipv4.ip_forward=1", recorder);
        }
    }

    private void record(
            Subject subject, Variant variant, List<DatagramRun> runs, long sent, String command, Recorder recorder) {
        final long lost = sent
                - runs.stream().mapToLong(run -> run.delays().getTotalCount()).sum();
        if (lost > sent / 100) {
            throw new IllegalStateException(lost + " of " + sent + " datagrams were lost by " + subject.label());
        }
        final double paused = runs.stream()
                .mapToDouble(run -> 100.0 * run.pausedNs() / run.lastedNs())
                .average()
                .orElseThrow();
        final String note = String.format(
                Locale.ROOT,
                "%d of %d were lost; the measuring thread was off its core for %.2f %% of the time",
                lost,
                sent,
                paused);
        for (final double percentile : PERCENTILES) {
            recorder.result(Result.of(
                            name(),
                            variant,
                            subject,
                            Metric.latency(percentile),
                            runs.stream()
                                    .mapToDouble(run -> run.delays().getValueAtPercentile(percentile) / 1e3)
                                    .toArray())
                    .withCommand(command)
                    .withNote(note));
        }
    }
}
