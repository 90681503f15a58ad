package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.PacketPrinter;
import io.weir.tools.Weir;
import io.weir.tools.capture.CaptureReader;
import io.weir.tools.capture.CapturedPacket;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands that look into a running weir, each with and without JSON, against a node that forwards. */
class ObserveCommandsTest {
    @TempDir
    private Path directory;

    private ObservedNode node;

    @BeforeEach
    void start() throws IOException {
        node = new ObservedNode(directory.resolve("run"));
    }

    @AfterEach
    void end() throws IOException {
        node.close();
    }

    /** A command on a thread of its own. */
    private final class Running {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        private final CompletableFuture<Integer> code;

        Running(String... arguments) {
            final CommandLine weir = Weir.commandLine();
            weir.setOut(new PrintWriter(out));
            weir.setErr(new PrintWriter(err));
            final List<String> all = new ArrayList<>(List.of(arguments));
            all.add("--run-dir");
            all.add(directory.resolve("run").toString());
            code = CompletableFuture.supplyAsync(
                    () -> weir.execute(all.toArray(String[]::new)),
                    command -> Thread.ofPlatform().daemon().start(command));
        }

        Running started(String sign) throws InterruptedException {
            for (int i = 0; i < 2_000 && !err.toString().contains(sign) && !code.isDone(); i++) {
                Thread.sleep(10);
            }
            assertThat(err.toString()).contains(sign);
            return this;
        }

        String ended(int expected) throws Exception {
            assertThat(code.get(30, TimeUnit.SECONDS)).as("%s%s", out, err).isEqualTo(expected);
            return out.toString();
        }
    }

    private String run(String... arguments) throws Exception {
        return new Running(arguments).ended(0);
    }

    private static byte[] udp(int port, String to) {
        return ObservedNode.fromClient()
                .ipv4(ObservedNode.CLIENT, to)
                .udp(port, 53)
                .build();
    }

    private static byte[] tcp(String flags) {
        return ObservedNode.fromClient()
                .ipv4(ObservedNode.CLIENT, ObservedNode.SERVICE)
                .tcp(4000, 80)
                .flags(flags)
                .build();
    }

    private static byte[] spoofed() {
        return ObservedNode.fromClient()
                .ipv4("10.244.1.99", ObservedNode.SERVER)
                .udp(1, 2)
                .build();
    }

    @Test
    void statHasPortsCountersAndDrops() throws Exception {
        node.send("default/client", udp(4000, ObservedNode.SERVER));
        node.send("default/client", spoofed());
        assertThat(run("stat"))
                .contains("node node-1, process " + ProcessHandle.current().pid() + ", runs since ")
                .containsPattern("default/client +pod +2 ")
                .containsPattern("default/server +pod +0 +0 +1 ")
                .containsPattern("pipeline-runs +2 +Packets that went through the stages")
                .containsPattern("conntrack/connections +1\\b")
                .containsPattern("spoofed-source-address +1 ");
        final JsonNode stat = Json.MAPPER.readTree(run("stat", "--json"));
        assertThat(stat.path("running").asBoolean()).isTrue();
        assertThat(stat.at("/ports/0/received-packets").asLong()
                        + stat.at("/ports/1/received-packets").asLong())
                .isEqualTo(2);
        assertThat(stat.at("/drops/spoofed-source-address").asLong()).isEqualTo(1);
        assertThat(stat.at("/values/conntrack~1connections").asLong()).isEqualTo(1);
    }

    @Test
    void dropsHaveReasonsAndTheLastPackets() throws Exception {
        assertThat(run("drops")).isEqualToIgnoringNewLines("nothing was dropped");
        node.send("default/client", spoofed());
        assertThat(run("drops"))
                .containsPattern("spoofed-source-address +1 ")
                .contains("default/client spoofed-source-address", PacketPrinter.print(spoofed()));
        final JsonNode drops = Json.MAPPER.readTree(run("drops", "--json", "--reason", "spoofed-source-address"));
        assertThat(drops.at("/drops/spoofed-source-address").asLong()).isEqualTo(1);
        assertThat(drops.at("/packets/0/bytes").binaryValue()).isEqualTo(spoofed());
        assertThat(run("drops", "--reason", "no-route")).doesNotContain("default/client");
        final Running wrong = new Running("drops", "--reason", "no-such-reason");
        wrong.ended(2);
        assertThat(wrong.err.toString()).contains("no drop reason is called no-such-reason");
    }

