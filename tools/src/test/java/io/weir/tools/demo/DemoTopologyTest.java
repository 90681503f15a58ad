package io.weir.tools.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.tools.CommandRun;
import io.weir.tools.Weir;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code weir demo} as a newcomer runs it: in a terminal, with eyes on every line. */
@TopologyTest
@Timeout(240)
class DemoTopologyTest {
    private static final String TMUX = "/usr/bin/tmux";

    /** Each line of the demo, with whatever was measured. */
    private static final List<String> LINES = List.of(
            "two nodes with a weir agent each, four pods, etcd and an Internet, in namespaces of their own",
            "kept +both agents forward and have joined the flannel network +[\\d.]+ s after their start",
            "kept +pods of one node reach each other +[\\d.]+ ms.*, IPv6 [\\d.]+ ms.*",
            "kept +pods of two nodes reach each other +[\\d.]+ ms.*, IPv6 [\\d.]+ ms.*",
            "kept +between the nodes their packets travel by VXLAN +seen on the wire: 172.31.9.1 > 172.31.9.2 UDP 8472",
            "kept +a ClusterIP is served by both pods +web-1 \\d+x, web-2 \\d+x",
            "kept +a ClusterIP is served by both pods, IPv6 +web-1 \\d+x, web-2 \\d+x",
            "kept +a NodePort is served from outside, by either node +web-1 \\d+x, web-2 \\d+x; web-1 \\d+x, web-2 \\d+x",
            "kept +a LoadBalancer's address is served from outside +web-1 \\d+x, web-2 \\d+x",
            "kept +a LoadBalancer's address is served from outside, IPv6 +web-1 \\d+x, web-2 \\d+x",
            "kept +a client with session affinity stays with its pod +20 of 20 by web-[12]",
            "kept +a pod is masqueraded as its node on the Internet +nginx there saw 172\\.31\\.9\\.1",
            "kept +a pod is masqueraded as its node, IPv6 +nginx there saw fd00:31::1",
            "kept +TCP between pods of one node arrives whole +64 MiB, [\\d.]+ Gbit/s, CRC-32C [0-9a-f]{8}",
            "kept +TCP between pods of one node arrives whole, IPv6 +64 MiB, [\\d.]+ Gbit/s, CRC-32C [0-9a-f]{8}",
            "kept +TCP between pods of two nodes arrives whole +64 MiB, [\\d.]+ Gbit/s, CRC-32C [0-9a-f]{8}",
            "kept +a NetworkPolicy cuts a connection in mid-flow +\\d+ ms after its file was written",
            "kept +a connection that the policy allows goes on +[\\d,]+ bytes since the policy");

    private final String server = "weir-t-" + UUID.randomUUID();

    @BeforeEach
    void programs() {
        final List<String> missing = DemoPrograms.ofThisMachine().missing();
        assumeTrue(missing.isEmpty(), "skipped: packages are missing: " + missing);
        assumeTrue(Files.isExecutable(Path.of(TMUX)), "skipped: the program tmux is not installed");
        assumeTrue(!Files.exists(DemoCluster.DIRECTORY), "skipped: somebody's demo is up");
    }

    @AfterEach
    void end() throws Exception {
        tmux("kill-server");
        CommandRun.of("demo", "--remove");
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

    private void type(String command) throws IOException, InterruptedException {
        tmux("send-keys", "-t", "demo", command, "Enter");
    }

    private void terminal() throws IOException, InterruptedException {
        tmux(
                "new-session",
                "-d",
                "-x",
                "160",
                "-y",
                "60",
                "-s",
                "demo",
                "env",
                "WEIR=" + String.join(" ", JavaProcess.command(List.of(), Weir.class)),
                "PS1=$ ",
                "bash",
                "--norc");
    }

    private String await(String what, Predicate<String> wanted) throws IOException, InterruptedException {
        String screen = "";
        for (int i = 0; i < 1_500; i++) {
            screen = tmux("capture-pane", "-p", "-t", "demo");
            if (wanted.test(screen)) {
                return screen;
            }
            Thread.sleep(100);
        }
        throw new AssertionError("waited in vain: " + what + "\n" + screen);
    }

    private static List<String> namespaces() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/run/netns"))) {
            return all.map(each -> String.valueOf(each.getFileName()))
                    .filter(name -> name.startsWith(DemoCluster.PREFIX))
                    .toList();
        }
    }

    private static List<String> processes() {
        return ProcessHandle.allProcesses()
                .map(each -> each.info().commandLine().orElse(""))
                .filter(line -> line.contains(DemoCluster.DIRECTORY + "/"))
                .filter(line -> !line.contains("tmux"))
                .toList();
    }

    @Test
    void everyPromiseIsKeptLineByLineAndTheClusterCanBeLookedAt() throws Exception {
        terminal();
        type("clear; $WEIR demo --keep --mebibytes 64 2>/dev/null; echo ended with $?");
        final String screen =
                await("the demo's end", text -> text.lines().anyMatch(line -> line.startsWith("ended with ")));
        final List<String> lines =
                screen.lines().filter(line -> !line.isBlank()).toList();
        final List<String> shown = new ArrayList<>(lines);
        shown.removeIf(line -> line.startsWith("$ ") || line.startsWith("ended with "));
        for (int i = 0; i < LINES.size(); i++) {
            assertThat(shown.get(i)).as("line %d of\n%s", i + 1, screen).matches(LINES.get(i) + " *");
        }
        assertThat(shown.get(LINES.size())).matches("17 of 17 promises kept in \\d+ s");
        assertThat(screen).contains("ended with 0", "Remove it with:", "  ./weir demo --remove");
        assertThat(tmux("capture-pane", "-e", "-p", "-t", "demo")).contains("\u001B[32mkept");

        type("clear; $WEIR top --interval 0.5 --run-dir /run/weir-demo/run --node node-1");
        await("weir top", text -> text.contains("weir top  node-1") && text.contains("default/web-1"));
        tmux("send-keys", "-t", "demo", "q");
        type("clear; $WEIR demo; echo ended with $?");
        await(
                "a second demo is refused",
                text -> text.contains("a demo is up already") && text.contains("ended with 1"));
        type("clear; $WEIR demo --remove; echo ended with $?");
        await("the removal", text -> text.contains("removed") && text.contains("ended with 0"));
        assertThat(namespaces()).isEmpty();
        assertThat(processes()).isEmpty();
    }

    @Test
    void ctrlCRemovesEverything() throws Exception {
        terminal();
        type("clear; $WEIR demo --json 2>/dev/null; echo ended with $?");
        await("the first promise", text -> text.contains("{\"promise\":\"both agents forward"));
        assertThat(namespaces()).hasSize(8);
        tmux("send-keys", "-t", "demo", "C-c");
        await("the end", text -> text.contains("ended with 130"));
        assertThat(namespaces()).isEmpty();
        assertThat(processes()).isEmpty();
        assertThat(DemoCluster.DIRECTORY).doesNotExist();
    }
}
