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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * How long a small datagram takes from a socket of one pod to one of another, at steady rates, in turns with the kernel's routing
 * between two veths and with a bare loop between two TAPs. One thread sends and receives, and counts from when a
 * datagram was due, so that its own delays are not hidden; how long it was off its core is in the note. weir's worker has the other
 * core, as the bare loop has, and lets others use it between packets; the kernel forwards within the sender's call.
 */
public final class TapLatencyExperiment implements Experiment {
    private static final int[] RATES = {10_000, 100_000};
    private static final double[] PERCENTILES = {50, 99, 99.9, 100};

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
            try (BareTaps _ = settings.peers() ? BareTaps.start(net, cores.forward()) : null;
                    WeirProcess weir = WeirProcess.start(
                            net,
                            "node",
                            PodConfig.of(net),
                            "workers.priority=realtime",
                            "workers.firstCore=" + cores.forward())) {
                for (final boolean ipv6 : settings.ipv6()) {
                    for (final int rate : RATES) {
                        measure(paths(net, ipv6, settings, cores), ipv6, rate, settings, cores, recorder);
                    }
                }
                if (weir.cpuSeconds() == 0) {
                    throw new IllegalStateException("weir did nothing");
                }
            }
        }
    }

    /** A way from one socket to another, and who forwards on it. */
    private record Way(Subject subject, String command, BenchNamespaces net, String from, String to, String address) {
        DatagramPath open() throws IOException, InterruptedException {
            return DatagramPath.open(net, from, to, address);
        }
    }

    private static List<Way> paths(BenchNamespaces net, boolean ipv6, Settings settings, PlacedCores cores) {
        final List<Way> ways = new ArrayList<>();
        ways.add(new Way(
                Subject.WEIR,
                "weir run, two pods, workers.priority=realtime, workers.firstCore=" + cores.forward(),
                net,
                "client",
                "server",
                PodConfig.server(ipv6)));
        if (settings.peers()) {
            ways.add(new Way(
                    Subject.KERNEL,
                    "two veths, net.ipv4.ip_forward=1",
                    net,
                    "kernel-client",
                    "kernel-server",
                    RoutedVeths.server(ipv6)));
            ways.add(new Way(
                    Subject.BARE_LOOP,
                    "two TAPs, read and write, real-time on core " + cores.forward(),
                    net,
                    BareTaps.CLIENT,
                    BareTaps.SERVER,
                    BareTaps.server(ipv6)));
        }
        return ways;
    }

    private void measure(
            List<Way> ways, boolean ipv6, int rate, Settings settings, PlacedCores cores, Recorder recorder)
            throws IOException, InterruptedException {
        final Map<Way, List<DatagramRun>> runs = new LinkedHashMap<>();
        for (final Way way : ways) {
            recorder.progress(name() + ", " + rate + " packets a second, " + way.subject.label() + ": warming up");
            try (DatagramPath path = way.open()) {
                path.run(rate, settings.warmUpSeconds(), cores.send());
            }
            runs.put(way, new ArrayList<>());
        }
        for (int run = 0; run < settings.runs(); run++) {
            recorder.progress(name() + ", " + rate + " packets a second, run " + (run + 1));
            for (final Map.Entry<Way, List<DatagramRun>> each : runs.entrySet()) {
                try (DatagramPath path = each.getKey().open()) {
                    each.getValue().add(path.run(rate, settings.seconds(), cores.send()));
                }
            }
        }
        final Variant variant = new Variant(1, ipv6 ? "84" : "64", ipv6, "udp", 1, rate + " packets a second");
        runs.forEach((way, measured) -> record(way, variant, measured, recorder));
    }

    private void record(Way way, Variant variant, List<DatagramRun> runs, Recorder recorder) {
        final long sent = runs.stream().mapToLong(DatagramRun::sent).sum();
        final long lost = runs.stream().mapToLong(DatagramRun::lost).sum();
        if (lost == sent) {
            throw new IllegalStateException("nothing arrived by " + way.subject.label());
        }
        final double paused = runs.stream()
                .mapToDouble(run -> 100.0 * run.pausedNs() / run.lastedNs())
                .average()
                .orElseThrow();
        final String note = String.format(
                Locale.ROOT,
                "%d of %d datagrams did not arrive and are in no percentile; the measuring thread was off its core for %.2f %% of the time",
                lost,
                sent,
                paused);
        for (final double percentile : PERCENTILES) {
            report(
                    way,
                    variant,
                    Metric.latency(percentile),
                    note,
                    recorder,
                    runs,
                    run -> run.delays().getValueAtPercentile(percentile) / 1e3);
        }
        report(way, variant, Metric.LOST, note, recorder, runs, run -> 100.0 * run.lost() / run.sent());
    }

    private void report(
            Way way,
            Variant variant,
            Metric metric,
            String note,
            Recorder recorder,
            List<DatagramRun> runs,
            ToDoubleFunction<DatagramRun> figure) {
        recorder.result(Result.of(
                        name(),
                        variant,
                        way.subject,
                        metric,
                        runs.stream().mapToDouble(figure).toArray())
                .withCommand(way.command)
                .withNote(note));
    }
}
