package io.weir.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run of two scenarios, so that a virtual machine of its own measures, is ended in the middle. */
class BenchInterruptionTest {
    private static final int SIGTERM = 143;

    @TempDir
    private Path directory;

    @Test
    void leavesNoFilesAndBlamesNoScenario() throws Exception {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-Djava.io.tmpdir"))
                .forEach(command::add);
        command.addAll(List.of("-Djava.io.tmpdir=" + directory, "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of("io.weir.tools.Weir", "bench", "run", "l3", "ct", "--flows", "100", "--core", "-1"));
        command.addAll(List.of("--warm-up", "0.1", "--runs", "1", "--seconds", "60"));
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        final StringBuilder text = new StringBuilder();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                text.append(line).append('\n');
                if (line.contains("round 1 of 1")) {
                    assertThat(files()).isNotEmpty();
                    process.toHandle().destroy(); // and its output stays open
                }
            }
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(text.toString()).isEqualTo(SIGTERM);
        assertThat(text.toString()).doesNotContain("it failed", "defect");
        assertThat(files()).isEmpty();
    }

    private List<Path> files() throws java.io.IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("weir-bench"))
                    .toList();
        }
    }
}
