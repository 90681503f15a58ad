package io.weir.agent.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.Attachment;
import io.weir.agent.node.AttachmentOverlay;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.NodeObjects;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.policy.PolicyDrop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pod that has its interface and its address before its Pod object, and so its labels, are known. */
class UnknownPodTest {
    private static final IpAddress FRIEND = IpAddress.parse("10.244.1.10");
    private static final IpAddress LATE = IpAddress.parse("10.244.1.30");
    private static final IpAddress NODE = IpAddress.parse("192.168.0.1");

    @TempDir
    Path directory;

    private final List<String> sent = new ArrayList<>();

    private static String pod(String name, IpAddress address, String app) {
        return """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s, namespace: default, labels: {app: %s}}
            spec: {nodeName: node-1}
            status: {podIP: %s}
            ---
            """.formatted(name, app, address);
    }

    private LoadedConfig load(String pods) throws IOException {
        Files.writeString(directory.resolve("all.yaml"), """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            nodeAddresses: [192.168.0.1]
            podCidrs: [10.244.1.0/24]
            tables: {connections: 1024, fragments: 16, flows: 1024, packets: 512, bigPackets: 16}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: sealed, namespace: default}
            spec: {podSelector: {matchLabels: {app: sealed}}, policyTypes: [Ingress, Egress]}
            ---
            """ + pods);
        return ConfigDirectory.load(directory);
    }

    private static LocalNode withAttached(LoadedConfig loaded) {
        final List<Attachment> attachments =
                List.of(new Attachment("container/eth0", "default/late", "weir-nowhere", "eth0", List.of(LATE), null));
        return LocalNode.of(
                "node-1",
                loaded,
                new AttachmentOverlay().over(loaded.cluster(), "node-1", attachments),
                attachments,
                new NodeObjects());
    }

    @Test
    void itIsShutOffUntilItsLabelsAreKnown() throws IOException {
        final String friend = pod("friend", FRIEND, "friend");
        final LocalNode before = withAttached(load(friend));
        final SimulatedPorts ports =
                new SimulatedPorts(before.config().ports(), (port, frame) -> sent.add(port.name()));
        try (PlainCounterMemory counters = new PlainCounterMemory();
                NodeDataplane node = new NodeDataplane(
                        before,
                        NodeDataplane.settings(before.config(), ThreadingMode.INVOKER),
                        System::nanoTime,
                        counters,
                        ports)) {
            node.apply(before);
            assertThat(send(node, ports, "default/late", LATE, FRIEND, 1)).isEmpty();
            assertThat(send(node, ports, "default/friend", FRIEND, LATE, 2)).isEmpty();
            assertThat(drops(node, PolicyDrop.POLICY_SUBJECT_UNKNOWN)).isEqualTo(2);
            assertThat(send(node, ports, "host", NODE, LATE, 3))
                    .as("its own node reaches it")
                    .containsExactly("default/late");

            node.apply(withAttached(load(friend + pod("late", LATE, "open"))));
            assertThat(send(node, ports, "default/late", LATE, FRIEND, 4)).containsExactly("default/friend");
            assertThat(send(node, ports, "default/friend", FRIEND, LATE, 5)).containsExactly("default/late");

            node.apply(withAttached(load(friend + pod("late", LATE, "sealed"))));
            assertThat(send(node, ports, "default/late", LATE, FRIEND, 6)).isEmpty();
            assertThat(drops(node, PolicyDrop.EGRESS_DENIED)).isEqualTo(1);
        }
    }

    @Test
    void whereNoPolicyLooksAtLabelsItIsOpenAtOnce() throws IOException {
        final LocalNode before = withAttached(load(pod("friend", FRIEND, "friend")));
        Files.writeString(
                directory.resolve("all.yaml"),
                Files.readString(directory.resolve("all.yaml"))
                        .replace("namespace: default}\nspec: {podSel", "namespace: other}\nspec: {podSel"));
        final LocalNode node = withAttached(ConfigDirectory.load(directory));
        final SimulatedPorts ports =
                new SimulatedPorts(before.config().ports(), (port, frame) -> sent.add(port.name()));
        try (PlainCounterMemory counters = new PlainCounterMemory();
                NodeDataplane dataplane = new NodeDataplane(
                        node,
                        NodeDataplane.settings(node.config(), ThreadingMode.INVOKER),
                        System::nanoTime,
                        counters,
                        ports)) {
            dataplane.apply(node);
            assertThat(send(dataplane, ports, "default/late", LATE, FRIEND, 1)).containsExactly("default/friend");
        }
    }

    private static long drops(NodeDataplane node, DropReason reason) {
        return node.dataplane().total(counters -> counters.drops(reason.id()));
    }

    /** Where a datagram of a new connection comes out. */
    private List<String> send(
            NodeDataplane node, SimulatedPorts ports, String port, IpAddress from, IpAddress to, int sourcePort) {
        final Ingress ingress = node.dataplane().ingresses().stream()
                .filter(each -> each != null && each.name().equals(port))
                .findFirst()
                .orElseThrow();
        final MacAddress peer = ingress.peerMac();
        final byte[] frame = ProbeFrame.of(
                new Probe(from, to, 17, sourcePort, 53), peer == null ? MacAddress.ZERO : peer, ingress.mac());
        sent.clear();
        Objects.requireNonNull(ports.port(ingress.port())).offer(frame);
        while (node.dataplane().step() != 0) {
            // until all is sent
        }
        return List.copyOf(sent);
    }
}
