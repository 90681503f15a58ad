package io.weir.tools.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.tools.CommandRun;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every probe of Kubernetes' own network policy cases, asked of {@code weir explain --batch}. */
final class NetworkPolicyConformanceTest {
    @TempDir
    Path scratch;

    @Test
    void everyProbeHasTheExpectedVerdict() throws IOException {
        final String conformance = System.getProperty("weir.conformance", "");
        assumeThat(conformance).as("weir.conformance is set").isNotEmpty();
        final List<Path> steps;
        try (Stream<Path> tree = Files.walk(Path.of(conformance, "k8s-e2e-netpol", "cases"))) {
            steps = tree.filter(path -> path.endsWith("expected.json")).sorted().toList();
        }
        int probes = 0;
        final List<String> wrong = new ArrayList<>();
        for (final Path step : steps) {
            probes += score(step, wrong);
        }
        assertThat(steps).hasSize(58);
        assertThat(wrong).as("of %d probes", probes).isEmpty();
        assertThat(probes).isEqualTo(506);
    }

    private int score(Path expectedFile, List<String> wrong) throws IOException {
        final JsonNode expected = Json.MAPPER.readTree(expectedFile.toFile());
        final List<String> questions = new ArrayList<>();
        final List<Boolean> allowed = new ArrayList<>();
        for (final JsonNode probe : expected.get("probes")) {
            final String port = probe.get("port").asText() + "/"
                    + probe.get("protocol").asText().toLowerCase(Locale.ROOT);
            final JsonNode pods = probe.get("pods");
            for (int i = 0; i < pods.size(); i++) {
                for (int j = 0; j < pods.size(); j++) {
                    if (i != j) {
                        questions.add(String.format(
                                "{\"from\":%s,\"to\":%s,\"port\":\"%s\"}", pods.get(i), pods.get(j), port));
                        allowed.add(probe.get("matrix").get(i).asText().charAt(j) == '.');
                    }
                }
            }
        }
        final Path file = Files.write(scratch.resolve("questions"), questions);
        final CommandRun run = CommandRun.of(
                "explain", "--config", expectedFile.resolveSibling("manifests").toString(), "--batch", file.toString());
        assertThat(run.code()).as(run.err()).isZero();
        final List<String> answers = run.out().lines().toList();
        assertThat(answers).hasSameSizeAs(questions);
        for (int i = 0; i < answers.size(); i++) {
            final boolean forwards =
                    Json.MAPPER.readTree(answers.get(i)).get("verdict").asText().equals("forward");
            if (forwards != allowed.get(i)) {
                wrong.add(expected.get("case").asText() + ": " + questions.get(i) + " got " + answers.get(i));
            }
        }
        return questions.size();
    }
}
