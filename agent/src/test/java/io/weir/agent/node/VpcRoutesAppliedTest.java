package io.weir.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.SimulatedNode;
import io.weir.dataplane.route.RouteSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** VPC-route mode by a node's configuration. */
class VpcRoutesAppliedTest {
    @SuppressWarnings("InlineFormatString") // easier to read here
    private static final String NODE = """
            apiVersion: v1
            kind: Node
            metadata: {name: node-%1$d}
            spec: {podCIDR: %2$s}
            status: {addresses: [{type: InternalIP, address: 192.168.0.%1$d}]}
            """;

    private static final String CONFIG = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            tables: {connections: 1024, fragments: 16, flows: 1024, packets: 512, bigPackets: 16}
            services: {affinityClients: 64}
            ports: {uplinks: [{name: uplink, addresses: [192.168.0.1/24]}]}
            flannel:
              vpcRoutes:
              - {name: system, quota: 1, podRanges: [10.244.0.0/16]}
            """;
    private static final String SECOND_TABLE =
            "  - {name: more, quota: 5, podRanges: [10.245.0.0/16, 10.244.0.0/16]}\n";

    @TempDir
    Path directory;

    @BeforeEach
    void writeNodes() throws IOException {
        final String[] ranges = {"10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "10.245.4.0/24"};
        for (int i = 0; i < ranges.length; i++) {
            Files.writeString(directory.resolve("node-" + (i + 1) + ".yaml"), NODE.formatted(i + 1, ranges[i]));
        }
        Files.writeString(directory.resolve("config.yaml"), CONFIG);
    }

    private static List<String> ways(SimulatedNode node) {
        return node.dataplane().neighbours().routes().stream()
                .filter(route -> route.origin().startsWith("vpc route"))
                .map(RouteSpec::prefix)
                .map(Object::toString)
                .toList();
    }

    @Test
    void aSecondTableTakesWhatTheFirstRefusedWhileAllIsRunning() throws IOException {
        try (SimulatedNode node = new SimulatedNode(
                ConfigDirectory.load(directory), "node-1", List.of(), System::nanoTime, Outbox.NONE)) {
            assertThat(ways(node)).containsExactly("10.244.2.0/24");
            assertThat(node.dataplane().warnings())
                    .anyMatch(warning -> warning.contains("10.244.3.0/24 of node node-3")
                            && warning.contains("table system is full with 1 routes"))
                    .anyMatch(warning -> warning.contains("10.245.4.0/24 of node node-4")
                            && warning.contains("no table takes this range"));

            Files.writeString(directory.resolve("config.yaml"), CONFIG + SECOND_TABLE);
            node.dataplane().apply(LocalNode.of(ConfigDirectory.load(directory)));
            assertThat(ways(node)).containsExactly("10.244.2.0/24", "10.244.3.0/24", "10.245.4.0/24");
            assertThat(node.dataplane().warnings()).isEmpty();
        }
    }
}