    @Test
    void flowsShowWhereTheyGoAndAsWhat() throws Exception {
        node.send("default/client", tcp("S"));
        node.send("default/client", tcp("A"));
        node.send("default/client", udp(4000, ObservedNode.SERVER));
        assertThat(run("flows"))
                .containsPattern("udp +10.244.1.10:4000 +10.244.1.11:53 +default/client +default/server ");
        boolean translated = false;
        for (final String line : run("flows", "--json").lines().toList()) {
            final JsonNode flow = Json.MAPPER.readTree(line);
            assertThat(flow.path("verdict").asText()).isEqualTo("forward");
            translated |= flow.path("newDestination").asText().equals("10.244.1.11:8080");
        }
        final String connections = run("conntrack", "list", "--protocol", "tcp", "--json");
        assertThat(Json.MAPPER.readTree(connections).path("replySource").asText())
                .isEqualTo("10.244.1.11:8080");
        assertThat(translated || connections.contains("SYN_SENT"))
                .as(connections)
                .isTrue();
        assertThat(run("flows", "--recent"))
                .contains("default/client " + PacketPrinter.print(udp(4000, ObservedNode.SERVER)));
    }

    @Test
    void traceShowsOnlyWhatItsFilterWants() throws Exception {
        final Running text = new Running("trace", "--count", "1", "udp", "port", "53", "and", "src", "port", "4001")
                .started("tracing");
        final Running json = new Running("trace", "--count", "2", "--json").started("tracing");
        node.send("default/client", udp(4000, ObservedNode.SERVER));
        node.send("default/client", udp(4001, ObservedNode.SERVER));
        assertThat(text.ended(0))
                .contains("default/client " + PacketPrinter.print(udp(4001, ObservedNode.SERVER)))
                .doesNotContain("4000 >")
                .containsPattern("source-check +continue")
                .containsPattern("route +continue")
                .contains("=> forward to default/server as 10.244.1.10:4001 > 10.244.1.11:53");
        final List<String> lines = json.ended(0).lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(Json.MAPPER.readTree(lines.getFirst()).path("bytes").binaryValue())
                .isEqualTo(udp(4000, ObservedNode.SERVER));
        final Running dropped = new Running("trace", "--count", "1").started("tracing");
        node.send("default/client", spoofed());
        assertThat(dropped.ended(0)).contains("=> drop: spoofed-source-address");
    }

    @Test
    void captureHasFramesAsTheyCameAndAsTheyWereSent() throws Exception {
        final Path file = directory.resolve("c.pcap");
        final Running client = new Running(
                        "capture", "--port", "default/client", "-w", file.toString(), "--count", "1", "tcp")
                .started("capturing");
        final Running server = new Running(
                        "capture", "--port", "default/server", "--direction", "out", "--json", "--count", "1")
                .started("capturing");
        node.send("default/client", udp(1, "10.244.1.99"));
        node.send("default/client", tcp("S"));
        client.ended(0);
        final List<CapturedPacket> frames = new ArrayList<>();
        try (CaptureReader reader = new CaptureReader(file)) {
            for (CapturedPacket frame = reader.next(); frame != null; frame = reader.next()) {
                frames.add(frame);
            }
        }
        assertThat(frames)
                .singleElement()
                .satisfies(frame -> assertThat(frame.bytes()).isEqualTo(tcp("S")));
        final JsonNode sent = Json.MAPPER.readTree(server.ended(0));
        assertThat(sent.path("direction").asText()).isEqualTo("out");
        assertThat(PacketPrinter.print(sent.path("bytes").binaryValue())).contains("10.244.1.11", "4000 > 8080");
    }

