package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.tools.Weir;
import io.weir.tools.capture.CaptureReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code weir capture} as a process: whatever ends it, its file has every frame up to then. */
@Timeout(60)
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

    private JavaProcess capture(Path file, String... more) {
        final List<String> command = JavaProcess.command(
                List.of(),
                Weir.class,
                "capture",
                "--port",
                "default/client",
                "--direction",
                "in",
                "-w",
                file.toString(),
                "--run-dir",
                directory.resolve("run").toString());
        command.addAll(List.of(more));
        return JavaProcess.start(command);
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
        try (JavaProcess process = count == 0 ? capture(file) : capture(file, "--count", Integer.toString(count))) {
            itsFileHasWhatWasSeen(process, file, signal, count);
        }
    }

    private void itsFileHasWhatWasSeen(JavaProcess process, Path file, String signal, int count) throws IOException {
        process.await("capturing");
        assertThat(frames(file))
                .as("a file that can be read from the start; %s", process.text())
                .isZero();
        node.flood(
                "default/client",
                ObservedNode.fromClient()
                        .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                        .udp(4000, 53)
                        .build(),
                FRAMES);
        if (!signal.isEmpty()) {
            process.signal(signal);
        }
        process.awaitEnd();
        if (signal.equals("KILL")) {
            assertThat(frames(file)).isBetween(0, FRAMES);
        } else {
            final int expected = count == 0 ? FRAMES : count;
            assertThat(frames(file)).as("%s", process.text()).isEqualTo(expected);
            assertThat(process.text().lines()).anyMatch(line -> line.startsWith(expected + " frames in "));
        }
        assertThat(Files.size(file)).isPositive();
    }
}
