package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.node.LocalNode;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Edits of the configuration of a node that runs. */
@TopologyTest
class EditsTopologyTest {
    private static final String DENY = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: deny, namespace: default}
            spec: {podSelector: {matchLabels: {app: closed}}, policyTypes: [Ingress]}
            """;

    @Test
    void flowsThatAnEditDoesNotConcernLoseNothing() throws Exception {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        try (NodeRig rig = new NodeRig(NodeRig.NODE).pod("client", 10).pod("server", 11)) {
            rig.net.namespace("other");
            rig.start();
            final Process ping =
                    rig.net.start("client", "ping", "-q", "-i", "0.005", "-c", "1600", "-W", "5", "10.244.1.11");
            for (int i = 0; ping.isAlive(); i++) {
                final int applied = rig.loop().applied();
                switch (i % 4) {
                    case 0 -> rig.write("other.yaml", NodeRig.manifest("other", rig.net.name("other"), 20));
                    case 1 -> rig.write("policy.yaml", DENY);
                    case 2 -> Files.delete(rig.config.resolve("other.yaml"));
                    default -> Files.delete(rig.config.resolve("policy.yaml"));
                }
                NodeRig.await("edit " + i, () -> rig.loop().applied() > applied);
            }
            final String output = new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(output).contains("1600 received, 0% packet loss");
            assertThat(rig.loop().applied()).isGreaterThan(4);
        }
    }

    @Test
    void podsComeAndGo() throws IOException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        try (NodeRig rig = new NodeRig(NodeRig.NODE).pod("client", 10)) {
            rig.start();
            rig.pod("late", 12);
            NodeRig.await("the new pod", () -> rig.loop().applied() == 1);
            assertThat(rig.net.run("late", "ping", "-c", "1", "-W", "5", "10.244.1.10"))
                    .contains(" 0% packet loss");

            rig.write("pod-late.yaml", NodeRig.manifest("late", rig.net.name("late"), 13));
            NodeRig.await("its other address", () -> rig.loop().applied() == 2);
            assertThat(rig.net.run("client", "ping", "-c", "1", "-W", "5", "10.244.1.13"))
                    .contains(" 0% packet loss");
            assertThat(rig.net.run("late", "ip", "address", "show", "dev", "eth0"))
                    .doesNotContain("10.244.1.12");

            Files.delete(rig.config.resolve("pod-late.yaml"));
            NodeRig.await("its end", () -> rig.loop().applied() == 3);
            NodeRig.await(
                    "the end of its interface",
                    () -> rig.net
                                    .tryRun("late", "ip", "link", "show", "dev", "eth0")
                                    .exitCode()
                            != 0);
        }
    }

    @Test
    void aBadEditChangesNothing() throws IOException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        try (NodeRig rig = new NodeRig(NodeRig.NODE).pod("client", 10).pod("server", 11)) {
            rig.start();
            rig.write("pod-new.yaml", NodeRig.manifest("new", "weir-t-there-is-none", 30));
            NodeRig.await("a missing namespace is reported", () -> rig.loop().refused() == 1);
            rig.write("pod-new.yaml", NodeRig.manifest("new", rig.net.name("server"), 10));
            NodeRig.await(
                    "a second pod of one address is reported", () -> rig.loop().refused() == 2);
            rig.write("pod-new.yaml", "kind: Pod\napiVersion: v1\nmetadata: {nam: x}\n");
            NodeRig.await("an unknown field is reported", () -> rig.loop().refused() == 3);
            assertThat(rig.loop().applied()).isZero();
            assertThat(rig.running().dataplane().podPorts()).containsOnlyKeys("default/client", "default/server");
            assertThat(rig.net.run("client", "ping", "-c", "1", "-W", "5", "10.244.1.11"))
                    .contains(" 0% packet loss");
        }
    }

    @Test
    void anEditThatTheKernelRefusesHalfWayLeavesNothing() throws IOException {
        TopologyNamespaces.assumeProgram("ping", "iputils-ping");
        try (NodeRig rig = new NodeRig(NodeRig.NODE).pod("client", 10).pod("server", 11)) {
            rig.net.namespace("other");
            rig.start();
            final String routes = kernel(rig);
            final LocalNode node = rig.running().dataplane().node();
            rig.write("pod-other.yaml", NodeRig.manifest("other", rig.net.name("other"), 20));
            // the pod can be had, and so can the new range's route; then an address that no interface can have
            rig.write(
                    "node.yaml",
                    NodeRig.NODE.replace("192.168.0.1,", "192.168.0.1, \"ff02::1234\",")
                            + "serviceCidrs: [10.96.0.0/16]\n");
            NodeRig.await("the edit is reported", () -> rig.loop().refused() == 1);
            assertThat(rig.loop().applied()).isZero();
            assertThat(rig.running().dataplane().podPorts()).containsOnlyKeys("default/client", "default/server");
            assertThat(rig.running().dataplane().node()).isEqualTo(node);
            assertThat(rig.net.run("other", "ip", "-brief", "link")).doesNotContain("eth0");
            assertThat(kernel(rig)).isEqualTo(routes);
            assertThat(rig.net.run("client", "ping", "-c", "1", "-W", "5", "10.244.1.11"))
                    .contains(" 0% packet loss");

            rig.write("node.yaml", NodeRig.NODE + "serviceCidrs: [10.96.0.0/16]\n");
            NodeRig.await("the corrected edit", () -> rig.loop().applied() == 1);
            assertThat(rig.net.run("node", "ip", "route")).contains("10.96.0.0/16");
            assertThat(rig.net.run("other", "ping", "-c", "1", "-W", "5", "10.244.1.11"))
                    .contains(" 0% packet loss");
        }
    }

    private static String kernel(NodeRig rig) {
        return rig.net.run("node", "sh", "-c", "ip -o address; ip route; ip -6 route show dev weir0");
    }
}
