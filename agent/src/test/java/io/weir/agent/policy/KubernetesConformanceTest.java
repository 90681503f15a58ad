package io.weir.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.ConfigDirectory;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyTable;
import io.weir.policy.classify.Protocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The NetworkPolicy cases of Kubernetes' end-to-end suite: manifests and the matrix of who reaches whom. The steps of a
 * case go through one translator and one compiler, so later steps are compiled as differences.
 *
 * <p>The cases lie in {@code k8s-e2e-netpol} of the directory that {@code -Dweir.conformance} names.
 */
class KubernetesConformanceTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TestFactory
    Stream<DynamicTest> everyCaseHasItsMatrix() throws IOException {
        final String root = System.getProperty("weir.conformance", "");
        Assumptions.assumeFalse(root.isEmpty(), "set -Dweir.conformance to the directory with the conformance data");
        final Path cases = Path.of(root, "k8s-e2e-netpol", "cases");
        try (Stream<Path> list = Files.list(cases)) {
            return list.sorted().toList().stream()
                    .map(one -> DynamicTest.dynamicTest(one.getFileName().toString(), () -> run(one)));
        }
    }

    private static void run(Path directory) {
        try (VersionSlots slots = new VersionSlots(1000);
                Stream<Path> list = Files.list(directory)) {
            final PolicyTranslator translator = new PolicyTranslator();
            final PolicyCompiler compiler = new PolicyCompiler(slots);
            final List<Path> steps = list.sorted().toList();
            assertThat(steps).isNotEmpty();
            for (final Path step : steps) {
                final ClusterState cluster =
                        ConfigDirectory.load(step.resolve("manifests")).cluster();
                final PolicyTable table =
                        compiler.compile(translator.translate(cluster, LocalView.EVERYWHERE), new Changes());
                check(MAPPER.readTree(step.resolve("expected.json").toFile()), table);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void check(JsonNode expected, PolicyTable table) {
        final JsonNode addresses = expected.get("pod_ips");
        final boolean ignoreLoopback = expected.get("ignore_loopback").asBoolean();
        for (final JsonNode probe : expected.get("probes")) {
            final JsonNode pods = probe.get("pods");
            final Protocol protocol = Protocol.valueOf(probe.get("protocol").asText());
            for (int from = 0; from < pods.size(); from++) {
                for (int to = 0; to < pods.size(); to++) {
                    if (from == to && ignoreLoopback) {
                        continue;
                    }
                    final String source = pods.get(from).asText();
                    final String destination = pods.get(to).asText();
                    final boolean allowed = table.allows(
                            IpAddress.parse(addresses.get(source).asText()),
                            IpAddress.parse(addresses.get(destination).asText()),
                            protocol,
                            probe.get("port").asInt());
                    assertThat(allowed)
                            .as("step %s: %s -> %s %s", expected.get("step"), source, destination, probe.get("port"))
                            .isEqualTo(probe.get("matrix").get(from).asText().charAt(to) == '.');
                }
            }
        }
    }
}
