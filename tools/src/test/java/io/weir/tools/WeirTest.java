package io.weir.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

final class WeirTest {
    static Stream<String> commands() {
        return Weir.commandLine().getSubcommands().keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItself(String name) {
        final CommandRun run = CommandRun.of(name, "--help");
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith("Usage: weir " + name);
    }

    @Test
    void everyLeafCommandHasExamples() {
        for (final Map.Entry<String, CommandLine> each :
                Weir.commandLine().getSubcommands().entrySet()) {
            if (each.getValue().getSubcommands().isEmpty()) {
                assertThat(each.getValue().getUsageMessage()).as(each.getKey()).contains("weir " + each.getKey() + " ");
                assertThat(each.getValue().getUsageMessage()).as(each.getKey()).containsIgnoringCase("example");
            }
        }
    }

    @Test
    void aMistypedCommandGetsASuggestion() {
        final CommandRun run = CommandRun.of("explian");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("explain");
    }

    @Test
    void aMissingConfigIsBadInput() {
        final CommandRun run = CommandRun.of("config", "--config", "/nowhere/at/all");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("/nowhere/at/all").contains("is no directory");
    }

    @Test
    void aBadSettingIsBadInput() {
        final CommandRun run = CommandRun.of("config", "--config", "../examples/two-pods", "--set", "workers.cuont=2");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("did you mean 'count'?");
    }

    /** Only a node's compiler reads a policy's ranges; the check must not leave that to {@code weir run}. */
    @Test
    void aPolicyThatNoNodeCanUseIsBadInput(@TempDir Path directory) throws IOException {
        twoPodsWith(directory, """
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: p, namespace: default}
                spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}
                """);
        final CommandRun run = CommandRun.of("config", "--config", directory.toString());
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("more.yaml, document 1: spec.ingress[0].from[0].ipBlock.cidr is '10.0.0.0/33'");
    }

    @Test
    void whatANodeCanNotUseOfAServiceIsWarnedOf(@TempDir Path directory) throws IOException {
        twoPodsWith(directory, """
                apiVersion: v1
                kind: Service
                metadata: {name: s, namespace: default}
                spec: {type: ClusterIP, clusterIP: 10.96.0.300, ports: [{port: 80}]}
                """);
        final CommandRun run = CommandRun.of("config", "--config", directory.toString(), "--json");
        assertThat(run.code()).isZero();
        assertThat(run.err()).contains("warning: Service default/s has the cluster IP '10.96.0.300'");
        assertThat(run.out()).contains("\"warnings\" : [ \"Service default/s has the cluster IP");
    }

    private static void twoPodsWith(Path directory, String manifest) throws IOException {
        for (final String file : List.of("node.yaml", "pods.yaml")) {
            Files.copy(Path.of("../examples/two-pods", file), directory.resolve(file));
        }
        Files.writeString(directory.resolve("more.yaml"), manifest);
    }
}
