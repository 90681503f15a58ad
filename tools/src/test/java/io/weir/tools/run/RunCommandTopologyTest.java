package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private String[] command(String... more) {
        final List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Weir.class.getName(),
                "run",
                "--config",
                rig.config.toString(),
                "--run-dir",
                rig.directory.resolve("run").toString()));
        command.addAll(List.of(more));
        return command.toArray(String[]::new);
    }

    private Process start() {
        final Process process = rig.net.start("node", command());
        final StringBuilder text = new StringBuilder();
        try {
            final InputStream output = process.getInputStream();
            while (text.indexOf("weir runs") < 0) {
                final int next = output.read();
                assertThat(next).as("weir ended: %s", text).isNotNegative();
                text.append((char) next);
            }
        } catch (final IOException e) {
            throw new AssertionError(text.toString(), e);
        }
        return process;
    }

    @Test
    void aSignalRemovesEverythingAndASecondWeirIsRefused() throws Exception {
        final Process weir = start();
        assertThat(rig.net.run("node", "ip", "route")).contains("10.244.0.0/16").contains("proto 87");

        final TopologyNamespaces.Output second = rig.net.tryRun("node", command());
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.text())
                .contains("node node-1 is run by another weir already")
                .contains("process ");

        final String[] elsewhere = command();
        elsewhere[List.of(elsewhere).indexOf("--run-dir") + 1] =
                rig.directory.resolve("other").toString();
        final TopologyNamespaces.Output third = rig.net.tryRun("node", elsewhere);
        assertThat(third.exitCode()).as(third.text()).isEqualTo(2);
        assertThat(third.text()).contains("is held by another process; does another weir run this node?");
        rig.net.run("client", "ping", "-c", "1", "-W", "5", "10.244.1.11");

        weir.destroy();
        assertThat(weir.waitFor()).isEqualTo(143);
        assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(rig.net.run("node", "ip", "-brief", "link")).doesNotContain("weir0");
        assertThat(rig.net.run("node", "ip", "route")).isBlank();
    }

    @Test
    void connectionsSurviveAKillAndARestart() throws Exception {
        final Process first = start();
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

            first.destroyForcibly().waitFor();
            assertThat(rig.net.run("client", "ip", "-brief", "link")).contains("eth0");
            final String directory = rig.directory.resolve("run").toString();
            final CommandRun counters = CommandRun.of("stat", "--run-dir", directory, "--node", "node-1");
            assertThat(counters.code()).as(counters.err()).isZero();
            assertThat(counters.out()).contains("default/client").contains("pipeline-runs");
            final CommandRun drops = CommandRun.of("drops", "--run-dir", directory, "--node", "node-1");
            assertThat(drops.code()).as(drops.err()).isZero();
            client.getOutputStream().write(2); // is sent again until somebody forwards it

            final Process second = start();
            accepted.setSoTimeout(60_000);
            assertThat(accepted.getInputStream().read()).isEqualTo(2);
            second.destroy();
            second.waitFor();
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
        final TopologyNamespaces.Output output = rig.net.tryRun("node", command());
        assertThat(output.text().lines().filter(line -> line.startsWith("weir: ")))
                .singleElement()
                .asString()
                .contains(sentence);
        assertThat(output.exitCode()).isEqualTo(2);
        assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
        assertThat(rig.net.run("node", "ip", "-brief", "link")).doesNotContain("weir0");
    }
}
