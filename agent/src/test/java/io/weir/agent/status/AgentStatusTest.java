package io.weir.agent.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What the page for Prometheus is made of. */
class AgentStatusTest {
    @Test
    void aSectionIsThereUntilItIsClosed() throws IOException {
        final AgentStatus status = new AgentStatus();
        try (AgentStatus.Section _ = status.section(page -> page.append("kubeproxy_x 1\n"))) {
            assertThat(status.metrics()).contains("weir_ready 0\n").endsWith("kubeproxy_x 1\n");
        }
        assertThat(status.metrics()).contains("weir_ready 0\n").doesNotContain("kubeproxy_x");
    }
}
