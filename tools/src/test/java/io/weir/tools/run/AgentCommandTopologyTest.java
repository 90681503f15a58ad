package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    private JavaProcess start(String... more) {
        final List<String> command = JavaProcess.command(
                List.of(),
                Weir.class,
                "agent",
                "--run-dir",
                rig.directory.resolve("run").toString());
        command.addAll(List.of(more));
        return JavaProcess.start(rig.net, "node", command);
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
        final JavaProcess agent = start("--config", rig.config.toString(), "--log-format", "json");
        assertThat(agent.await("weir runs"))
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
        assertThat(agent.stop()).isEqualTo(143);
        final long endMs = (System.nanoTime() - beginNs) / 1_000_000;
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
        final JavaProcess agent = start("--kubeconfig", kubeconfig.toString(), "--node", "node-1");
        agent.await("pods: ", "metrics and health at");
        assertThat(get("/healthz")).isEqualTo("ok\n 200");
        assertThat(get("/readyz")).isEqualTo("waiting for the API server http://127.0.0.1:1/\n 503");
        final long beginNs = System.nanoTime();
        agent.stop();
        assertThat((System.nanoTime() - beginNs) / 1_000_000).as("ms").isLessThan(3_000);
    }
}
