package io.weir.bench.device;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One TCP connection of iperf3 between two pods: with TAPs, through workers with the settings that a user gets, or with veth,
 * carried by the kernel once weir has decided about it. The kernel routes between two veths in turns with it. Nobody is
 * bound to a core, so client, server and worker share what there is.
 */
public final class PodTcpExperiment implements Experiment {
    private final String name;
    private final String pods;
    private final List<String> more;

    private PodTcpExperiment(String name, String pods, String... more) {
        this.name = name;
        this.pods = pods;
        this.more = List.of(more);
    }

    /** Every packet goes by weir. */
    public static PodTcpExperiment byTaps() {
        return new PodTcpExperiment("tap-tcp", "two pods with TAPs");
    }

    /** Flow offload. */
    public static PodTcpExperiment offloaded() {
        return new PodTcpExperiment(
                "offload-tcp",
                "two pods with veth and flow offload",
                "ports.pods.device=veth",
                "ports.pods.offload=true");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return "one TCP connection (iperf3) between " + pods;
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("iperf3", "ping");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.FAMILY, Choice.WORKERS, Choice.PEERS);
    }

    @Override
    public int measurements(Settings settings) {
        return settings.workers().size() * settings.ipv6().size();
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("node", "client", "server")) {
                net.create(label);
            }
            if (settings.peers()) {
                RoutedVeths.make(net);
            }
            for (final int workers : settings.workers()) {
                final List<String> settingsOfWeir = new ArrayList<>(more);
                settingsOfWeir.add("workers.count=" + workers);
                try (WeirProcess weir =
                        WeirProcess.start(net, "node", PodConfig.of(net), settingsOfWeir.toArray(String[]::new))) {
                    for (final boolean ipv6 : settings.ipv6()) {
                        measure(net, weir, new Variant(1, "1500", ipv6, "tcp", workers, ""), settings, recorder);
                    }
                }
            }
        }
    }

    private void measure(BenchNamespaces net, WeirProcess weir, Variant variant, Settings settings, Recorder recorder)
            throws IOException, InterruptedException {
        recorder.progress(name() + ", " + variant.text() + ": warming up");
        if (settings.warmUpSeconds() > 0) {
            byWeir(net, weir, variant, settings.warmUpSeconds());
        }
        final List<IperfRun> weirRuns = new ArrayList<>();
        final List<IperfRun> kernelRuns = new ArrayList<>();
        for (int run = 0; run < settings.runs(); run++) {
            recorder.progress(name() + ", " + variant.text() + ": run " + (run + 1));
            weirRuns.add(byWeir(net, weir, variant, settings.seconds()));
            if (settings.peers()) {
                final String server = RoutedVeths.server(variant.ipv6());
                kernelRuns.add(IperfRun.of(net, "kernel-client", "kernel-server", server, settings.seconds(), () -> 0));
            }
        }
        IperfRun.record(name(), Subject.WEIR, variant, weirRuns, "weir run, " + pods + "; iperf3 -c", recorder);
        if (settings.peers()) {
            IperfRun.record(
                    name(),
                    Subject.KERNEL,
                    variant,
                    kernelRuns,
                    "two veths, net.ipv4.ip_forward=1; iperf3 -c",
                    recorder);
        }
    }

    private static IperfRun byWeir(BenchNamespaces net, WeirProcess weir, Variant variant, double seconds)
            throws IOException, InterruptedException {
        final String server = PodConfig.server(variant.ipv6());
        return IperfRun.of(net, "client", "server", server, seconds, weir::cpuSeconds);
    }
}
