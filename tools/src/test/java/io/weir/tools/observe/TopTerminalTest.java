package io.weir.tools.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.tools.Weir;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir top} on a real terminal, that of tmux: it draws, follows a new size, and ends with q. */
class TopTerminalTest {
    private static final String TMUX = "/usr/bin/tmux";

    private final String server = "weir-t-" + UUID.randomUUID();

    @TempDir
    private Path directory;

    private ObservedNode node;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        assumeTrue(Path.of(TMUX).toFile().canExecute(), "no tmux here");
        node = new ObservedNode(directory.resolve("run"));
    }

    @AfterEach
    void end() throws IOException, InterruptedException {
        if (node != null) {
            tmux("kill-server");
            node.close();
        }
    }

    private String tmux(String... arguments) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(
                        Stream.concat(Stream.of(TMUX, "-L", server, "-f", "/dev/null"), Stream.of(arguments))
                                .toList())
                .redirectErrorStream(true)
                .start();
        final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    private String await(Predicate<String> wanted) throws IOException, InterruptedException {
        String screen = "";
        for (int i = 0; i < 600 && !wanted.test(screen); i++) {
            Thread.sleep(100);
            node.send(
                    "default/client",
                    ObservedNode.fromClient()
                            .ipv4(ObservedNode.CLIENT, ObservedNode.SERVER)
                            .udp(1, 2)
                            .build());
            screen = tmux("capture-pane", "-p");
        }
        assertThat(screen).matches(wanted, "the wanted screen");
        return screen;
    }

    @Test
    void topDrawsFollowsTheSizeAndEnds() throws Exception {
        tmux(
                "new-session",
                "-d",
                "-x",
                "110",
                "-y",
                "30",
                "-s",
                "top",
                String.join(" ", JavaProcess.command(List.of(), Weir.class))
                        + " top --interval 0.5 --run-dir " + directory.resolve("run")
                        + "; echo ended with $?; sleep 600");
        final String wide = await(screen -> screen.contains("default/client") && screen.contains("1 "));
        assertThat(wide).contains("weir top  node-1", "WORKER", "PORT", "IN PACKETS/S");
        tmux("resize-window", "-t", "top", "-x", "40", "-y", "8");
        final List<String> narrow = await(screen -> screen.contains("weir top  node-1  runs since")
                        && screen.lines().allMatch(line -> line.length() <= 40)
                        && screen.contains("WORKER")
                        && !screen.contains("default/server"))
                .lines()
                .toList();
        assertThat(narrow).hasSizeLessThanOrEqualTo(8);
        tmux("send-keys", "-t", "top", "q");
        await(screen -> screen.contains("ended with 0"));
    }
}
