package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.demo.Transfer;
import io.weir.vxlan.VxlanDrop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Pods of two nodes that run weir, and of one with Linux's own VXLAN device: the kernel carries their connections by tunnel. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OffloadedTunnelTopologyTest {
    private static final String[] OFFLOAD = {"ports.pods.device=veth", "ports.pods.offload=true"};
    private static final String SEALED = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: sealed, namespace: default}
            spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
            """;
    private static final long TRANSFER = Boolean.getBoolean("weir.heavy") ? 4L << 30 : 200L << 20;

    private FlannelNetwork flannel;

    @BeforeAll
    void start() {
        TopologyNamespaces.assumeProgram("etcd", "etcd-server");
        TopologyNamespaces.assumeProgram("etcdctl", "etcd-client");
        flannel = new FlannelNetwork();
        flannel.startKernel();
        flannel.configure(1, "");
        flannel.configure(3, "");
        flannel.startEtcd();
        flannel.config("");
        flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.2"));
        flannel.launch(1, OFFLOAD);
        flannel.launch(3, OFFLOAD);
        for (final int node : new int[] {1, 3}) {
            flannel.awaitOutput(node, "4 ways to other nodes' pods");
            flannel.tellKernel(node);
        }
    }

    @AfterAll
    void stop() {
        if (flannel != null) {
            // in order: one that is killed leaves its switch's namespace to the next
            flannel.stop(1, false);
            flannel.stop(3, false);
            flannel.close();
        }
    }

    /** What the test before has left is not what this one waits for. */
    @BeforeEach
    void nothingIsOffloaded() {
        awaitOffloaded(1, 0);
        awaitOffloaded(3, 0);
    }

    private CounterSnapshot counters(int node) {
        final Path run = flannel.folder(node).resolve("run");
        try (CounterView view = CounterView.open(run.resolve("node-" + node).resolve(NodeFiles.COUNTERS))) {
            return view.snapshot();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long value(int node, String name) {
        return counters(node).values().getOrDefault("offload/" + name, 0L);
    }

    private void awaitOffloaded(int node, int connections) {
        FlannelNetwork.await(
                connections + " are offloaded at " + node, () -> value(node, "connections") == connections);
    }

    private long tunnelDrops(int node) {
        final CounterSnapshot counters = counters(node);
        long drops = 0;
        for (final VxlanDrop reason : VxlanDrop.values()) {
            drops += counters.labels(CounterLabel.Kind.DROP).stream()
                    .filter(label -> label.label().equals(reason.label()))
                    .mapToLong(counters::total)
                    .sum();
        }
        return drops;
    }

    private void whole(int from, int to) {
        final long[] bytes = new long[4];
        final long[] closed = new long[4];
        for (final int node : new int[] {1, 3}) {
            bytes[node] = value(node, "bytes");
            closed[node] = value(node, "closed");
        }
        final Transfer transfer = Transfer.run(
                flannel.namespace("pod" + from),
                flannel.namespace("pod" + to),
                IpAddress.parse(FlannelNetwork.pod(to)),
                TRANSFER);
        System.out.printf("from node %d to %d: %.2f Gbit/s%n", from, to, transfer.gigabitsPerSecond());
        assertThat(transfer.isWhole(TRANSFER)).as("%s", transfer).isTrue();
        for (final int node : new int[] {1, 3}) {
            if (from == node || to == node) {
                FlannelNetwork.await("its end is noticed", () -> value(node, "closed") > closed[node]);
                assertThat(value(node, "bytes") - bytes[node])
                        .as("carried by the kernel of node %d", node)
                        .isGreaterThan(TRANSFER / 2);
                assertThat(tunnelDrops(node)).isZero();
            }
        }
    }

    @Test
    @Order(1)
    void theKernelCarriesATransferBetweenTwoWeirs() {
        whole(1, 3);
        whole(3, 1);
    }

    /** What it puts on the wire is what Linux's VXLAN device takes, and it takes what that sends. */
    @Test
    @Order(2)
    void theOtherNodeMayBeLinux() throws Exception {
        whole(1, 2);
        final long bytes = value(1, "bytes");
        final long length = 150L << 20;
        // its packets come one by one, and a flow of such is told of once a second: this takes three
        try (SlowTransfer transfer = SlowTransfer.start(
                flannel.namespace("pod2"), flannel.namespace("pod1"), IpAddress.parse(FlannelNetwork.pod(1)), length)) {
            awaitOffloaded(1, 1);
            assertThat(transfer.isWhole(60, TimeUnit.SECONDS)).isTrue();
        }
        awaitOffloaded(1, 0);
        assertThat(value(1, "bytes") - bytes).isBetween(length / 10, 2 * length);
        assertThat(tunnelDrops(1)).isZero();
    }

    @Test
    @Order(3)
    void aDenyCutsWhatTheKernelCarriesAndItIsPickedUpAgain() throws IOException {
        try (EndlessStream out = stream(1, 3, 9001);
                EndlessStream in = stream(3, 1, 9002)) {
            awaitOffloaded(1, 2);
            awaitOffloaded(3, 2);
            final Path sealed = flannel.folder(1).resolve("config/sealed.yaml");
            flannel.write(sealed, SEALED);
            FlannelNetwork.await("they stop", () -> System.nanoTime() - Math.max(out.lastNs, in.lastNs) > 300_000_000L);
            FlannelNetwork.await("it is counted", () -> value(1, "revoked") >= 2);
            assertThat(value(1, "connections")).isZero();
            final long stopped = out.bytes.get() + in.bytes.get();
            Files.delete(sealed);
            FlannelNetwork.await("they flow", () -> out.bytes.get() + in.bytes.get() > stopped + (8 << 20));
            awaitOffloaded(1, 2);
        }
    }

    private EndlessStream stream(int from, int to, int port) throws IOException {
        return new EndlessStream(
                flannel.namespace("pod" + from),
                flannel.namespace("pod" + to),
                new InetSocketAddress(IpAddress.parse(FlannelNetwork.pod(to)).toInetAddress(), port));
    }

    /** The other node's tunnel end is another one now: what comes from the former one is not taken any more. */
    @Test
    @Order(4)
    void aTunnelThatChangesTakesItsConnectionsBack() throws IOException {
        try (EndlessStream other = stream(1, 3, 9001);
                EndlessStream concerned = stream(2, 1, 9002)) {
            awaitOffloaded(1, 2);
            final long revoked = value(1, "revoked");
            flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.22"));
            FlannelNetwork.await("it is taken back", () -> value(1, "revoked") > revoked);
            FlannelNetwork.await("weir drops it", () -> tunnelDrops(1) > 0);
            final long bytes = other.bytes.get();
            FlannelNetwork.await("the other flows", () -> other.bytes.get() > bytes + (4 << 20));
            final long stopped = concerned.bytes.get();
            assertThat(value(1, "connections")).isLessThanOrEqualTo(1);
            flannel.putLeased(FlannelNetwork.KERNEL_KEY, FlannelNetwork.kernelLease("192.168.77.2"));
            FlannelNetwork.await("it flows", () -> concerned.bytes.get() > stopped);
            awaitOffloaded(1, 2);
        }
    }

    @Test
    @Order(5)
    void aTransferSurvivesAKillDuringWhichNothingPasses() throws Exception {
        final long bytes = 150L << 20;
        try (SlowTransfer transfer = SlowTransfer.start(
                flannel.namespace("pod3"), flannel.namespace("pod1"), IpAddress.parse(FlannelNetwork.pod(1)), bytes)) {
            awaitOffloaded(1, 1);
            flannel.stop(1, true);
            Thread.sleep(200);
            final long before = transfer.received();
            Thread.sleep(500);
            assertThat(transfer.received()).as("nothing passes").isEqualTo(before);
            flannel.start(1, OFFLOAD);
            assertThat(transfer.isWhole(60, TimeUnit.SECONDS)).isTrue();
            assertThat(value(1, "added")).as("it was carried again").isPositive();
        }
        flannel.stop(1, false);
        assertThat(flannel.net.run("node1", "ip", "-o", "link")).doesNotContain("weir-u");
    }
}