    @Test
    void connectionsAreListedCountedAndFlushed() throws Exception {
        node.send("default/client", tcp("S"));
        node.send("default/client", udp(4000, ObservedNode.SERVER));
        assertThat(run("conntrack", "list"))
                .containsPattern("tcp +SYN_SENT +10.244.1.10:4000 +10.96.0.10:80 +10.244.1.11:8080")
                .containsPattern("udp +UNREPLIED +10.244.1.10:4000 +10.244.1.11:53");
        assertThat(run("conntrack", "list", "--destination", "10.96.0.0/16", "--json")
                        .lines())
                .hasSize(1);
        assertThat(run("conntrack", "count")).startsWith("2 of ");
        node.send(
                "default/client",
                ObservedNode.fromClient()
                        .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                        .icmpEcho(7, 1)
                        .build());
        assertThat(run("conntrack", "list", "--protocol", "icmp"))
                .containsPattern("icmp +UNREPLIED +10.244.1.10:7 +10.244.1.11:7");
        assertThat(run("conntrack", "flush", "--protocol", "icmp")).startsWith("1 connections ended");
        assertThat(run("conntrack", "count", "--snat")).startsWith("0 of ");
        new Running("conntrack", "flush").ended(2);
        new Running("conntrack", "list", "--state", "NOSUCH").ended(2);
        new Running("conntrack", "list", "--source", "nonsense").ended(2);
        new Running("conntrack", "list", "--protocol", "nonsense").ended(2);
        assertThat(run("conntrack", "list", "--state", "syn_sent", "--source", "10.244.1.10"))
                .contains("SYN_SENT");
        assertThat(run("conntrack", "flush", "--protocol", "udp")).startsWith("1 connections ended");
        assertThat(run("conntrack", "flush", "--all", "--json")).startsWith("{\"flushed\":1}");
        assertThat(run("conntrack", "count")).startsWith("0 of ");
    }

    @Test
    void servicesShowTheirBackends() throws Exception {
        node.send("default/client", tcp("S"));
        assertThat(run("services"))
                .contains("default/web:http tcp IPv4", "cluster-ip 10.96.0.10:80", "from inside: forward")
                .containsPattern("10.244.1.11:8080 +node-1 +ready +1 +1 ");
        final JsonNode service = Json.MAPPER.readTree(run("services", "--json"));
        assertThat(service.at("/backends/0/connections").asLong()).isEqualTo(1);
    }

    @Test
    void topPrintsRates() throws Exception {
        final Running top = new Running("top", "--interval", "0.5", "--count", "2", "--json");
        while (!top.code.isDone()) {
            node.send("default/client", udp(4000, ObservedNode.SERVER));
        }
        final JsonNode last = Json.MAPPER.readTree(top.ended(0).lines().toList().getLast());
        assertThat(last.at("/workers/0/packetsPerSecond").asDouble()).isPositive();
        assertThat(last.at("/workers/0/packetsPerBurst").asDouble()).isGreaterThanOrEqualTo(0.9);
        assertThat(run("top", "--interval", "0.1")).contains("weir top  node-1", "WORKER", "default/server");
    }

    @Test
    void withoutAWeirThereIsASentence() throws Exception {
        for (final String command : List.of("stat", "drops", "flows", "trace", "top", "services")) {
            final Running nobody = new Running(command, "--node", "node-9");
            nobody.ended(1);
            assertThat(nobody.err.toString())
                    .as(command)
                    .contains("weir: no weir runs, or ran, for the node node-9", "there are node-1");
        }
        final Running badFilter = new Running("trace", "prot", "udp");
        badFilter.ended(2);
        assertThat(badFilter.err.toString()).contains("'prot udp' is no pcap filter expression", "syntax error");
        final Path left = Files.createDirectories(directory.resolve("run/dead"));
        Files.copy(node.directory().resolve("counters"), left.resolve("counters"));
        final Running which = new Running("stat");
        which.ended(1);
        assertThat(which.err.toString()).contains("which node?; there are dead, node-1; give --node NAME");
        final Running dead = new Running("flows", "--node", "dead");
        dead.ended(1);
        assertThat(dead.err.toString()).contains("no weir runs for dead now");
    }

    @Test
    void everyCommandExplainsItselfWithExamples() throws Exception {
        for (final String command :
                List.of("stat", "drops", "flows", "trace", "top", "services", "capture", "conntrack")) {
            final StringWriter help = new StringWriter();
            Weir.commandLine().setOut(new PrintWriter(help)).execute(command, "--help");
            assertThat(help.toString()).as(command).contains("Examples:", "weir " + command);
        }
    }
}
