package io.weir.agent.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.conntrack.ConntrackCompiler;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackStages;
import io.weir.conntrack.SnatSpec;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.AffinityTable;
import io.weir.lb.BackendTable;
import io.weir.lb.ServiceCompiler;
import io.weir.lb.ServiceStage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The packet flows that kube-proxy's own tests expect, each packet through conntrack, service, source NAT and commit. The cases lie outside the project: {@code -Dweir.conformance=<directory>} that holds
 * {@code kube-proxy-flows}.
 */
@EnabledIfSystemProperty(
        named = "weir.conformance",
        matches = ".+",
        disabledReason = "set -Dweir.conformance to the directory of conformance cases")
class KubeProxyFlowsTest {
    private static final int PCAP_HEADER = 24;
    private static final int RECORD_HEADER = 16;

    private static List<Path> cases() throws IOException {
        final Path directory = Path.of(System.getProperty("weir.conformance"), "kube-proxy-flows", "cases");
        try (Stream<Path> cases = Files.list(directory)) {
            return cases.sorted().toList();
        }
    }

    @Test
    void thereAreCases() throws IOException {
        assertThat(cases()).isNotEmpty();
    }

    @TestFactory
    Stream<DynamicTest> flows() throws IOException {
        final List<DynamicTest> tests = new ArrayList<>();
        for (final Path each : cases()) {
            final JsonNode expected =
                    new ObjectMapper().readTree(each.resolve("expected.json").toFile());
            for (final JsonNode flow : expected.path("flows")) {
                tests.add(DynamicTest.dynamicTest(
                        each.getFileName() + ": " + flow.path("name").asText(), () -> check(each, expected, flow)));
            }
        }
        return tests.stream();
    }

    private static void check(Path directory, JsonNode expected, JsonNode flow) throws IOException {
        final JsonNode expectation = flow.path("expect");
        final List<byte[]> packets = packets(directory.resolve("in.pcap"));
        final int first = flow.path("first_packet").asInt();
        final int count = flow.path("packets").asInt();
        final List<Outcome> outcomes =
                outcomes(directory, expected.path("config"), packets.subList(first, first + count));
        final String verdict = expectation.path("verdict").asText();
        assertThat(outcomes).extracting(Outcome::verdict).containsOnly(verdict);
        if (verdict.equals("dnat")) {
            final Set<String> backends = new TreeSet<>();
            expectation.path("backends").forEach(backend -> backends.add(backend.asText()));
            assertThat(new TreeSet<>(outcomes.stream().map(Outcome::backend).toList()))
                    .isEqualTo(backends);
            assertThat(outcomes)
                    .extracting(Outcome::masquerade)
                    .containsOnly(expectation.path("masquerade").asBoolean());
        }
    }

    private record Outcome(String verdict, String backend, boolean masquerade) {}

    private static List<Outcome> outcomes(Path directory, JsonNode config, List<byte[]> packets) {
        final LoadedConfig loaded = ConfigDirectory.load(directory.resolve("manifests"), settings(config));
        final String node = config.path("node-name").asText();
        final TranslatedServices services = new ServiceTranslator(node).translate(loaded.cluster(), loaded.node());
        final ConntrackSpec spec = ConntrackSpec.DEFAULT;
        final SnatSpec snat = new SnatSpec(
                List.of(),
                Map.of(),
                services.spec().rules().primaryAddresses(),
                SnatSpec.NODE_PORT_LOW,
                SnatSpec.NODE_PORT_HIGH,
                false);
        final long memory = OffHeap.allocate(65536);
        try (VersionSlots slots = new VersionSlots(4096);
                BackendTable backends = new BackendTable(1024);
                AffinityTable affinity = new AffinityTable(64);
                ConntrackCompiler conntrack = new ConntrackCompiler(spec, backends, slots, new SplittableRandom(1))) {
            final ConntrackStages stages = conntrack.compile(spec, snat);
            final ServiceStage service = new ServiceStage(
                    new ServiceCompiler(slots, backends, affinity).compile(services.spec(), new Changes()));
            final List<Stage> pipeline = List.of(stages.conntrack(), service, stages.snat(), stages.commit());
            final List<IpAddress> nodeAddresses = services.spec().rules().nodeAddresses();
            return packets.stream()
                    .map(packet -> outcome(pipeline, nodeAddresses, packet, memory))
                    .toList();
        } finally {
            OffHeap.free(memory);
        }
    }

    private static Outcome outcome(List<Stage> pipeline, List<IpAddress> nodeAddresses, byte[] frame, long memory) {
        OffHeap.copy(frame, 0, memory, frame.length);
        final Packet packet = new Packet();
        PacketParser.locate(packet, memory, frame.length, Packet.NONE, 1, 1, 0, false, 1);
        final DropReason malformed = PacketParser.parse(packet);
        if (malformed != null) {
            return new Outcome("malformed: " + malformed.label(), "", false);
        }
        final Decision decision = new Decision();
        decision.reset(packet);
        for (final Stage stage : pipeline) {
            final Verdict verdict = stage.decide(packet, decision);
            if (verdict == Verdict.ANSWER) {
                return new Outcome("reject", "", false);
            }
            if (verdict != Verdict.CONTINUE) {
                return new Outcome("drop", "", false);
            }
        }
        final boolean isHidden = decision.isMasquerade() && nodeAddresses.contains(decision.source());
        if (!isHidden && !decision.source().equals(packet.source())) {
            return new Outcome("source changed without need", "", false);
        }
        final boolean isChanged = !decision.destination().equals(packet.destination())
                || decision.destinationPort() != packet.destinationPort();
        return isChanged
                ? new Outcome("dnat", hostAndPort(decision), isHidden)
                : new Outcome("untouched", "", isHidden);
    }

    private static String hostAndPort(Decision decision) {
        final String host = decision.destination().toString();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + decision.destinationPort();
    }

    private static List<String> settings(JsonNode config) {
        final List<String> settings = new ArrayList<>();
        settings.add("nodeName=" + config.path("node-name").asText());
        settings.add("nodeAddresses=" + joined(config.path("node-ips")));
        settings.add("clusterCidrs=" + joined(config.path("cluster-cidr (DetectLocal)")));
        settings.add("serviceCidrs=" + joined(config.path("service-cidr")));
        settings.add("services.nodePortAddresses=" + joined(config.path("nodeport-addresses")));
        settings.add("services.masqueradeAll=" + config.path("masquerade-all").asBoolean());
        settings.add("services.detectLocal="
                + (config.path("detect-local").asText().equals("none") ? "none" : "cluster-cidr"));
        return settings;
    }

    private static String joined(JsonNode array) {
        final StringJoiner text = new StringJoiner(",");
        array.forEach(element -> text.add(element.asText()));
        return text.toString();
    }

    /** Classic pcap, microseconds, whichever byte order its magic number says. */
    private static List<byte[]> packets(Path file) throws IOException {
        final ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        bytes.order(bytes.getInt(0) == 0xD4C3B2A1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        final List<byte[]> packets = new ArrayList<>();
        int at = PCAP_HEADER;
        while (at + RECORD_HEADER <= bytes.limit()) {
            final byte[] packet = new byte[bytes.getInt(at + 8)];
            bytes.get(at + RECORD_HEADER, packet);
            packets.add(packet);
            at += RECORD_HEADER + packet.length;
        }
        return packets;
    }
}
