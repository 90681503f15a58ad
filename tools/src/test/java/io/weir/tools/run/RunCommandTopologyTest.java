package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The command {@code weir run} as a process: signals, kills, refusals. */
@TopologyTest
class RunCommandTopologyTest {
    private NodeRig rig;

    @BeforeEach
    void makeNamespaces() {
        rig = new NodeRig(NodeRig.NODE).pod("client", 10).pod("server", 11);
    }

    @AfterEach
    void removeNamespaces() {
        rig.close();
    }

    private List<String> command(String runDirectory) {
        return JavaProcess.command(
                List.of(),
                Weir.class,
                "run",
                "--config",
                rig.config.toString(),
                "--run-dir",
                rig.directory.resolve(runDirectory).toString());
    }

    /** Runs it where it must end by itself. */
    private TopologyNamespaces.Output refusal(String runDirectory) {
        return rig.net.tryRun("node", command(runDirectory).toArray(String[]::new));
    }

    private JavaProcess start() {
        final JavaProcess process = JavaProcess.start(rig.net, "node", command("run"));
        process.await("weir runs");
        return process;
    }

    @Test
    void aSignalRemovesEverythingAndASecondWeirIsRefused() throws Exception {
        final JavaProcess weir = start();
        assertThat(rig.net.run("node", "ip", "route")).contains("10.244.0.0/16").contains("proto 87");

        final TopologyNamespaces.Output second = refusal("run");
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.text())
                .contains("node node-1 is run by another weir already")
                .contains("process ");

        final TopologyNamespaces.Output third = refusal("other");
        assertThat(third.exitCode()).as(third.text()).isEqualTo(2);
        assertThat(third.text()).contains("is held by another process; does another weir run this node?");
        rig.net.run("client", "ping", "-c", "1", "-W", "5", "10.244.1.11");

        assertThat(weir.stop()).isEqualTo(143);
        assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(rig.net.run("node", "ip", "-brief", "link")).doesNotContain("weir0");
        assertThat(rig.net.run("node", "ip", "route")).isBlank();
    }

    @Test
    void connectionsSurviveAKillAndARestart() throws Exception {
        final JavaProcess first = start();
        final IpAddress address = IpAddress.parse("10.244.1.11");
        try (ServerSocket server =
                        rig.namespace("server").call(() -> new ServerSocket(5002, 1, address.toInetAddress()));
                Socket client = rig.namespace("client").call(() -> {
                    final Socket socket = new Socket();
                    socket.connect(new InetSocketAddress(address.toInetAddress(), 5002), 20_000);
                    return socket;
                });
                Socket accepted = server.accept()) {
            client.getOutputStream().write(1);
            assertThat(accepted.getInputStream().read()).isEqualTo(1);

            first.kill();
            assertThat(rig.net.run("client", "ip", "-brief", "link")).contains("eth0");
            final String directory = rig.directory.resolve("run").toString();
            final CommandRun counters = CommandRun.of("stat", "--run-dir", directory, "--node", "node-1");
            assertThat(counters.code()).as(counters.err()).isZero();
            assertThat(counters.out()).contains("default/client").contains("pipeline-runs");
            final CommandRun drops = CommandRun.of("drops", "--run-dir", directory, "--node", "node-1");
            assertThat(drops.code()).as(drops.err()).isZero();
            client.getOutputStream().write(2); // is sent again until somebody forwards it

            final JavaProcess second = start();
            accepted.setSoTimeout(60_000);
            assertThat(accepted.getInputStream().read()).isEqualTo(2);
            second.stop();
            assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        }
    }

    private static long offloaded(Path counters) {
        try (CounterView view = CounterView.open(counters)) {
            return view.snapshot().values().getOrDefault("offload/connections", 0L);
        } catch (final IOException e) {
            return 0; // not there yet
        }
    }

    /** What the kernel carries it carries for a weir that lives, and for no other. */
    @Test
    void aKillStopsWhatTheKernelCarriesAndTheNextWeirBringsItBack() throws Exception {
        rig.write("node.yaml", NodeRig.NODE + "ports: {pods: {device: veth, offload: true}}\n");
        final Path counters = rig.directory.resolve("run/node-1").resolve(NodeFiles.COUNTERS);
        final JavaProcess first = start();
        final InetSocketAddress server =
                new InetSocketAddress(IpAddress.parse("10.244.1.11").toInetAddress(), 9001);
        try (EndlessStream stream = new EndlessStream(rig, "client", "server", server)) {
            NodeRig.await("it is offloaded", () -> offloaded(counters) == 1);
            first.kill();
            final long killedNs = System.nanoTime();
            NodeRig.await("it stops", () -> System.nanoTime() - Math.max(stream.lastNs, killedNs) > 500_000_000L);
            assertThat(stream.lastNs - killedNs).isLessThan(1_000_000_000L);
            final long stopped = stream.bytes.get();

            final JavaProcess second = start();
            NodeRig.await("it goes on", () -> stream.bytes.get() > stopped + (1 << 20));
            NodeRig.await("it is offloaded again", () -> offloaded(counters) == 1);
            second.stop();
            assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        }
    }

    @Test
    void whatCannotBeHadIsOneSentenceAndLeavesNothing() throws IOException {
        refused(
                NodeRig.NODE + "ports: {uplinks: [{name: left, device: nowhere0}]}\n",
                "ports.uplinks (left).device is 'nowhere0': there is no such interface");
        refused(NodeRig.NODE + "ports: {host: {device: a-name-too-long-x}}\n", "17 characters");
        refused(
                NodeRig.NODE + "ports: {pods: {offload: true}}\n",
                "ports.pods.offload is 'true': the kernel carries packets of veth pairs only; set ports.pods.device=veth");
        refused(
                NodeRig.NODE,
                "network namespace weir-t-there-is-none: no such file",
                () -> rig.write("pod-zzz.yaml", NodeRig.manifest("zzz", "weir-t-there-is-none", 30)));
        final Path pods = rig.config.resolve("pod-zzz.yaml");
        Files.writeString(
                pods,
                Files.readString(pods, StandardCharsets.UTF_8)
                        .replace(
                                "weir-t-there-is-none",
                                rig.net.name("client") + ", weir.io/interface: a-name-too-long-x"));
        refused(NodeRig.NODE, "interface name \"a-name-too-long-x\" is too long", () -> {});
    }

    private void refused(String nodeConfig, String sentence) {
        refused(nodeConfig, sentence, () -> {});
    }

    private void refused(String nodeConfig, String sentence, Runnable edit) {
        rig.write("node.yaml", nodeConfig);
        edit.run();
        final TopologyNamespaces.Output output = refusal("run");
        assertThat(output.text().lines().filter(line -> line.startsWith("weir: ")))
                .singleElement()
                .asString()
                .contains(sentence);
        assertThat(output.exitCode()).isEqualTo(2);
        assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(rig.net.run("node", "ip", "-brief", "link")).doesNotContain("weir0");
    }
}
