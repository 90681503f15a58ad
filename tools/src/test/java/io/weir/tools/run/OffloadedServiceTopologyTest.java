package io.weir.tools.run;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.agent.offload.OffloadCounter;
import io.weir.agent.offload.Offloader;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.PortNumber;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.InternetChecksum;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.CommandRun;
import io.weir.tools.demo.Transfer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections by way of Services' addresses between pods of one node, which the kernel carries and translates. */
@TopologyTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OffloadedServiceTopologyTest {
    private static final String NODE = NodeRig.NODE + """
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            ports: {pods: {device: veth, offload: true}}
            """;
    private static final int LISTENER = 5001;
    private static final int STREAM = 9001;

    /** Bytes of a transfer; the great size is for the record. */
    private static final long TRANSFER = Boolean.getBoolean("weir.heavy") ? 4L << 30 : 128L << 20;

    private static final Pattern HEX_LINE = Pattern.compile("^\\s+0x[0-9a-f]+:((?: +[0-9a-f]{2,4})+).*$");

    private NodeRig rig;

    @BeforeAll
    void start() throws IOException {
        rig = new NodeRig(NODE);
        rig.labelledPod("client", 10);
        rig.labelledPod("server", 11);
        rig.labelledPod("other", 12);
        service("web", 9, 11);
        service("self", 8, 10);
        service("moving", 7, 11);
        rig.start();
    }

    @AfterAll
    void stop() {
        rig.close();
    }

    /** Cluster IPs and external IPs of both families; port 80 leads to the listener's, the stream's to itself. */
    private void service(String name, int number, int pod) {
        final StringBuilder text = new StringBuilder("""
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: default}
                spec:
                  clusterIP: 10.96.0.%2$d
                  clusterIPs: [10.96.0.%2$d, "fd00:96::%2$d"]
                  externalIPs: [172.31.0.%2$d, "fd00:31::%2$d"]
                  ports: [{name: a, port: 80, targetPort: %3$d}, {name: b, port: %4$d, targetPort: %4$d}]
                """.formatted(name, number, LISTENER, STREAM));
        for (final boolean ipv6 : new boolean[] {false, true}) {
            text.append("""
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: %1$s-%2$s, namespace: default, labels: {kubernetes.io/service-name: %1$s}}
                    addressType: %2$s
                    ports: [{name: a, protocol: TCP, port: %3$d}, {name: b, protocol: TCP, port: %4$d}]
                    endpoints: [{addresses: ["%5$s"], nodeName: node-1, conditions: {ready: true}}]
                    """.formatted(name, ipv6 ? "IPv6" : "IPv4", LISTENER, STREAM, pod(pod, ipv6)));
        }
        rig.write("service-" + name + ".yaml", text.toString());
    }

    /** The same, in force on return. */
    private void change(String name, int number, int pod) {
        final int applied = rig.loop().applied();
        service(name, number, pod);
        NodeRig.await("it is applied", () -> rig.loop().applied() > applied);
    }

    private static String pod(int number, boolean ipv6) {
        return ipv6 ? "fd00:244:0:1::" + Integer.toHexString(number) : "10.244.1." + number;
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(IpAddress.parse(address).toInetAddress(), port);
    }

    /** The control thread's own numbers, which show up in the counters' file once a second. */
    private Offloader offloader() {
        return rig.running().dataplane().offloader();
    }

    private long value(OffloadCounter counter) {
        return offloader().value(counter);
    }

    private long port(String pod, PortNumber number) {
        return rig.port("default/" + pod, number);
    }

    /** Except for what pods send to groups when their interfaces come up. */
    private Map<String, Long> drops() {
        final CounterSnapshot counters = rig.counters();
        final Map<String, Long> drops = new TreeMap<>();
        for (final CounterLabel reason : counters.labels(CounterLabel.Kind.DROP)) {
            if (counters.total(reason) != 0 && !reason.label().equals(DataplaneDrop.MULTICAST_DESTINATION.label())) {
                drops.put(reason.label(), counters.total(reason));
            }
        }
        return drops;
    }

    private String weir(String... command) {
        final List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--run-dir", rig.directory.toString()));
        final CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        return run.out();
    }

    private void awaitOffloaded(int connections) {
        NodeRig.await(
                connections + " connections are offloaded", () -> offloader().size() == connections);
    }

    private void transfer(String server, int number, String address) {
        awaitOffloaded(0);
        final Map<String, Long> drops = drops();
        final long bytes = value(OffloadCounter.BYTES);
        final long added = value(OffloadCounter.ADDED);
        final Transfer transfer = Transfer.run(
                rig.namespace("client"),
                rig.namespace(server),
                at(address, 80),
                at(pod(number, address.contains(":")), LISTENER),
                TRANSFER);
        assertThat(transfer.isWhole(TRANSFER)).as("%s", transfer).isTrue();
        awaitOffloaded(0);
        assertThat(value(OffloadCounter.ADDED)).isEqualTo(added + 1);
        assertThat(value(OffloadCounter.BYTES) - bytes).isGreaterThan(TRANSFER / 2);
        assertThat(drops()).isEqualTo(drops);
    }

    @ParameterizedTest
    @CsvSource({
        "server, 11, 10.96.0.9", "server, 11, fd00:96::9", // the server's address and port
        "server, 11, 172.31.0.9", "server, 11, fd00:31::9", // and the client's: it is masqueraded
        "client, 10, 10.96.0.8", "client, 10, fd00:96::8" // a pod that is its own backend
    })
    void theKernelCarriesATransfer(String server, int number, String address) {
        transfer(server, number, address);
    }

    /** A receiver believes checksums that are to be made by a device; those that the sender has made it verifies. */
    @ParameterizedTest
    @ValueSource(strings = {"10.96.0.9", "fd00:96::9", "172.31.0.9", "fd00:31::9"})
    void checksumsThatTheSenderHasMadeStayRight(String address) throws IOException {
        TopologyNamespaces.assumeProgram("ethtool", "ethtool");
        awaitOffloaded(0);
        rig.net.run("client", "ethtool", "-K", "eth0", "tx", "off");
        rig.net.run("server", "ethtool", "-K", "eth0", "tx", "off");
        try (EndlessStream stream = new EndlessStream(rig, "client", "server", at(address, STREAM))) {
            awaitOffloaded(1);
            final long begun = stream.bytes.get();
            NodeRig.await("it flows", () -> stream.bytes.get() > begun + (16 << 20));
            assertThat(offloader().size()).isEqualTo(1);
        } finally {
            rig.net.run("client", "ethtool", "-K", "eth0", "tx", "on");
            rig.net.run("server", "ethtool", "-K", "eth0", "tx", "on");
        }
    }

    /** Big segments have the sum of the pseudo header in place of a checksum: whoever cuts them later begins with that. */
    @ParameterizedTest
    @ValueSource(strings = {"10.96.0.9", "fd00:96::9", "172.31.0.9", "fd00:31::9"})
    void checksumsThatAreLeftOpenAreOfTheNewAddresses(String address) throws IOException {
        TopologyNamespaces.assumeProgram("tcpdump", "tcpdump");
        awaitOffloaded(0);
        try (EndlessStream stream = new EndlessStream(rig, "client", "server", at(address, STREAM))) {
            awaitOffloaded(1);
            final long begun = stream.bytes.get();
            final String captured = rig.net.run(
                    "server",
                    "tcpdump",
                    "-i",
                    "eth0",
                    "-Q",
                    "in",
                    "-n",
                    "-xx",
                    "-s",
                    "100",
                    "-c",
                    "40",
                    "greater 3000");
            NodeRig.await("it flows", () -> stream.bytes.get() > begun + (1 << 20));
            final List<byte[]> frames = frames(captured);
            assertThat(frames).hasSize(40);
            assertThat(frames).allSatisfy(frame -> assertOpen(frame, address.contains(":")));
        }
    }

    private static List<byte[]> frames(String text) {
        final List<byte[]> frames = new ArrayList<>();
        final StringBuilder hex = new StringBuilder();
        for (final String line : (text + "\nend").split("\n", -1)) {
            final var match = HEX_LINE.matcher(line);
            if (match.matches()) {
                hex.append(match.group(1).replace(" ", ""));
            } else if (!hex.isEmpty()) {
                frames.add(HexFormat.of().parseHex(hex));
                hex.setLength(0);
            }
        }
        return frames;
    }

    private static void assertOpen(byte[] frame, boolean ipv6) {
        final UnsafeBuffer packet = new UnsafeBuffer(frame);
        final int addresses = ipv6 ? 32 : 8;
        final int header = ipv6 ? 40 : 20;
        final int at = 14 + (ipv6 ? 8 : 12);
        final int length = packet.getShort(ipv6 ? 18 : 16, BIG_ENDIAN) & 0xFFFF;
        final int tcpLength = ipv6 ? length : length - header;
        final long pseudo = InternetChecksum.sum(packet, at, addresses) + 6 + tcpLength;
        final int field = packet.getShort(14 + header + 16, BIG_ENDIAN) & 0xFFFF;
        assertThat(field % 0xFFFF).isEqualTo(InternetChecksum.fold(pseudo) % 0xFFFF);
        if (!ipv6) {
            assertThat(InternetChecksum.fold(InternetChecksum.sum(packet, 14, header)))
                    .isEqualTo(0xFFFF);
        }
    }

    @Test
    void itIsListedWithItsTranslation() throws IOException {
        awaitOffloaded(0);
        try (EndlessStream _ = new EndlessStream(rig, "client", "server", at("172.31.0.9", STREAM))) {
            awaitOffloaded(1);
            final String flows = weir("flows");
            final String there = "10.244.1.10:\\d+ +172.31.0.9:9001 .+ 192.168.0.1:\\d+ > 10.244.1.11:9001 .+ kernel ";
            final String back = "10.244.1.11:9001 +192.168.0.1:\\d+ .+ 172.31.0.9:9001 > 10.244.1.10:\\d+ .+ kernel ";
            assertThat(flows).containsPattern(there).containsPattern(back);
            assertThat(weir("conntrack", "list"))
                    .containsPattern(
                            "ESTABLISHED +10.244.1.10:\\d+ +172.31.0.9:9001 +10.244.1.11:9001 +192.168.0.1:\\d+ ");
            NodeRig.await("counted by port", () -> port("client", PortNumber.OFFLOADED_RECEIVED_BYTES) > 1 << 20);
            assertThat(port("server", PortNumber.OFFLOADED_SENT_BYTES)).isGreaterThan(1 << 20);
            assertThat(rig.counters().values().keySet()).contains("offload/bytes");
        }
    }

    @Test
    void aDenyCutsItAndItGoesOnAfterwards() throws IOException {
        awaitOffloaded(0);
        try (EndlessStream cut = new EndlessStream(rig, "client", "server", at("10.96.0.9", STREAM));
                EndlessStream other = new EndlessStream(rig, "other", "client", at("10.96.0.8", STREAM))) {
            awaitOffloaded(2);
            final long othersBytes = other.bytes.get();
            rig.write("sealed.yaml", """
                    apiVersion: networking.k8s.io/v1
                    kind: NetworkPolicy
                    metadata: {name: sealed, namespace: default}
                    spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress, Egress]}
                    """);
            NodeRig.await("it stops", () -> System.nanoTime() - cut.lastNs > 300_000_000L);
            final long stopped = cut.bytes.get();
            NodeRig.await("the other flows", () -> other.bytes.get() > othersBytes + (4 << 20));
            assertThat(cut.bytes.get()).isEqualTo(stopped);
            assertThat(offloader().size()).isEqualTo(1);
            Files.delete(rig.config.resolve("sealed.yaml"));
            awaitOffloaded(2);
            NodeRig.await("it flows again", () -> cut.bytes.get() > stopped + (1 << 20));
        }
    }

    /** As without offload: the other backend knows no such connection and resets it. */
    @Test
    void anEndpointThatGoesEndsItsConnectionsAndAnotherThatComesDoesNot() throws IOException {
        awaitOffloaded(0);
        try (EndlessStream gone = new EndlessStream(rig, "client", "server", at("10.96.0.7", STREAM))) {
            awaitOffloaded(1);
            final long revoked = value(OffloadCounter.REVOKED);
            change("moving", 7, 12);
            NodeRig.await("it is taken back", () -> value(OffloadCounter.REVOKED) == revoked + 1);
            NodeRig.await("it stops", () -> System.nanoTime() - gone.lastNs > 300_000_000L);
            assertThat(offloader().size()).isZero();
        }
        try (EndlessStream stream = new EndlessStream(rig, "client", "other", at("10.96.0.7", STREAM))) {
            awaitOffloaded(1);
            final long revoked = value(OffloadCounter.REVOKED);
            change("web", 9, 12);
            final long begun = stream.bytes.get();
            NodeRig.await("it flows on", () -> stream.bytes.get() > begun + (4 << 20));
            assertThat(value(OffloadCounter.REVOKED)).isEqualTo(revoked);
            assertThat(offloader().size()).isEqualTo(1);
        } finally {
            change("web", 9, 11);
            change("moving", 7, 11);
            awaitOffloaded(0);
        }
    }
}
