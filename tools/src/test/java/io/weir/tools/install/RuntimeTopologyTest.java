package io.weir.tools.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.CommandRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Real container runtimes that use weir as their network: containers reach each other, a Service and a web server outside, the
 * outside reaches a container by a host port, and when they are removed nothing of them stays. Everything that the runtimes
 * keep is below the rig's directory.
 */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RuntimeTopologyTest {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final Path LOOPBACK = Path.of("/usr/lib/cni/loopback");

    private AgentRig rig;
    private Path root;

    @BeforeAll
    void start() throws IOException {
        AgentRig.assumeCompiler();
        TopologyNamespaces.assumeProgram("busybox", "busybox-static");
        TopologyNamespaces.assumeProgram("runc", "runc");
        Assumptions.assumeTrue(
                Files.exists(LOOPBACK),
                LOOPBACK + " is missing; install the Debian package containernetworking-plugins");
        rig = new AgentRig("10.244.1.0/24").start().install();
        Files.copy(LOOPBACK, rig.binDirectory.resolve("loopback"));
        root = rootFilesystem();
        Files.writeString(
                Files.createDirectory(rig.directory.resolve("outside")).resolve("index.html"), "outside\n");
        rig.net.start(
                "outside",
                BUSYBOX.toString(),
                "httpd",
                "-f",
                "-p",
                "80",
                "-h",
                rig.directory.resolve("outside").toString());
    }

    private Path rootFilesystem() throws IOException {
        final Path folder = Files.createDirectory(rig.directory.resolve("rootfs"));
        for (final String each : new String[] {"bin", "proc", "sys", "dev", "etc", "tmp", "www"}) {
            Files.createDirectory(folder.resolve(each));
        }
        Files.copy(BUSYBOX, folder.resolve("bin/busybox"));
        for (final String each : new String[] {"sh", "httpd", "wget", "sleep"}) {
            Files.createSymbolicLink(folder.resolve("bin").resolve(each), Path.of("busybox"));
        }
        Files.writeString(folder.resolve("www/index.html"), "a container\n");
        return folder;
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            try (AgentRig ending = rig) {
                final CommandRun run = CommandRun.of(
                        "uninstall",
                        "--cni-conf-dir",
                        ending.confDirectory.toString(),
                        "--cni-bin-dir",
                        ending.binDirectory.toString());
                assertThat(run.code()).as(run.err()).isZero();
                assertThat(ending.confDirectory).isDirectoryNotContaining("glob:**.conflist");
            }
        }
    }

    private static String finish(Process process) throws Exception {
        process.getOutputStream().close();
        final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private static Process begin(Map<String, String> environment, List<String> command) throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static void await(String what, BooleanSupplier condition) {
        final long endNs = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited in vain: %s", what).isLessThan(endNs);
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** The address of the container whose name ends so; empty when it is not attached. */
    private String address(String name) {
        if (Files.exists(rig.runDirectory.resolve("node-1/attachments"))) {
            for (final JsonNode each : rig.book().path("attachments")) {
                if (each.path("pod").asText().endsWith(name)) {
                    return each.path("addresses").path(0).asText();
                }
            }
        }
        return "";
    }

    /** What a client prints that fetches all of this, with patience for servers that are starting. */
    private static List<String> client(String... urls) {
        final StringBuilder script = new StringBuilder();
        for (final String url : urls) {
            script.append("for i in 1 2 3 4 5 6 7 8; do wget -q -O - http://" + url + "/ && break; sleep 0.3; done; ");
        }
        return List.of("/bin/sh", "-c", script.toString());
    }

    private void service(String name, String address, int number) {
        rig.write("service-" + name + ".yaml", """
            apiVersion: v1
            kind: Service
            metadata: {name: %1$s, namespace: default}
            spec:
              clusterIP: 10.96.0.%3$d
              clusterIPs: [10.96.0.%3$d]
              ports: [{name: http, port: 80, protocol: TCP, targetPort: 80}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: %1$s-1, namespace: default, labels: {kubernetes.io/service-name: %1$s}}
            addressType: IPv4
            endpoints: [{addresses: [%2$s], nodeName: node-1, conditions: {ready: true}}]
            ports: [{name: http, port: 80, protocol: TCP}]
            """.formatted(name, address, number));
    }

    @Test
    void containerd() throws Exception {
        TopologyNamespaces.assumeProgram("containerd", "containerd");
        final Path home = Files.createDirectory(rig.directory.resolve("containerd"));
        final String socket = home.resolve("s").toString();
        Files.writeString(home.resolve("config.toml"), """
            version = 2
            root = "%1$s/root"
            state = "%1$s/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
            [grpc]
              address = "%1$s/s"
            [ttrpc]
              address = "%1$s/s.ttrpc"
            """.formatted(home));
        // ctr knows these two directories only: it and containerd get others in their place
        final Process daemon = begin(Map.of(), List.of("unshare", "-m", "sh", "-c", """
                mount -t tmpfs none /opt && mkdir -p /opt/cni/bin && mount --bind %2$s /opt/cni/bin &&
                mkdir -p /etc/cni/net.d && mount --bind %3$s /etc/cni/net.d &&
                exec containerd --config %1$s/config.toml >%1$s/log 2>&1
                """.formatted(
                        home, rig.binDirectory, rig.confDirectory)));
        final List<String> ctr = List.of("nsenter", "--mount=/proc/" + daemon.pid() + "/ns/mnt", "ctr", "-a", socket);
        try {
            await("containerd", () -> isDone(with(ctr, List.of("version"))));
            final List<String> run = List.of("run", "--rm", "--cni", "--rootfs", root.toString());
            final Process web =
                    begin(Map.of(), with(with(ctr, run), List.of("web", "/bin/httpd", "-f", "-p", "80", "-h", "/www")));
            await("the container's address", () -> !address("-web").isEmpty() || !web.isAlive());
            assertThat(web.isAlive())
                    .as(() -> new String(readAll(web), StandardCharsets.UTF_8))
                    .isTrue();
            service("web", address("-web"), 10);
            final String seen = finish(begin(
                    Map.of(),
                    with(
                            with(ctr, run),
                            with(List.of("client"), client(address("-web"), "10.96.0.10", AgentRig.OUTSIDE)))));
            assertThat(seen.lines()).containsExactly("a container", "a container", "outside");
            assertThat(isDone(with(ctr, List.of("task", "kill", "-s", "KILL", "web"))))
                    .isTrue();
            web.waitFor(20, TimeUnit.SECONDS);
            await("all addresses are free", () -> rig.book().path("attachments").isEmpty());
        } finally {
            for (final String container : new String[] {"web", "client"}) {
                isDone(with(ctr, List.of("task", "kill", "-s", "KILL", container))); // or its shim outlives the daemon
            }
            daemon.destroy();
            daemon.waitFor(20, TimeUnit.SECONDS);
            unmount(home);
        }
    }

    /** The state directory of containerd may hold mounts of containers that a failed test left. */
    private static void unmount(Path home) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
            final String place = line.split(" ", -1)[1];
            if (place.startsWith(home.toString())) {
                isDone(List.of("umount", "-l", place));
            }
        }
    }

    private static boolean isDone(List<String> command) {
        try {
            final Process process = begin(Map.of(), command);
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (final IOException e) {
            return false;
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] readAll(Process process) {
        try {
            return process.getInputStream().readAllBytes();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a container wrote, by a log whose lines begin with time, stream and whether they are whole. */
    private static List<String> lines(Path log) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.map(line -> line.split(" ", 4)[3]).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> with(List<String> some, List<String> more) {
        final List<String> all = new ArrayList<>(some);
        all.addAll(more);
        return all;
    }

    @Test
    void podman() throws Exception {
        TopologyNamespaces.assumeProgram("podman", "podman");
        final Path home = Files.createDirectory(rig.directory.resolve("podman"));
        final Path configuration =
                Files.writeString(home.resolve("containers.conf"), """
            [engine]
            events_logger = "none"
            [network]
            network_backend = "cni"
            cni_plugin_dirs = ["%s"]
            network_config_dir = "%s"
            default_network = "weir"
            """.formatted(rig.binDirectory, rig.confDirectory));
        final Path storage = Files.writeString(home.resolve("storage.conf"), """
            [storage]
            driver = "vfs"
            graphroot = "%1$s/root"
            runroot = "%1$s/runroot"
            """.formatted(home));
        final Map<String, String> environment =
                Map.of("CONTAINERS_CONF", configuration.toString(), "CONTAINERS_STORAGE_CONF", storage.toString());
        final String name = "weir-test-" + ProcessHandle.current().pid();
        final List<String> podman = List.of(
                "nsenter",
                "--net=" + rig.net.path("node"),
                "podman",
                "--tmpdir",
                home.resolve("tmp").toString(),
                "--cgroup-manager=cgroupfs",
                "--runtime",
                "runc");
        final List<String> limits =
                List.of("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--rootfs", root.toString());
        try {
            finish(begin(
                    environment,
                    with(
                            with(podman, List.of("run", "-d", "--name", name, "-p", "8080:80")),
                            with(limits, List.of("/bin/httpd", "-f", "-p", "80", "-h", "/www")))));
            final String web = address("/" + name);
            assertThat(web).startsWith("10.244.1.");
            service("podman", web, 20);
            final Path log = home.resolve("client.log");
            finish(begin(
                    environment,
                    with(
                            with(
                                    podman,
                                    List.of(
                                            "run",
                                            "-d",
                                            "--log-driver=k8s-file",
                                            "--log-opt",
                                            "path=" + log,
                                            "--name",
                                            name + "-client")),
                            with(
                                    limits,
                                    client(web, "10.96.0.20", AgentRig.OUTSIDE, AgentRig.NODE_ADDRESS + ":8080")))));
            // without events podman sees its end 20 s later
            await("the client's end", () -> lines(log).size() == 4);
            assertThat(lines(log)).containsExactly("a container", "a container", "outside", "a container");
            finish(begin(environment, with(podman, List.of("rm", "-f", "-t", "0", name + "-client"))));
            for (final String from : new String[] {"outside", "node"}) {
                for (final String address :
                        new String[] {AgentRig.NODE_ADDRESS, "[" + AgentRig.NODE_ADDRESS_IPV6 + "]"}) {
                    assertThat(rig.net.run(
                                    from, BUSYBOX.toString(), "wget", "-q", "-O", "-", "http://" + address + ":8080/"))
                            .isEqualTo("a container\n");
                }
            }
            finish(begin(environment, with(podman, List.of("rm", "-f", "-t", "0", name))));
            assertThat(rig.book().path("attachments")).isEmpty();
        } finally {
            isDone(with(
                    with(
                            List.of("env", "CONTAINERS_CONF=" + configuration, "CONTAINERS_STORAGE_CONF=" + storage),
                            podman),
                    List.of("rm", "-f", "-a", "-t", "0")));
            unmount(home);
        }
    }
}
