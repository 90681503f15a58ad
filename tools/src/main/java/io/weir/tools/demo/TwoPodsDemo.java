package io.weir.tools.demo;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.agent.run.RunningNode;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import io.weir.tools.command.CommandFailure;
import io.weir.tools.command.ExitCodes;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weir demo two-pods}: the example {@code two-pods}, brought up and used. */
@Command(
        name = "two-pods",
        mixinStandardHelpOptions = true,
        description = "Two pods ping each other and copy a file through weir; then everything is removed.")
final class TwoPodsDemo implements Callable<Integer> {
    private static final String NODE_NAMESPACE = "weir-node";

    @Option(
            names = "--config",
            paramLabel = "DIR",
            description = "The example. Default: examples/two-pods beside the sources of weir.")
    private @Nullable Path config;

    @Option(names = "--mebibytes", paramLabel = "N", description = "Size of the copied file. Default: 1024.")
    private int mebibytes = 1024;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        final PrintWriter out = spec.commandLine().getOut();
        final Path directory = config == null ? example() : config;
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        final LocalNode node = LocalNode.of(loaded);
        final Path runDirectory = Files.createTempDirectory("weir-demo");
        try (DemoNamespaces namespaces = new DemoNamespaces()) {
            final NetworkNamespace nodeNamespace = namespaces.create(NODE_NAMESPACE);
            final NetworkNamespace client = namespaces.create("weir-client");
            final NetworkNamespace server = namespaces.create("weir-server");
            out.println("made the namespaces weir-client, weir-server (the pods) and " + NODE_NAMESPACE);
            try (RunningNode running = new RunningNode(node, nodeNamespace, runDirectory);
                    Polling _ = new Polling(running)) {
                out.println("weir runs " + node.name() + " from " + directory);
                show(running, client, server, out);
            }
            out.println("everything removed");
            out.flush();
            return ExitCodes.DONE;
        } catch (final LinuxException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()), e);
        } finally {
            deleteAll(runDirectory);
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (final Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private void show(RunningNode running, NetworkNamespace client, NetworkNamespace server, PrintWriter out) {
        final LocalNode node = running.dataplane().node();
        final LocalPod target = node == null ? null : node.pods().get("default/server");
        if (target == null) {
            throw new CommandFailure("the example has no pod default/server");
        }
        say(out, client, "ip", "-brief", "address", "show", "dev", "eth0");
        say(out, client, "ip", "route");
        for (final IpAddress address : target.addresses()) {
            say(out, client, "ping", "-c", "3", "-i", "0.2", address.toString());
        }
        for (final IpAddress address : target.addresses()) {
            final long bytes = (long) mebibytes << 20;
            final Transfer transfer = Transfer.run(client, server, address, bytes);
            out.println(String.format(
                    Locale.ROOT,
                    "\nTCP client -> %s: %d MiB in %.2f s = %.1f Gbit/s; CRC-32C sent %08x, received %08x",
                    address,
                    transfer.bytes() >> 20,
                    transfer.nanos() / 1e9,
                    transfer.gigabitsPerSecond(),
                    transfer.sentChecksum(),
                    transfer.receivedChecksum()));
            out.flush();
            if (!transfer.isWhole(bytes)) {
                throw new CommandFailure("the file arrived damaged");
            }
        }
        out.println();
        for (final PathCounter counter : List.of(PathCounter.values())) {
            final long total = running.dataplane().dataplane().total(counters -> counters.value(counter));
            if (total != 0) {
                out.println(String.format(Locale.ROOT, "%,14d  %s", total, counter.label()));
            }
        }
    }

    private static void say(PrintWriter out, NetworkNamespace namespace, String... command) {
        out.println("\nclient$ " + String.join(" ", command));
        out.flush();
        out.print(DemoNamespaces.run(namespace, command));
        out.flush();
    }

    /** The jar and the classes alike are in tools/target. */
    private static Path example() {
        try {
            final Path code = Path.of(TwoPodsDemo.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return code.resolve("../../../examples/two-pods").normalize();
        } catch (final URISyntaxException e) {
            throw new IllegalStateException("a class comes from somewhere", e);
        }
    }

    /** The control thread of the node. */
    private static final class Polling implements AutoCloseable {
        private final AtomicBoolean isEnding = new AtomicBoolean();
        private final Thread thread;

        Polling(RunningNode running) {
            thread = Thread.ofPlatform().name("control").start(() -> {
                while (!isEnding.get()) {
                    running.poll(System.nanoTime());
                    LockSupport.parkNanos(1_000_000);
                }
            });
        }

        @Override
        public void close() {
            isEnding.set(true);
            try {
                thread.join();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
