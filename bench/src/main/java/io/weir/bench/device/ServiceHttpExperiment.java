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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * A web server behind a cluster IP: {@code wrk} in one pod asks nginx in another, through weir with TAPs or by flow offload; in turns with
 * it through kernels that route between veths, with the same Services as kube-proxy programs them by iptables and by nftables. Nobody is
 * bound to a core: client, server and forwarder share the machine, and what counts besides the rate is the CPU that all of it used.
 */
public final class ServiceHttpExperiment implements Experiment {
    private static final Metric CPU = new Metric("cpu-per-request", "µs", false);
    private static final int CONNECTIONS = 16;
    private static final int[] PORTS = {8080, 8081, 8082};

    private final String name;
    private final String pods;
    private final String[] more;

    private ServiceHttpExperiment(String name, String pods, String... more) {
        this.name = name;
        this.pods = pods;
        this.more = more.clone();
    }

    /** Every packet goes by weir. */
    public static ServiceHttpExperiment byTaps() {
        return new ServiceHttpExperiment("service-http", "two pods with TAPs");
    }

    /** Connections that carry enough are carried by the kernel. */
    public static ServiceHttpExperiment offloaded() {
        return new ServiceHttpExperiment(
                "offload-http",
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
        return "wrk asks nginx through one of %,d cluster IPs, %s; kernels with kube-proxy's rules beside it"
                .formatted(ThousandServices.COUNT, pods);
    }

    @Override
    public Optional<String> obstacle() {
        return DeviceObstacle.find("wrk", "nginx");
    }

    @Override
    public Set<Choice> choices() {
        return EnumSet.of(Choice.PEERS);
    }

    @Override
    public int measurements(Settings settings) {
        return 2;
    }

    /** Someone who forwards: from where wrk asks, and where nginx is. */
    private record Way(Subject subject, String client, String command) {}

    @Override
    public void run(Settings settings, Recorder recorder) throws IOException, InterruptedException {
        try (BenchNamespaces net = new BenchNamespaces()) {
            final Path directory = net.directory();
            final Path nginx = directory.resolve("nginx.conf");
            for (final String label : List.of("node", "client", "server")) {
                net.create(label);
            }
            final List<Way> ways = new ArrayList<>();
            ways.add(new Way(Subject.WEIR, "client", "weir run, " + pods + ", 1 worker"));
            Files.writeString(nginx, nginxConfig(directory));
            if (settings.peers()) {
                for (final Subject peer : List.of(Subject.IPTABLES, Subject.NFTABLES)) {
                    final Optional<ThousandServices.Router> router =
                            ThousandServices.router(net, peer, name, recorder, PORTS);
                    if (router.isPresent()) {
                        net.start(router.get().server(), "", "nginx", "-c", nginx.toString());
                        ways.add(new Way(
                                peer, router.get().client(), router.get().command()));
                    }
                }
            }
            final String config = PodConfig.of(net) + ThousandServices.manifests(PORTS);
            try (WeirProcess _ = WeirProcess.start(net, "node", config, more)) {
                net.start("server", "", "nginx", "-c", nginx.toString());
                for (final Way way : ways) {
                    awaitServer(net, way.client);
                }
                for (final boolean isFresh : new boolean[] {false, true}) {
                    measure(net, ways, isFresh, settings, recorder);
                }
            }
        }
    }

    private void measure(BenchNamespaces net, List<Way> ways, boolean isFresh, Settings settings, Recorder recorder)
            throws IOException, InterruptedException {
        final String kind = isFresh ? "a connection for each request" : "connections kept";
        final Map<Subject, List<WrkRun>> runs = new EnumMap<>(Subject.class);
        for (int run = 0; run <= settings.runs(); run++) {
            recorder.progress("%s, %s, %s".formatted(name(), kind, run == 0 ? "warming up" : "run " + run));
            for (final Way way : ways) {
                final double seconds = run == 0 ? Math.max(1, settings.warmUpSeconds()) : settings.seconds();
                final WrkRun done = WrkRun.of(net, way.client, url(), CONNECTIONS, seconds, isFresh);
                if (run > 0) {
                    runs.computeIfAbsent(way.subject, _ -> new ArrayList<>()).add(done);
                }
            }
        }
        final Variant variant = new Variant(CONNECTIONS, "small answers", false, "tcp", 1, kind);
        for (final Way way : ways) {
            final List<WrkRun> own = runs.getOrDefault(way.subject, List.of());
            final String command = way.command + "; wrk -t1 -c" + CONNECTIONS;
            record(variant, way.subject, Metric.REQUESTS, own, WrkRun::requestsPerSecond, command, recorder);
            record(variant, way.subject, Metric.latency(50), own, WrkRun::medianMicros, command, recorder);
            record(variant, way.subject, Metric.latency(99), own, WrkRun::p99Micros, command, recorder);
            record(
                    variant,
                    way.subject,
                    CPU,
                    own,
                    each -> each.machineSeconds() * 1e6 / each.requests(),
                    command,
                    recorder);
        }
    }

    private void record(
            Variant variant,
            Subject subject,
            Metric metric,
            List<WrkRun> runs,
            ToDoubleFunction<WrkRun> figure,
            String command,
            Recorder recorder) {
        recorder.result(Result.of(
                        name(),
                        variant,
                        subject,
                        metric,
                        runs.stream().mapToDouble(figure).toArray())
                .withCpuSeconds(
                        runs.stream().mapToDouble(WrkRun::machineSeconds).sum())
                .withCommand(command)
                .withNote("CPU of the whole machine: wrk, nginx and whoever forwards"));
    }

    private static String url() {
        return "http://" + ThousandServices.address() + "/";
    }

    private static void awaitServer(BenchNamespaces net, String client) throws IOException, InterruptedException {
        IOException last = new IOException("never asked");
        for (int attempt = 0; attempt < 50; attempt++) {
            try {
                net.run(client, "wrk", "-t1", "-c1", "-d1s", url());
                return;
            } catch (final IOException e) {
                last = e;
                Thread.sleep(100);
            }
        }
        throw last;
    }

    /** Its file of the process id is one of its own, because nginx removes it at the end. */
    private static String nginxConfig(Path directory) {
        final StringBuilder listens = new StringBuilder();
        for (final int port : PORTS) {
            listens.append("listen ").append(port).append(" backlog=4096; ");
        }
        return """
                daemon off; user root; worker_processes 1; pid %s/nginx.pid; error_log /dev/null;
                events {worker_connections 4096;}
                http {
                  access_log off; keepalive_requests 100000000;
                  server {%s location / {default_type text/plain; return 200 "ok\\n";}}
                }
                """.formatted(directory, listens);
    }
}
