package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.tools.Weir;
import io.weir.tools.capture.CaptureReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code weir capture} as a process: whatever ends it, its file has every frame up to then. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a read of a pipe takes no interrupt
class CaptureEndTest {
    private static final int FRAMES = 3_000;

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

    private Process capture(Path file, String... more) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT", // as ./weir does: in a build in the background it is ignored, and Java leaves
                // it so
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Weir.class.getName(),
                "capture",
                "--port",
                "default/client",
                "--direction",
                "in",
                "-w",
                file.toString(),
                "--run-dir",
                directory.resolve("run").toString()));
        command.addAll(List.of(more));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static int frames(Path file) throws IOException {
        try (CaptureReader reader = new CaptureReader(file)) {
            int count = 0;
            while (reader.next() != null) {
                count++;
            }
            return count;
        }
    }

    @ParameterizedTest
    @CsvSource({"INT,0", "TERM,0", "KILL,0", "'',700"})
    void itsFileHasWhatWasSeen(String signal, int count) throws Exception {
        final Path file = directory.resolve("frames.pcap");
        final Process process = count == 0 ? capture(file) : capture(file, "--count", Integer.toString(count));
        final BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        final List<String> said = new ArrayList<>();
        for (String line = output.readLine(); line != null && !line.contains("capturing"); line = output.readLine()) {
            said.add(line);
        }
        assertThat(frames(file))
                .as("a file that can be read from the start; %s", said)
                .isZero();
        node.flood(
                "default/client",
                ObservedNode.fromClient()
                        .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                        .udp(4000, 53)
                        .build(),
                FRAMES);
        if (!signal.isEmpty()) {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        }
        output.lines().forEach(said::add);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        if (signal.equals("KILL")) {
            assertThat(frames(file)).isBetween(0, FRAMES);
        } else {
            final int expected = count == 0 ? FRAMES : count;
            assertThat(frames(file)).as("%s", said).isEqualTo(expected);
            assertThat(said).anyMatch(line -> line.startsWith(expected + " frames in "));
        }
        assertThat(Files.size(file)).isPositive();
    }
}
