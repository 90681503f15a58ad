package io.weir.tools.demo;

import io.weir.dataplane.linux.AtExit;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.tools.Weir;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.demo.DemoManifests.DemoPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * The demo's cluster: network namespaces for two nodes, their pods, etcd and the Internet, and in them the processes that a
 * real cluster has.
 *
 * <pre>
 *   client  web-1                  web-2  other          pods
 *     └──┬────┘                      └──┬────┘
 *      node-1 (weir agent)            node-2 (weir agent)
 *        │ 172.31.9.1                   │ 172.31.9.2
 *        └────────── internet ──────────┘── etcd 172.31.9.100
 *                    a switch, a router, and a host 198.51.100.10
 * </pre>
 *
 * <p>Everything is gone after {@link #close}, also after Ctrl-C, unless it is to be kept.
 */
final class DemoCluster implements AutoCloseable {
    static final Path DIRECTORY = Path.of("/run/weir-demo");
    static final String PREFIX = "weir-demo-";
    static final List<String> NODES = List.of("node-1", "node-2");

    private final Map<String, NetworkNamespace> namespaces = new HashMap<>();
    private final DemoRemains remains;
    private final AtExit atExit;
    private volatile boolean isEnding;
    private volatile boolean isKept;

    /** What a program printed on both streams, and how it ended. */
    record Output(int exitCode, String text) {}

    DemoCluster() throws IOException {
        remains = DemoRemains.begin(DIRECTORY, PREFIX);
        atExit = new AtExit("removing the demo", this::remove);
    }

    /** Makes the namespaces and the links between them. */
    void wire() {
        final List<String> labels = new ArrayList<>(List.of("internet", "etcd"));
        labels.addAll(NODES);
        DemoManifests.PODS.forEach(pod -> labels.add(pod.name()));
        for (final String label : labels) {
            namespaces.put(label, NetworkNamespace.create(PREFIX + label));
            // addresses are usable at once
            sh(label, "ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
        }
        sh("internet", "ip link add br0 type bridge; ip link set br0 up");
        for (final String host : List.of("node-1", "node-2", "etcd")) {
            sh(
                    "internet",
                    "ip link add to-%1$s type veth peer name up0 netns %2$s%1$s; ip link set to-%1$s master br0 up"
                            .formatted(host, PREFIX));
            sh(host, "ip link set up0 up");
        }
        sh("etcd", "ip address add " + DemoManifests.ETCD + "/24 dev up0");
        sh("internet", """
                ip address add %1$s/24 dev br0; ip address add %2$s/64 dev br0 nodad
                ip address add %3$s/32 dev lo; ip address add %4$s/128 dev lo nodad
                ip route add %5$s via 172.31.9.1; ip -6 route add %6$s via fd00:31::1
                echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding""".formatted(
                        DemoManifests.GATEWAY,
                        DemoManifests.GATEWAY6,
                        DemoManifests.INTERNET,
                        DemoManifests.INTERNET6,
                        DemoManifests.BALANCER,
                        DemoManifests.BALANCER6));
    }

    /** Starts etcd and tells it what flannel's nodes ask for. */
    void startEtcd() {
        final String etcd = DemoManifests.ETCD;
        launch(
                "etcd",
                "etcd",
                List.of(
                        "etcd",
                        "--name=demo",
                        "--data-dir=" + DIRECTORY.resolve("etcd.data"),
                        "--listen-client-urls=http://" + etcd + ":2379,http://127.0.0.1:2379",
                        "--advertise-client-urls=http://" + etcd + ":2379",
                        "--listen-peer-urls=http://127.0.0.1:2380",
                        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
                        "--initial-cluster=demo=http://127.0.0.1:2380",
                        "--heartbeat-interval=50",
                        "--election-timeout=250"));
        await(
                "etcd answers",
                () -> run("etcd", "env", "ETCDCTL_API=3", "etcdctl", "put", "/coreos.com/network/config", """
                {"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:244::/48",\
                "Backend":{"Type":"vxlan"}}""")
                                .exitCode()
                        == 0);
    }

    /** Starts an agent on each node. */
    void startAgents() {
        for (int node = 1; node <= NODES.size(); node++) {
            final String name = "node-" + node;
            final Path own = DIRECTORY.resolve(name);
            write(own.resolve("subnet.env"), DemoManifests.subnet(node));
            write(own.resolve("config/node.yaml"), DemoManifests.node(node, own.toString()));
            write(own.resolve("config/cluster.yaml"), DemoManifests.cluster(PREFIX));
            launch(
                    name,
                    name,
                    List.of(
                            ProcessHandle.current().info().command().orElse("java"),
                            "-XX:+UseSerialGC",
                            "-Xmx512m",
                            "-XX:-UsePerfData",
                            "--enable-native-access=ALL-UNNAMED",
                            "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                            "--sun-misc-unsafe-memory-access=allow",
                            "-Dagrona.disable.bounds.checks=true",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Weir.class.getName(),
                            "agent",
                            "--config",
                            own.resolve("config").toString(),
                            "--run-dir",
                            runDirectory().toString()));
        }
    }

    /** Starts nginx in the serving pods and on the Internet's host. */
    void startServers() {
        for (final DemoPod pod : DemoManifests.PODS) {
            if (pod.app().equals("web")) {
                nginx(pod.name(), "listen %1$d; listen [::]:%1$d;".formatted(DemoManifests.POD_PORT));
            }
        }
        nginx("internet", "listen %s:80; listen [%s]:80;".formatted(DemoManifests.INTERNET, DemoManifests.INTERNET6));
    }

    private void nginx(String label, String listen) {
        final Path config = DIRECTORY.resolve(label + ".nginx");
        write(config, DemoManifests.nginx(label, DIRECTORY.toString(), listen));
        launch(
                label,
                label + "-nginx",
                List.of("nginx", "-e", DIRECTORY.resolve(label + ".log").toString(), "-c", config.toString()));
    }

    /** Where the agents' counters and sockets are. */
    static Path runDirectory() {
        return DIRECTORY.resolve("run");
    }

    /** Gives every node another manifest, or changes one, in one step. */
    void apply(String file, String text) {
        NODES.forEach(node -> write(DIRECTORY.resolve(node + "/config/" + file), text));
    }

    private static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            final Path draft = file.resolveSibling("." + file.getFileName() + ".draft");
            Files.writeString(draft, text);
            Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NetworkNamespace namespace(String label) {
        final NetworkNamespace namespace = namespaces.get(label);
        if (namespace == null) {
            throw new IllegalArgumentException("no namespace " + label);
        }
        return namespace;
    }

    /** Starts a program that outlives this one, in a session of its own; it writes its log into the directory. */
    private void launch(String label, String name, List<String> command) {
        final List<String> whole = new ArrayList<>(List.of("setsid"));
        whole.addAll(command);
        final Process process = namespace(label)
                .call(() -> new ProcessBuilder(whole)
                        .redirectErrorStream(true)
                        .redirectOutput(DIRECTORY.resolve(name + ".log").toFile())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .start());
        remains.note(name, process.toHandle());
    }

    /** Runs a program in a namespace to its end, for which it has a limit of its own. */
    Output run(String label, String... command) {
        parkIfEnding();
        try {
            final Process process = namespace(label)
                    .call(() -> new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .start());
            process.getOutputStream().close();
            final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            final int exitCode = process.waitFor();
            parkIfEnding();
            return new Output(exitCode, text);
        } catch (final IOException e) {
            throw new CommandFailure(command[0] + " can't be started: " + e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("interrupted", e);
        }
    }

    /** After Ctrl-C nothing more is said; the virtual machine ends when everything is removed. */
    private void parkIfEnding() {
        while (isEnding) {
            LockSupport.parkNanos(1_000_000_000L);
        }
    }

    /** Starts a program in a namespace; the caller ends it. */
    Process start(String label, String... command) {
        return namespace(label)
                .call(() ->
                        new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private void sh(String label, String script) {
        final Output output = run(label, "sh", "-ec", script);
        if (output.exitCode() != 0) {
            throw new CommandFailure(script + "\nfailed:\n" + output.text());
        }
    }

    /** A condition that is asked again and again. */
    interface Condition {
        boolean holds();
    }

    static void await(String what, Condition condition) {
        final long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                throw new CommandFailure("waited a minute in vain: " + what + "; see the logs in " + DIRECTORY);
            }
            LockSupport.parkNanos(50_000_000);
        }
    }

    /** Sends SIGTERM to both agents; how long the slower one took to end, in milliseconds. */
    long endAgents() {
        return remains.end(NODES);
    }

    /** Leaves everything as it is when the demo ends. */
    void keep() {
        isKept = true;
    }

    private void remove() {
        isEnding = true;
        if (!isKept) {
            namespaces.values().forEach(NetworkNamespace::close);
            remains.remove();
        }
    }

    @Override
    public void close() {
        remove();
        if (!atExit.cancel()) {
            parkIfEnding(); // the virtual machine is ending, and its hook removes what is left
        }
    }
}
