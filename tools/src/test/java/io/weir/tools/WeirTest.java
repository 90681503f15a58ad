package io.weir.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
}
