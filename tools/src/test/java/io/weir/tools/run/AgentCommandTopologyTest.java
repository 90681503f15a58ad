package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code weir agent} as a process: what it tells of itself, and how it ends. */
@TopologyTest
class AgentCommandTopologyTest {
    private final NodeRig rig = new NodeRig(NodeRig.NODE);

    @AfterEach
    void removeNamespaces() {
        rig.close();
    }

    private Process start(String... more) {
        final List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Weir.class.getName(),
                "agent",
                "--run-dir",
                rig.directory.resolve("run").toString()));
        command.addAll(List.of(more));
        return rig.net.start("node", command.toArray(String[]::new));
    }

    /** Reads on until all texts have been in some line; which comes first is up to threads. */
    private static List<String> readUntil(BufferedReader output, String... texts) throws IOException {
        final List<String> lines = new ArrayList<>();
        final List<String> awaited = new ArrayList<>(List.of(texts));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            awaited.removeIf(line::contains);
            if (awaited.isEmpty()) {
                return lines;
            }
        }
        throw new AssertionError("it ended: " + lines);
    }

    private String get(String path) {
        return rig.net
                .tryRun("node", "curl", "-s", "-m", "5", "-w", " %{http_code}", "http://127.0.0.1:9095" + path)
                .text();
    }

    @Test
    void itTellsOfItselfAndEndsWithinASecond() throws Exception {
        TopologyNamespaces.assumeProgram("curl", "curl");
        rig.pod("client", 10);
        final Process agent = start("--config", rig.config.toString(), "--log-format", "json");
        final BufferedReader output =
                new BufferedReader(new InputStreamReader(agent.getInputStream(), StandardCharsets.UTF_8));
        final List<String> lines = readUntil(output, "weir runs");
        assertThat(lines)
                .filteredOn(line -> line.startsWith("{"))
                .anySatisfy(line -> assertThat(line)
                        .contains("\"level\":\"info\"", "\"message\":\"metrics and health at http://127.0.0.1:9095\""));

        assertThat(get("/healthz")).isEqualTo("ok\n 200");
        assertThat(get("/readyz")).isEqualTo("ok\n 200");
        assertThat(get("/elsewhere")).endsWith(" 404");
        assertThat(get("/metrics"))
                .contains("# TYPE weir_port_received_packets_total counter")
                .contains("weir_pods_attached 1\n")
                .contains("weir_ready 1\n")
                .contains("weir_source_following 1\n")
                .contains("process_resident_memory_bytes ")
                .endsWith(" 200");

        final Path run = rig.directory.resolve("run");
        assertThat(CommandRun.of("pods", "--run-dir", run.toString()).out())
                .containsPattern("default/client +10\\.244\\.1\\.10,fd00:244:0:1::a +attached +annotation");
        assertThat(CommandRun.of("nodes", "--run-dir", run.toString(), "--json").out())
                .contains("\"node\":\"node-1\"", "\"way\":\"here\"", "10.244.1.0/24");

        final long beginNs = System.nanoTime();
        agent.destroy();
        assertThat(agent.waitFor(10, TimeUnit.SECONDS)).isTrue();
        final long endMs = (System.nanoTime() - beginNs) / 1_000_000;
        assertThat(agent.exitValue()).isEqualTo(143);
        assertThat(endMs).as("ms between SIGTERM and the end").isLessThan(1_000);
        System.out.println("weir agent ended " + endMs + " ms after SIGTERM");
        assertThat(rig.net.run("client", "ip", "-brief", "link")).doesNotContain("eth0");
    }

    @Test
    void withoutAServerItWaitsAndSaysSo() throws Exception {
        TopologyNamespaces.assumeProgram("curl", "curl");
        final Path kubeconfig = Files.writeString(rig.directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: test, cluster: {server: "http://127.0.0.1:1"}}]
                users: [{name: test, user: {token: none}}]
                contexts: [{name: test, context: {cluster: test, user: test}}]
                current-context: test
                """);
        final Process agent = start("--kubeconfig", kubeconfig.toString(), "--node", "node-1");
        final BufferedReader output =
                new BufferedReader(new InputStreamReader(agent.getInputStream(), StandardCharsets.UTF_8));
        readUntil(output, "pods: ", "metrics and health at");
        assertThat(get("/healthz")).isEqualTo("ok\n 200");
        assertThat(get("/readyz")).isEqualTo("waiting for the API server http://127.0.0.1:1/\n 503");
        final long beginNs = System.nanoTime();
        agent.destroy();
        assertThat(agent.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat((System.nanoTime() - beginNs) / 1_000_000).as("ms").isLessThan(3_000);
    }
}
