package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.node.WeirDropReasons;
import io.weir.dataplane.linux.DatagramStream;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.PolicyDrop;
import io.weir.tools.demo.Transfer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Pods come and go, policies and Services change as fast as a configuration can be edited, while datagrams and a TCP connection use
 * what the machine has. Nothing is lost but what an edit denies, and of that every packet is counted. With
 * {@code -Dweir.heavy=true} for a minute.
 */
@TopologyTest
class EditsUnderLoadTopologyTest {
    private static final int SECONDS = Boolean.getBoolean("weir.heavy") ? 60 : 6;

    private static final String DENY = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: deny, namespace: default}
            spec: {podSelector: {matchLabels: {app: closed}}, policyTypes: [Ingress]}
            """;
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{port: 80, protocol: TCP}]}
            """;

    @Test
    void onlyWhatAnEditDeniesIsLost() throws Exception {
        try (NodeRig rig = new NodeRig(NodeRig.NODE + "serviceCidrs: [10.96.0.0/16]\n")
                .pod("client", 10)
                .pod("server", 11)
                .pod("closed", 12)) {
            rig.write(
                    "pod-closed.yaml",
                    NodeRig.manifest("closed", rig.net.name("closed"), 12)
                            .replace("namespace: default,", "namespace: default, labels: {app: closed},"));
            rig.net.namespace("other");
            rig.start();
            try (DatagramStream open = new DatagramStream(
                            rig.namespace("client"), rig.namespace("server"), "10.244.1.11", 6001, 0);
                    DatagramStream denied = new DatagramStream(
                            rig.namespace("client"), rig.namespace("closed"), "10.244.1.12", 6002, 500_000)) {
                final CompletableFuture<Boolean> transfers = transfer(rig);
                final int edits = edit(rig);
                assertThat(transfers.get()).as("files arrived whole").isTrue();
                assertThat(open.finish()).as("lost of %d", open.sent()).isZero();
                assertThat(open.misplaced()).isZero();

                final long lost = denied.finish();
                assertThat(denied.misplaced()).isZero();
                assertThat(lost).as("of %d", denied.sent()).isPositive().isLessThan(denied.sent());
                // nothing limits this stream to what its receiver's buffer holds; Linux counts what does not fit
                assertThat(drops(rig, PolicyDrop.INGRESS_DENIED) + overflows(rig, "closed"))
                        .as("all drops: %s", allDrops(rig))
                        .isEqualTo(lost);
                System.out.printf(
                        "%d edits in %d s; %,d datagrams arrived, all of them; %,d of %,d were denied%n",
                        edits, SECONDS, open.sent(), lost, denied.sent());
                assertThat(edits).isGreaterThan(SECONDS / 3); // how many depends on what else the machine does
            }
        }
    }

    private static int edit(NodeRig rig) throws Exception {
        final long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        int edits = 0;
        while (System.nanoTime() - end < 0) {
            final int applied = rig.loop().applied();
            switch (edits % 6) {
                case 0 -> rig.write("policy.yaml", DENY);
                case 1 -> rig.write("other.yaml", NodeRig.manifest("other", rig.net.name("other"), 20));
                case 2 -> rig.write("service.yaml", SERVICE);
                case 3 -> Files.delete(rig.config.resolve("policy.yaml"));
                case 4 -> Files.delete(rig.config.resolve("other.yaml"));
                default -> Files.delete(rig.config.resolve("service.yaml"));
            }
            NodeRig.await("edit " + edits, () -> rig.loop().applied() > applied);
            edits++;
        }
        assertThat(rig.loop().refused()).isZero();
        return edits;
    }

    /** Files of 64 MiB one after another, as long as there are edits. */
    private static CompletableFuture<Boolean> transfer(NodeRig rig) {
        final long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        return CompletableFuture.supplyAsync(() -> {
            final long bytes = 64L << 20;
            boolean whole = true;
            do {
                whole &= Transfer.run(
                                rig.namespace("client"),
                                rig.namespace("server"),
                                IpAddress.parse("fd00:244:0:1::b"),
                                bytes)
                        .isWhole(bytes);
            } while (whole && System.nanoTime() - end < 0);
            return whole;
        });
    }

    /** Datagrams that came to a pod and found no room in their socket. */
    private static long overflows(NodeRig rig, String pod) {
        final List<String[]> udp = rig.net
                .run(pod, "cat", "/proc/net/snmp")
                .lines()
                .filter(line -> line.startsWith("Udp:"))
                .map(line -> line.split(" "))
                .toList();
        return Long.parseLong(udp.getLast()[List.of(udp.getFirst()).indexOf("RcvbufErrors")]);
    }

    private static Map<String, Long> allDrops(NodeRig rig) {
        final Map<String, Long> counts = new TreeMap<>();
        for (final DropReason reason : WeirDropReasons.ALL.all()) {
            final long count = drops(rig, reason);
            if (count != 0) {
                counts.put(reason.label(), count);
            }
        }
        return counts;
    }

    private static long drops(NodeRig rig, DropReason reason) {
        return rig.running().dataplane().dataplane().total(counters -> counters.drops(reason.id()));
    }
}
