package io.weir.agent.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpMethod;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.http.HttpAnswer;
import io.weir.agent.http.HttpQuestion;
import io.weir.agent.node.LocalNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the page for Prometheus is made of. */
class AgentStatusTest {
    private static String answer(AgentStatus status, String path) {
        final HttpAnswer answer =
                new StatusAnswers(status).to(new HttpQuestion(HttpMethod.GET, path, new InetSocketAddress(9095)));
        return answer.status().code() + " " + answer.body().strip();
    }

    /** As kube-proxy (KEP-3836): load balancers stay away, and nobody restarts the daemon because of it. */
    @ParameterizedTest
    @CsvSource({
        "'spec: {taints: [{key: ToBeDeletedByClusterAutoscaler, value: now, effect: NoSchedule}]}', '', true",
        "'spec: {taints: [{key: other, effect: NoSchedule}]}', '', false",
        "'', ', deletionTimestamp: \"2026-01-01T00:00:00Z\"', true",
        "'', '', false"
    })
    void aNodeThatIsAboutToBeRemovedIsAliveAndNotHealthy(
            String spec, String metadata, boolean isLeaving, @TempDir Path directory) throws IOException {
        Files.writeString(
                directory.resolve("node.yaml"),
                "apiVersion: v1\nkind: Node\nmetadata: {name: a" + metadata + "}\n" + spec + "\n");
        final LocalNode node = LocalNode.of("a", ConfigDirectory.load(directory));
        final AgentStatus status = new AgentStatus();
        status.ready(directory);
        status.leaving(node::isLeaving);
        assertThat(answer(status, "/healthz")).isEqualTo(isLeaving ? "503 the node is about to be removed" : "200 ok");
        assertThat(answer(status, "/livez")).isEqualTo("200 ok");
        assertThat(answer(status, "/readyz")).isEqualTo("200 ok");
    }

    @Test
    void aSectionIsThereUntilItIsClosed() throws IOException {
        final AgentStatus status = new AgentStatus();
        try (AgentStatus.Section _ = status.section(page -> page.append("kubeproxy_x 1\n"))) {
            assertThat(status.metrics()).contains("weir_ready 0\n").endsWith("kubeproxy_x 1\n");
        }
        assertThat(status.metrics()).contains("weir_ready 0\n").doesNotContain("kubeproxy_x");
    }
}
