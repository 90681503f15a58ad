package io.weir.dataplane.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/**
 * Network namespaces for one test: made on demand under unique names, and removed with everything in them by
 * {@link #close()}, at the end of the JVM, or (after a kill) by the next test run.
 *
 * <pre>{@code
 * try (TopologyNamespaces net = TopologyNamespaces.create()) {
 *     net.namespace("left");
 *     net.namespace("right");
 *     net.veth("left", "eth0", "right", "eth0");
 *     net.run("left", "ip", "address", "add", "10.0.0.1/24", "dev", "eth0");
 *     net.run("right", "ip", "address", "add", "10.0.0.2/24", "dev", "eth0");
 *     net.run("left", "ping", "-c", "1", "10.0.0.2");
 * }
 * }</pre>
 *
 * <p>Tests call the programs of iproute2 on purpose: what weir itself set up by rtnetlink is judged by someone else.
 */
public final class TopologyNamespaces implements AutoCloseable {
    /** How a name starts: the process id follows, so that what a dead process left behind can be told. */
    private static final String PREFIX = "weir-t-";

    private static final Path FOLDER = Path.of("/run/netns");
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final String prefix = PREFIX + ProcessHandle.current().pid() + "-" + NEXT.getAndIncrement() + "-";
    private final Map<String, String> names = new LinkedHashMap<>();
    private final List<Process> processes = new ArrayList<>();
    private final AtExit atExit = new AtExit("removing namespaces", this::removeAll);

    private TopologyNamespaces() {}

    /** An empty set; also removes what test runs that died have left. */
    public static TopologyNamespaces create() {
        sweep();
        return new TopologyNamespaces();
    }

    /** What a program printed and how it ended. */
    public record Output(int exitCode, String text) {}

    /**
     * Makes a namespace with its loopback up and without duplicate address detection, so that an IPv6 address is
     * usable at once.
     *
     * @return its full name, as {@code ip netns} and {@link NetworkNamespace} know it
     */
    public String namespace(String label) {
        String name = prefix + label;
        if (names.putIfAbsent(label, name) != null) {
            throw new IllegalStateException("namespace " + label + " exists already");
        }
        host("ip", "netns", "add", name);
        run(
                label,
                "sh",
                "-c",
                "ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad;"
                        + " echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad");
        return name;
    }

    /** The full name of the namespace that was made under this label. */
    public String name(String label) {
        String name = names.get(label);
        if (name == null) {
            throw new IllegalArgumentException("no namespace " + label);
        }
        return name;
    }

    /** The file of a namespace, for programs that want a path. */
    public Path path(String label) {
        return FOLDER.resolve(name(label));
    }

    /** Joins two namespaces by a pair of veth interfaces that are up. */
    public void veth(String oneLabel, String oneInterface, String otherLabel, String otherInterface) {
        host(
                "ip",
                "link",
                "add",
                oneInterface,
                "netns",
                name(oneLabel),
                "type",
                "veth",
                "peer",
                "name",
                otherInterface,
                "netns",
                name(otherLabel));
        run(oneLabel, "ip", "link", "set", oneInterface, "up");
        run(otherLabel, "ip", "link", "set", otherInterface, "up");
    }

    /**
     * Runs a program in a namespace and waits for its end.
     *
     * @return what it printed on both streams
     * @throws AssertionError with what it printed if it does not end with 0
     */
    public String run(String label, String... command) {
        return checked(inside(label, command));
    }

    /** Runs a program in a namespace and waits for its end, whichever that is. */
    public Output tryRun(String label, String... command) {
        return finish(inside(label, command), begin(inside(label, command)));
    }

    /** Starts a program in a namespace, for example a server; {@link #close()} ends it. */
    public Process start(String label, String... command) {
        return begin(inside(label, command));
    }

    /** Runs a program outside of the namespaces and waits for its end, which must be with 0. */
    public String host(String... command) {
        return checked(List.of(command));
    }

    /** Skips the test, with a message, where a program is not installed. */
    public static void assumeProgram(String program, String debianPackage) {
        Assumptions.assumeTrue(
                hasProgram(program),
                () -> "skipped: the program " + program + " (package " + debianPackage + ") is not installed");
    }

    static boolean hasProgram(String program) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return Files.isExecutable(Path.of("/usr/sbin", program)) || Files.isExecutable(Path.of("/sbin", program));
    }

    @Override
    public void close() {
        removeAll();
        atExit.cancel();
    }

    private synchronized void removeAll() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        for (Process process : processes) {
            try {
                process.waitFor(5, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        processes.clear();
        names.values().forEach(TopologyNamespaces::remove);
        names.clear();
    }

    private static void remove(String name) {
        if (Files.exists(FOLDER.resolve(name))) {
            List<String> command = List.of("ip", "netns", "delete", name);
            try {
                Process process = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                process.waitFor(10, TimeUnit.SECONDS);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void sweep() {
        if (!Files.isDirectory(FOLDER)) {
            return;
        }
        try (var files = Files.list(FOLDER)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(PREFIX + "\\d+-\\d+-.*"))
                    .filter(name -> ProcessHandle.of(Long.parseLong(name.split("-", -1)[2]))
                            .isEmpty())
                    .forEach(TopologyNamespaces::remove);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> inside(String label, String... command) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name(label)));
        whole.addAll(List.of(command));
        return whole;
    }

    private Process begin(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            processes.add(process);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException("starting " + String.join(" ", command), e);
        }
    }

    private String checked(List<String> command) {
        Output output = finish(command, begin(command));
        if (output.exitCode() != 0) {
            throw new AssertionError(
                    String.join(" ", command) + " ended with " + output.exitCode() + ":\n" + output.text());
        }
        return output.text();
    }

    private Output finish(List<String> command, Process process) {
        // Reading until the end of the stream could wait for ever, so the limit is kept by a thread of its own.
        Thread limit = Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exitCode = process.waitFor();
            processes.remove(process);
            return new Output(exitCode, text);
        } catch (IOException e) {
            throw new UncheckedIOException("running " + String.join(" ", command), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + String.join(" ", command), e);
        } finally {
            limit.interrupt();
        }
    }
}
