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
 * A web server behind a cluster IP: {@code wrk} in one pod asks nginx in another, through weir with TAPs; in turns with it through
 * kernels that route between veths, with the same Services as kube-proxy programs them by iptables and by nftables. Nobody is
 * bound to a core: client, server and forwarder share the machine, and what counts besides the rate is the CPU that all of it used.
 */
public final class ServiceHttpExperiment implements Experiment {
    private static final Metric CPU = new Metric("cpu-per-request", "µs", false);
    private static final int SERVICES = 1000;

    /** In the middle: iptables looks through half of the rules for it. */
    private static final int ASKED = SERVICES / 2;

    private static final int CONNECTIONS = 16;
    private static final int[] PORTS = {8080, 8081, 8082};

    @Override
    public String name() {
        return "service-http";
    }

    @Override
    public String describe() {
        return "wrk asks nginx through one of %,d cluster IPs; kernels with kube-proxy's rules beside it"
                .formatted(SERVICES);
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
        final Path directory = Files.createTempDirectory("weir-bench-http");
        final Path nginx = directory.resolve("nginx.conf");
        final List<Path> files = new ArrayList<>(List.of(nginx, directory.resolve("nginx.pid")));
        try (BenchNamespaces net = new BenchNamespaces()) {
            for (final String label : List.of("node", "client", "server")) {
                net.create(label);
            }
            final List<Way> ways = new ArrayList<>();
            ways.add(new Way(Subject.WEIR, "client", "weir run, two pods, 1 worker"));
            Files.writeString(nginx, nginxConfig(directory));
            if (settings.peers()) {
                for (final Subject peer : List.of(Subject.IPTABLES, Subject.NFTABLES)) {
                    kernel(net, peer, directory, files, recorder).ifPresent(ways::add);
                }
            }
            try (WeirProcess _ = WeirProcess.start(net, "node", PodConfig.of(net) + services())) {
                net.start("server", "", "nginx", "-c", nginx.toString());
                for (final Way way : ways) {
                    awaitServer(net, way.client);
                }
                for (final boolean isFresh : new boolean[] {false, true}) {
                    measure(net, ways, isFresh, settings, recorder);
                }
            }
        } finally {
            for (final Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
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
        final Variant variant = new Variant(CONNECTIONS, "small", false, "tcp", 1, kind);
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
        return "http://" + KubeProxyRules.address(ASKED) + "/";
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

    // ---- weir -------------------------------------------------------------------------------------------------------

    private static String services() {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < SERVICES; i++) {
            text.append("""
                    ---
                    apiVersion: v1
                    kind: Service
                    metadata: {name: web-%1$d, namespace: default}
                    spec: {clusterIP: %2$s, clusterIPs: [%2$s], ports: [{protocol: TCP, port: 80, targetPort: 8080}]}
                    """.formatted(i, KubeProxyRules.address(i)));
            for (final int port : PORTS) {
                text.append("""
                        ---
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: {name: web-%1$d-%2$d, namespace: default, labels: {kubernetes.io/service-name: web-%1$d}}
                        addressType: IPv4
                        ports: [{protocol: TCP, port: %2$d}]
                        endpoints: [{addresses: [%3$s], nodeName: bench}]
                        """.formatted(i, port, PodConfig.SERVER));
            }
        }
        return text.toString();
    }

    // ---- the kernel -------------------------------------------------------------------------------------------------

    /** A client, a router with the Services and a server; empty, and said so, when the program or its rules can't be used. */
    private Optional<Way> kernel(BenchNamespaces net, Subject peer, Path directory, List<Path> files, Recorder recorder)
            throws IOException, InterruptedException {
        final boolean isNft = peer == Subject.NFTABLES;
        final String program = isNft ? "nft" : "iptables-restore";
        final Optional<String> missing = DeviceObstacle.find(program);
        if (missing.isPresent()) {
            recorder.skip(name(), peer, missing.get());
            return Optional.empty();
        }
        final String prefix = peer.label();
        net.create(prefix + "-c");
        net.create(prefix + "-r");
        net.create(prefix + "-s");
        net.veth(prefix + "-c", "eth0", "10.1.0.2/24", prefix + "-r", "left", "10.1.0.1/24");
        net.veth(prefix + "-s", "eth0", RoutedVeths.SERVER + "/24", prefix + "-r", "right", "10.2.0.1/24");
        net.run(prefix + "-c", "ip", "route", "add", "default", "via", "10.1.0.1");
        net.run(prefix + "-s", "ip", "route", "add", "default", "via", "10.2.0.1");
        net.write(prefix + "-r", "ipv4/ip_forward", "1");
        final String[] endpoints = new String[PORTS.length];
        for (int i = 0; i < PORTS.length; i++) {
            endpoints[i] = RoutedVeths.SERVER + ":" + PORTS[i];
        }
        final KubeProxyRules rules = new KubeProxyRules(SERVICES, "10.0.0.0/14", endpoints);
        final Path file = directory.resolve(prefix);
        files.add(file);
        Files.writeString(file, isNft ? rules.nftables() : rules.iptables());
        try {
            if (isNft) {
                net.run(prefix + "-r", "nft", "-f", file.toString());
            } else {
                net.run(prefix + "-r", "iptables-restore", file.toString());
            }
        } catch (final IOException e) {
            recorder.skip(name(), peer, "its rules are refused: " + e.getMessage());
            return Optional.empty();
        }
        net.start(
                prefix + "-s",
                "",
                "nginx",
                "-c",
                directory.resolve("nginx.conf").toString());
        final String version = net.run(prefix + "-r", isNft ? "nft" : "iptables", isNft ? "--version" : "-V")
                .strip();
        return Optional.of(new Way(peer, prefix + "-c", "two veths, kube-proxy's rules by " + version));
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
