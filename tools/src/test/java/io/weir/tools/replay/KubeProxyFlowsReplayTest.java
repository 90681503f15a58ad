package io.weir.tools.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.CommandRun;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flows of kube-proxy's own tests through {@code weir replay}: all of them scored, packet by packet. */
final class KubeProxyFlowsReplayTest {
    @TempDir
    Path scratch;

    @Test
    void everyFlowIsTreatedAsKubeProxyDoes() throws IOException {
        final String conformance = System.getProperty("weir.conformance", "");
        assumeThat(conformance).as("weir.conformance is set").isNotEmpty();
        final List<Path> cases;
        try (Stream<Path> tree = Files.list(Path.of(conformance, "kube-proxy-flows", "cases"))) {
            cases = tree.sorted().toList();
        }
        final List<String> wrong = new ArrayList<>();
        int flows = 0;
        for (final Path each : cases) {
            flows += score(each, wrong);
        }
        assertThat(wrong).as("of %d flows", flows).isEmpty();
        assertThat(flows).isEqualTo(195);
    }

    private int score(Path directory, List<String> wrong) throws IOException {
        final JsonNode expected =
                Json.MAPPER.readTree(directory.resolve("expected.json").toFile());
        final Path report = scratch.resolve("report.json");
        final List<String> arguments = new ArrayList<>(List.of(
                "replay",
                "--config",
                directory.resolve("manifests").toString(),
                "--in",
                directory.resolve("in.pcap").toString(),
                "--out",
                scratch.resolve("out.pcap").toString(),
                "--report",
                report.toString(),
                "--set",
                "tables.connections=65536"));
        final JsonNode config = expected.get("config");
        set(arguments, "nodeAddresses", list(config.get("node-ips")));
        set(arguments, "clusterCidrs", list(config.get("cluster-cidr (DetectLocal)")));
        set(arguments, "serviceCidrs", list(config.get("service-cidr")));
        set(arguments, "services.nodePortAddresses", list(config.get("nodeport-addresses")));
        set(arguments, "services.masqueradeAll", config.get("masquerade-all").asText());
        set(
                arguments,
                "services.detectLocal",
                config.get("detect-local").asText().equals("none") ? "none" : "cluster-cidr");
        final CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        final JsonNode packets = Json.MAPPER.readTree(report.toFile()).get("packets");
        for (final JsonNode flow : expected.get("flows")) {
            final String fault = fault(flow, packets, config);
            if (fault != null) {
                wrong.add(
                        expected.get("case").asText() + ", " + flow.get("name").asText() + ": " + fault);
            }
        }
        return expected.get("flows").size();
    }

    private static void set(List<String> arguments, String path, String value) {
        arguments.add("--set");
        arguments.add(path + "=" + value);
    }

    private static String list(JsonNode values) {
        return String.join(
                ",",
                StreamSupport.stream(values.spliterator(), false)
                        .map(JsonNode::asText)
                        .toList());
    }

    /** What is wrong with a flow, or null. */
    private static @org.jspecify.annotations.Nullable String fault(JsonNode flow, JsonNode packets, JsonNode config) {
        final JsonNode expect = flow.get("expect");
        final int first = flow.get("first_packet").asInt();
        final Set<String> backends = new HashSet<>();
        for (int i = first; i < first + flow.get("packets").asInt(); i++) {
            final JsonNode packet = packets.get(i);
            final String verdict = packet.get("verdict").asText();
            final boolean right = switch (expect.get("verdict").asText()) {
                case "dnat" -> {
                    backends.add(packet.path("destination").asText());
                    yield verdict.equals("forwarded")
                            && isMasqueraded(flow, packet, config)
                                    == expect.get("masquerade").asBoolean();
                }
                case "reject" -> verdict.equals("rejected");
                case "drop" -> verdict.equals("dropped");
                default -> !packet.has("destination") || isUntouched(flow, packet);
            };
            if (!right) {
                return "expected " + expect + ", got " + packet;
            }
        }
        final Set<String> wanted = new HashSet<>();
        expect.path("backends").forEach(backend -> wanted.add(backend.asText()));
        return backends.equals(wanted) ? null : "expected " + wanted + ", got " + backends;
    }

    private static boolean isUntouched(JsonNode flow, JsonNode packet) {
        return packet.get("destination").asText().contains(flow.get("dst").asText());
    }

    private static boolean isMasqueraded(JsonNode flow, JsonNode packet, JsonNode config) {
        final String source = packet.get("source").asText();
        final String sender = flow.get("src").asText();
        for (final JsonNode address : config.get("node-ips")) {
            final String text = address.asText();
            if (source.startsWith(text + ":") || source.startsWith("[" + text + "]:")) {
                // the node's own packets have a node address before and after
                return !sender.equals(text)
                        || flow.get("expect").get("masquerade").asBoolean();
            }
        }
        return false;
    }
}
