package io.weir.bench.device;

import io.weir.bench.experiment.Choice;
import io.weir.bench.experiment.Experiment;
import io.weir.bench.experiment.Recorder;
import io.weir.bench.experiment.Settings;
import io.weir.bench.report.Subject;
import io.weir.bench.report.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One TCP connection of iperf3 to a cluster IP, from a pod with veth to another one: weir decides, the kernel carries and translates. In
 * turns with it kernels that route between veths, with the same Services as kube-proxy programs them by iptables and by nftables.
 * Nobody is bound to a core.
 */
public final class ServiceTcpExperiment implements Experiment {
    private static final int ASKED_PORT = 80;

    @Override
    public String name() {
        return "offload-service";
    }

    @Override
    public String describe() {
        return "one TCP connection (iperf3) through one of %,d cluster IPs by flow offload; kernels with kube-proxy's rules beside it"
                .formatted(ThousandServices.COUNT);
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("iperf3");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.PEERS);
    }

    @Override
    public int measurements(Settings settings) {
        return 1;
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("node", "client", "server")) {
                net.create(label);
            }
            final List<ThousandServices.Router> ways = new ArrayList<>();
            ways.add(new ThousandServices.Router(
                    Subject.WEIR, "client", "server", "weir run, two pods with veth and flow offload"));
            if (settings.peers()) {
                for (final Subject peer : List.of(Subject.IPTABLES, Subject.NFTABLES)) {
                    ThousandServices.router(net, peer, name(), recorder, IperfRun.PORT)
                            .ifPresent(ways::add);
                }
            }
            final String config = PodConfig.of(net) + ThousandServices.manifests(IperfRun.PORT);
            try (WeirProcess weir = WeirProcess.start(
                    net, "node", config, "ports.pods.device=veth", "ports.pods.offload=true", "workers.count=1")) {
                measure(net, weir, ways, settings, recorder);
            }
        }
    }

    private void measure(
            BenchNamespaces net,
            WeirProcess weir,
            List<ThousandServices.Router> ways,
            Settings settings,
            Recorder recorder)
            throws IOException, InterruptedException {
        final Map<Subject, List<IperfRun>> runs = new EnumMap<>(Subject.class);
        for (int run = 0; run <= settings.runs(); run++) {
            recorder.progress(name() + (run == 0 ? ": warming up" : ": run " + run));
            for (final ThousandServices.Router way : ways) {
                final double seconds = run == 0 ? Math.max(1, settings.warmUpSeconds()) : settings.seconds();
                final IperfRun done = IperfRun.of(
                        net,
                        way.client(),
                        way.server(),
                        ThousandServices.address(),
                        ASKED_PORT,
                        seconds,
                        way.subject() == Subject.WEIR ? weir::cpuSeconds : () -> 0);
                if (run > 0) {
                    runs.computeIfAbsent(way.subject(), _ -> new ArrayList<>()).add(done);
                }
            }
        }
        final Variant variant = new Variant(1, "1500", false, "tcp", 1, "");
        for (final ThousandServices.Router way : ways) {
            IperfRun.record(
                    name(),
                    way.subject(),
                    variant,
                    runs.getOrDefault(way.subject(), List.of()),
                    way.command() + "; iperf3 -c",
                    recorder);
        }
    }
}
