package io.weir.bench.device;

import io.weir.bench.device.TunnelNodes.Form;
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
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One TCP connection of iperf3 between pods on two nodes: weir in each with flannel's tunnels, weir with plain routes, and the
 * kernel's bridge, VXLAN device and masquerade rules, with and without a link that takes unsegmented tunnel packets. In turns;
 * nobody is bound to a core.
 */
public final class TunnelTcpExperiment implements Experiment {
    private final String name;
    private final String pods;
    private final List<Form> ours;

    private TunnelTcpExperiment(String name, String pods, Form... ours) {
        this.name = name;
        this.pods = pods;
        this.ours = List.of(ours);
    }

    /** Every packet goes by weir. */
    public static TunnelTcpExperiment byTaps() {
        return new TunnelTcpExperiment("tunnel-tcp", "pods", Form.WEIR_TUNNEL, Form.WEIR_ROUTES);
    }

    /** Flow offload. */
    public static TunnelTcpExperiment offloaded() {
        return new TunnelTcpExperiment(
                "offload-tunnel-tcp",
                "pods with veth and flow offload",
                Form.WEIR_OFFLOADED_TUNNEL,
                Form.WEIR_OFFLOADED_ROUTES);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return "one TCP connection (iperf3) between " + pods + " on two nodes, by tunnel and by routes";
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("iperf3", "ping", "etcd", "etcdctl", "nft", "ethtool");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.PEERS);
    }

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        final List<Form> forms = new ArrayList<>(ours);
        final Map<Form, List<WeirProcess>> processes = new EnumMap<>(Form.class);
        final Map<Form, List<IperfRun>> runs = new EnumMap<>(Form.class);
        try (BenchNamespaces net = new BenchNamespaces()) {
            try {
                for (final Form form : List.copyOf(forms)) {
                    processes.put(form, TunnelNodes.weir(net, form));
                }
                if (settings.peers()) {
                    forms.addAll(List.of(Form.KERNEL_TUNNEL, Form.KERNEL_SEGMENTED, Form.KERNEL_ROUTES));
                    for (final Form form : forms.subList(ours.size(), forms.size())) {
                        TunnelNodes.kernel(net, form);
                    }
                }
                for (final Form form : forms) {
                    TunnelNodes.awaitPath(net, form);
                    runs.put(form, new ArrayList<>());
                }
                recorder.progress(name() + ": warming up");
                for (final Form form : processes.keySet()) {
                    if (settings.warmUpSeconds() > 0) {
                        transfer(net, form, processes, settings.warmUpSeconds());
                    }
                }
                for (int run = 0; run < settings.runs(); run++) {
                    recorder.progress(name() + ", run " + (run + 1));
                    for (final Map.Entry<Form, List<IperfRun>> each : runs.entrySet()) {
                        each.getValue().add(transfer(net, each.getKey(), processes, settings.seconds()));
                    }
                }
            } finally {
                processes.values().forEach(list -> list.forEach(WeirProcess::close));
            }
        }
        runs.forEach((form, list) -> record(form, list, recorder));
    }

    private static IperfRun transfer(
            BenchNamespaces net, Form form, Map<Form, List<WeirProcess>> processes, double seconds)
            throws IOException, InterruptedException {
        return IperfRun.of(net, form.pod(1), form.pod(2), TunnelNodes.podAddress(2), seconds, () -> {
            double sum = 0;
            for (final WeirProcess process : processes.getOrDefault(form, List.of())) {
                sum += process.cpuSeconds();
            }
            return sum;
        });
    }

    private void record(Form form, List<IperfRun> runs, Recorder recorder) {
        final String command = switch (form) {
            case WEIR_TUNNEL, WEIR_OFFLOADED_TUNNEL ->
                "weir run on two nodes, " + pods + ", flannel by etcd, 1 worker each; iperf3 -c";
            case WEIR_ROUTES, WEIR_OFFLOADED_ROUTES ->
                "weir run on two nodes, " + pods + ", flannel.vpcRoutes, 1 worker each; iperf3 -c";
            case KERNEL_TUNNEL -> "bridge, VXLAN device, nft masquerade; 64 KiB tunnel packets on the veth";
            case KERNEL_SEGMENTED -> "the same, tx-udp_tnl-segmentation off on the veth";
            case KERNEL_ROUTES -> "bridge, routes, nft masquerade";
        };
        // the same words for weir's and the kernel's, because they do the same
        final String way = switch (form) {
            case WEIR_TUNNEL, WEIR_OFFLOADED_TUNNEL, KERNEL_TUNNEL -> "tunnel";
            case WEIR_ROUTES, WEIR_OFFLOADED_ROUTES, KERNEL_ROUTES -> "routes";
            case KERNEL_SEGMENTED -> "tunnel, 1500 bytes on the wire";
        };
        final Variant variant = new Variant(1, "1500", false, "tcp", 1, way);
        final double gigabytes = runs.stream()
                .mapToDouble(run -> run.gigabitsPerSecond() / 8 * run.seconds())
                .sum();
        final double machine =
                runs.stream().mapToDouble(IperfRun::machineSeconds).sum();
        recorder.result(Result.of(
                        name(),
                        variant,
                        form.isWeir() ? Subject.WEIR : Subject.KERNEL,
                        Metric.BITRATE,
                        runs.stream().mapToDouble(IperfRun::gigabitsPerSecond).toArray())
                .withCpuSeconds(machine)
                .withCommand(command)
                .withNote(String.format(
                        Locale.ROOT,
                        "CPU milliseconds per GB: client %.0f, server %.0f, forwarders' processes %.0f, whole machine"
                                + " %.0f; %d retransmits",
                        runs.stream().mapToDouble(IperfRun::clientSeconds).sum() * 1000 / gigabytes,
                        runs.stream().mapToDouble(IperfRun::serverSeconds).sum() * 1000 / gigabytes,
                        runs.stream().mapToDouble(IperfRun::forwarderSeconds).sum() * 1000 / gigabytes,
                        machine * 1000 / gigabytes,
                        runs.stream().mapToLong(IperfRun::retransmits).sum())));
    }
}
