package io.weir.tools.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.CommandRun;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExplainCommandTest {
    private static final String TWO_NODES = """
            apiVersion: v1
            kind: Node
            metadata: {name: node-1}
            spec: {podCIDR: 10.244.1.0/24}
            status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
            ---
            apiVersion: v1
            kind: Node
            metadata: {name: node-2}
            spec: {podCIDR: 10.244.2.0/24}
            status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: client, namespace: x}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.10}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: server, namespace: x, labels: {app: server}}
            spec: {nodeName: node-2}
            status: {podIPs: [{ip: 10.244.2.10}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: front, namespace: x}
            spec:
              clusterIP: 10.96.0.10
              clusterIPs: [10.96.0.10]
              ports: [{port: 80, targetPort: 8080, protocol: TCP}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: front-1, namespace: x, labels: {kubernetes.io/service-name: front}}
            addressType: IPv4
            ports: [{port: 8080, protocol: TCP}]
            endpoints: [{addresses: [10.244.2.10], nodeName: node-2, conditions: {ready: true}}]
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: only-8080, namespace: x}
            spec:
              podSelector: {matchLabels: {app: server}}
              policyTypes: [Ingress]
              ingress: [{ports: [{port: 8080, protocol: TCP}]}]
            """;

    @TempDir
    Path directory;

    @BeforeEach
    void writeConfig() throws IOException {
        Files.writeString(directory.resolve("cluster.yaml"), TWO_NODES);
    }

    @Test
    void passesBothNodesAndTheService() throws IOException {
        final JsonNode answer = explain("x/client", "10.96.0.10", "80/tcp");
        assertThat(answer.get("verdict").asText()).isEqualTo("forward");
        assertThat(answer.get("to").asText()).isEqualTo("x/server");
        assertThat(answer.get("destination").asText()).isEqualTo("10.244.2.10:8080");
        assertThat(answer.get("stages").findValuesAsText("node")).contains("node-1", "node-2");
        assertThat(answer.get("stages").findValuesAsText("stage"))
                .startsWith("source-check", "hop-limit", "conntrack", "service", "policy", "route", "snat", "commit");
    }

    /** Without a registry: each Node object stands for its lease. */
    @Test
    void aFlannelNetworksTunnelIsPartOfTheWay() throws IOException {
        Files.writeString(directory.resolve("node.yaml"), """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: node-1
                clusterCidrs: [10.244.0.0/16]
                flannel: {enabled: true}
                """);
        final JsonNode answer = explain("x/client", "x/server", "8080/tcp");
        assertThat(answer.get("verdict").asText()).isEqualTo("forward");
        assertThat(answer.get("to").asText()).isEqualTo("x/server");
        assertThat(answer.get("stages").findValuesAsText("node")).contains("node-1", "node-2");
        assertThat(answer.get("stages").toString())
                .contains("10.244.2.10 matches 10.244.2.0/24")
                .contains("flannel 192.168.0.2");
        final JsonNode denied = explain("x/client", "x/server", "9090/tcp");
        assertThat(denied.get("verdict").asText()).isEqualTo("drop");
    }

    /** The first node says why it sends the packet on as it is, the second one translates it; policies see the client. */
    @Test
    void directServerReturnIsToldOnBothNodes() throws IOException {
        Files.writeString(directory.resolve("node.yaml"), """
                apiVersion: weir.io/v1alpha1
                kind: NodeConfig
                nodeName: node-1
                clusterCidrs: [10.244.0.0/16]
                flannel: {enabled: true}
                services: {directServerReturn: true}
                """);
        Files.writeString(
                directory.resolve("cluster.yaml"),
                TWO_NODES
                        .replace(
                                "{name: node-2}",
                                "{name: node-2, annotations: {weir.io/direct-server-return: 192.168.0.2}}")
                        .replace("clusterIP: 10.96.0.10", "clusterIP: 10.96.0.10\n  externalIPs: [192.0.2.10]"));
        final JsonNode answer = explain("198.51.100.7", "192.0.2.10", "80/tcp");
        assertThat(answer.get("verdict").asText()).as(answer.toString()).isEqualTo("forward");
        assertThat(answer.get("to").asText()).isEqualTo("x/server");
        assertThat(answer.get("source").asText()).startsWith("198.51.100.7:");
        assertThat(answer.get("destination").asText()).isEqualTo("10.244.2.10:8080");
        assertThat(answer.get("stages").findValuesAsText("node")).contains("node-1", "node-2");
        assertThat(answer.get("stages").toString())
                .contains("whose node answers the client itself")
                .contains("the packet keeps its destination")
                .contains("only-8080");
    }

    @Test
    void theReceiversNodeDeniesWhatItsPolicyDenies() throws IOException {
        final JsonNode answer = explain("x/client", "x/server", "9090/tcp");
        assertThat(answer.get("verdict").asText()).isEqualTo("drop");
        assertThat(answer.get("reason").asText()).contains("ingress");
        final JsonNode last = answer.get("stages").get(answer.get("stages").size() - 1);
        assertThat(last.get("node").asText()).isEqualTo("node-2");
        assertThat(last.get("stage").asText()).isEqualTo("policy");
        assertThat(last.get("because").toString()).contains("only-8080");
    }

    @Test
    void aSenderFromOutsideMeetsTheReceiversNode() throws IOException {
        final JsonNode answer = explain("203.0.113.9", "x/server", "8080/tcp");
        assertThat(answer.get("verdict").asText()).isEqualTo("forward");
        assertThat(answer.get("stages").findValuesAsText("node")).containsOnly("node-2");
    }

    @Test
    void rejectionNamesItsReason() throws IOException {
        final JsonNode answer = explain("x/client", "10.96.0.10", "81/tcp");
        assertThat(answer.get("verdict").asText()).isEqualTo("reject");
        assertThat(answer.get("reason").asText()).isNotEmpty();
    }

    @Test
    void textNamesEveryStage() {
        final CommandRun run = CommandRun.of(
                "explain",
                "--config",
                directory.toString(),
                "--node",
                "node-1",
                "--from",
                "x/client",
                "--to",
                "x/server");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("on node-1:").contains("on node-2:").contains("=> drop: ");
    }

    @Test
    void anUnknownPodIsBadInput() {
        final CommandRun run = CommandRun.of(
                "explain",
                "--config",
                directory.toString(),
                "--node",
                "node-1",
                "--from",
                "x/nobody",
                "--to",
                "x/server");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("'from' is 'x/nobody'").contains("namespace/pod");
    }

    @Test
    void itMustBeClearWhichNodeThisIs() {
        final CommandRun run =
                CommandRun.of("explain", "--config", directory.toString(), "--from", "x/client", "--to", "x/server");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("node-1, node-2").contains("--node NAME");
    }

    @Test
    void batchAnswersEachLine() throws IOException {
        final Path questions = directory.resolve("questions.txt");
        Files.writeString(questions, """
                {"from":"x/client","to":"x/server","port":"8080/tcp"}

                {"from":"x/client","to":"x/server","port":"80/xyz"}
                not json
                {"from":"x/client","to":"10.96.0.10","port":"80/tcp"}
                """);
        final CommandRun run = CommandRun.of(
                "explain", "--config", directory.toString(), "--node", "node-1", "--batch", questions.toString());
        assertThat(run.code()).isEqualTo(1);
        final List<String> lines = run.out().lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(Json.MAPPER.readTree(lines.get(0)).get("verdict").asText()).isEqualTo("forward");
        assertThat(Json.MAPPER.readTree(lines.get(1)).get("error").asText())
                .contains("line 3")
                .contains("80/xyz");
        assertThat(Json.MAPPER.readTree(lines.get(2)).get("error").asText())
                .contains("line 4")
                .contains("is no JSON");
        assertThat(Json.MAPPER.readTree(lines.get(3)).get("verdict").asText()).isEqualTo("forward");
    }

    @Test
    void graphNamesTheStagesInTextAndPicture() throws IOException {
        final Path svg = directory.resolve("pipeline.svg");
        final CommandRun run =
                CommandRun.of("graph", "--config", directory.toString(), "--node", "node-1", "--svg", svg.toString());
        assertThat(run.code()).isZero();
        assertThat(run.out()).containsSubsequence("source-check", "conntrack", "service", "policy", "route", "snat");
        assertThat(Files.readString(svg))
                .startsWith("<svg")
                .contains(">policy</text>")
                .endsWith("</svg>\n");
    }

    private JsonNode explain(String from, String to, String port) throws IOException {
        final CommandRun run = CommandRun.of(
                "explain",
                "--config",
                directory.toString(),
                "--node",
                "node-1",
                "--json",
                "--from",
                from,
                "--to",
                to,
                "--port",
                port);
        assertThat(run.err()).isEmpty();
        return Json.MAPPER.readTree(run.out());
    }
}
