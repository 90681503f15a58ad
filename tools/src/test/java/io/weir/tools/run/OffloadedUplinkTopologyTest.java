package io.weir.tools.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.PortNumber;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.PolicyDrop;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections between a pod with veth and a host behind an uplink, carried by the kernel and by weir in turns. */
@TopologyTest
class OffloadedUplinkTopologyTest {
    private static final String NODE = NodeRig.NODE + """
            ports:
              uplinks: [{name: up, device: up0, addresses: [192.168.7.1/24, "fd00:7::1/64"]}]
              pods: {device: veth, offload: true}
            """;
    private static final String SEALED = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: sealed, namespace: default}
            spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress, Egress]}
            """;

    /** What interfaces that come up send by themselves. */
    private static final List<String> NOISE =
            List.of(DataplaneDrop.MULTICAST_DESTINATION.label(), DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED.label());

    /** Bytes of a transfer; the great size is for the record. */
    private static final long TRANSFER = Boolean.getBoolean("weir.heavy") ? 4L << 30 : 256L << 20;

    private NodeRig rig;

    @BeforeEach
    void start() throws IOException {
        rig = new NodeRig(NODE);
        rig.labelledPod("client", 10);
        rig.labelledPod("server", 11);
        rig.net.namespace("host");
        rig.net.veth("node", "up0", "host", "eth0");
        rig.net.run("node", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        rig.net.run(
                "host",
                "sh",
                "-ec",
                "ip address add 192.168.7.2/24 dev eth0; ip address add fd00:7::2/64 dev eth0;"
                        + " ip route add default via 192.168.7.1; ip -6 route add default via fd00:7::1");
        rig.start();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private long value(String name) {
        return rig.counters().values().getOrDefault("offload/" + name, 0L);
    }

    private List<String> drops() {
        final CounterSnapshot counters = rig.counters();
        return counters.labels(CounterLabel.Kind.DROP).stream()
                .filter(reason -> counters.total(reason) != 0 && !NOISE.contains(reason.label()))
                .map(reason -> reason.label() + " " + counters.total(reason))
                .toList();
    }

    private long twice(String namespace) {
        final String text = rig.net.run(namespace, "nstat", "-asz", "TcpExtTCPDSACKOldSent");
        return Long.parseLong(text.replaceAll("(?s).*TcpExtTCPDSACKOldSent\\s+(\\d+).*", "$1"));
    }

    /** What a pod sends to a host outside is masqueraded; what comes from there is not. */
    @ParameterizedTest
    @CsvSource({
        "client, host, 192.168.7.2",
        "client, host, fd00:7::2",
        "host, client, 10.244.1.10",
        "host, client, fd00:244:0:1::a"
    })
    void theKernelCarriesATransfer(String from, String to, String address) {
        final Transfer transfer =
                Transfer.run(rig.namespace(from), rig.namespace(to), IpAddress.parse(address), TRANSFER);
        assertThat(transfer.isWhole(TRANSFER)).as("%s", transfer).isTrue();
        NodeRig.await("its end is noticed", () -> value("closed") == 1);
        assertThat(value("added")).isEqualTo(1);
        assertThat(value("bytes")).isGreaterThan(TRANSFER / 2);
        final String in = from.equals("host") ? "up" : "default/client";
        final String out = from.equals("host") ? "default/client" : "up";
        assertThat(rig.port(in, PortNumber.OFFLOADED_RECEIVED_BYTES))
                .isEqualTo(rig.port(out, PortNumber.OFFLOADED_SENT_BYTES))
                .isGreaterThan(TRANSFER / 2);
        assertThat(rig.port(in, PortNumber.RECEIVED_BYTES) + rig.port(in, PortNumber.OFFLOADED_RECEIVED_BYTES))
                .as("by both together")
                .isGreaterThanOrEqualTo(TRANSFER);
        assertThat(drops()).isEmpty();
        // the packet socket sees what the program takes: it must not be forwarded a second time
        assertThat(twice(to)).as("segments that came twice").isLessThan(20);
    }

    @Test
    void aDenyCutsWhatTheKernelCarriesAndAnotherGoesOn() throws IOException {
        try (EndlessStream cut = stream("host", "server", "10.244.1.11", 9001);
                EndlessStream back = stream("server", "host", "192.168.7.2", 9002);
                EndlessStream other = stream("host", "client", "10.244.1.10", 9003)) {
            NodeRig.await("all are offloaded", () -> value("connections") == 3);
            rig.write("sealed.yaml", SEALED);
            NodeRig.await("they stop", () -> System.nanoTime() - Math.max(cut.lastNs, back.lastNs) > 300_000_000L);
            final long stopped = cut.bytes.get() + back.bytes.get();
            final long others = other.bytes.get();
            NodeRig.await("the other flows", () -> other.bytes.get() > others + (4 << 20));
            assertThat(cut.bytes.get() + back.bytes.get()).isEqualTo(stopped);
            NodeRig.await("it is counted", () -> value("revoked") == 2);
            assertThat(rig.running()
                            .dataplane()
                            .dataplane()
                            .total(counters -> counters.drops(PolicyDrop.EGRESS_DENIED.id())
                                    + counters.drops(PolicyDrop.INGRESS_DENIED.id())))
                    .as("weir sees and drops them")
                    .isPositive();
            Files.delete(rig.config.resolve("sealed.yaml"));
            NodeRig.await("all are offloaded", () -> value("connections") == 3);
            NodeRig.await("they flow", () -> cut.bytes.get() + back.bytes.get() > stopped);
        }
    }

    private EndlessStream stream(String from, String to, String address, int port) throws IOException {
        return new EndlessStream(
                rig, from, to, new InetSocketAddress(IpAddress.parse(address).toInetAddress(), port));
    }

    @Test
    void nothingIsLeft() throws IOException {
        final String trunk = "weir-u";
        assertThat(rig.net.run("node", "ip", "-o", "link")).contains(trunk);
        try (EndlessStream stream = stream("host", "client", "10.244.1.10", 9001)) {
            NodeRig.await("it is offloaded", () -> value("connections") == 1);
            rig.stop();
            final long stopped = stream.bytes.get();
            assertThat(rig.net.run("node", "ip", "-o", "link")).doesNotContain(trunk);
            final long identity = identity();
            assertThat(NetworkNamespace.FOLDER.toFile().list())
                    .noneMatch(name -> name.startsWith("weir-switch-") && name.endsWith("-" + identity));
            NodeRig.await("it stops", () -> System.nanoTime() - stream.lastNs > 500_000_000L);
            assertThat(stream.bytes.get()).as("but for what was under way").isLessThan(stopped + (16 << 20));
        }
    }

    private long identity() {
        return rig.namespace("node").identity();
    }
}
