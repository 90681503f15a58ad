package io.weir.tools.run;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.AttachmentOverlay;
import io.weir.agent.node.LocalNode;
import io.weir.agent.run.Attachments;
import io.weir.agent.run.NodeLoop;
import io.weir.agent.run.RunningNode;
import io.weir.agent.source.ClusterSource;
import io.weir.agent.source.DirectorySource;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.observe.CountedPort;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.observe.PortNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A node in a namespace of its own, whose configuration is a directory, and pods that are namespaces. */
final class NodeRig implements AutoCloseable {
    static final String NODE = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            nodeAddresses: [192.168.0.1, "fd00:192::1"]
            podCidrs: [10.244.1.0/24, "fd00:244:0:1::/64"]
            clusterCidrs: [10.244.0.0/16, "fd00:244::/48"]
            """;

    final TopologyNamespaces net = TopologyNamespaces.create();
    final Path directory;
    final Path config;
    private final Map<String, NetworkNamespace> open = new HashMap<>();
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private @Nullable Started started;

    private record Started(RunningNode running, ClusterSource source, NodeLoop loop, Thread control) {}

    NodeRig(String nodeConfig) {
        try {
            directory = Files.createTempDirectory("weir-test");
            config = Files.createDirectory(directory.resolve("config"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        net.namespace("node");
        write("node.yaml", nodeConfig);
    }

    /** Writes a file of the configuration, in one step as a careful editor does. */
    void write(String file, String text) {
        try {
            final Path draft = directory.resolve("draft");
            Files.writeString(draft, text);
            Files.move(draft, config.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a pod 10.244.1.N and fd00:244:0:1::N, and its manifest. */
    NodeRig pod(String name, int number) {
        net.namespace(name);
        write("pod-" + name + ".yaml", manifest(name, net.name(name), number));
        return this;
    }

    /** The same, with a label {@code app} that is its name. */
    NodeRig labelledPod(String name, int number) {
        net.namespace(name);
        write(
                "pod-" + name + ".yaml",
                manifest(name, net.name(name), number)
                        .replace("namespace: default,", "namespace: default, labels: {app: " + name + "},"));
        return this;
    }

    static String manifest(String name, String namespace, int number) {
        return """
            apiVersion: v1
            kind: Pod
            metadata: {name: %s, namespace: default, annotations: {weir.io/netns: %s}}
            spec: {nodeName: node-1}
            status: {podIPs: [{ip: 10.244.1.%d}, {ip: "fd00:244:0:1::%x"}]}
            """.formatted(name, namespace, number, number);
    }

    NetworkNamespace namespace(String label) {
        return open.computeIfAbsent(label, each -> NetworkNamespace.named(net.name(each)));
    }

    NodeRig start() throws IOException {
        final ClusterSource source = new DirectorySource(config, List.of(), _ -> {});
        final LoadedConfig loaded = source.load();
        final RunningNode running = new RunningNode(LocalNode.of(loaded), namespace("node"), directory);
        final NodeLoop loop = new NodeLoop(running, source, loaded, new Attachments(), new AttachmentOverlay());
        final Thread control = Thread.ofPlatform().daemon().name("control").start(() -> {
            try {
                loop.run(isEnding::get, _ -> {});
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        started = new Started(running, source, loop, control);
        return this;
    }

    private Started started() {
        return Objects.requireNonNull(started, "the node was not started");
    }

    RunningNode running() {
        return started().running;
    }

    NodeLoop loop() {
        return started().loop;
    }

    /** As another process reads them. */
    CounterSnapshot counters() {
        try (CounterView view = CounterView.open(directory.resolve(NodeFiles.COUNTERS))) {
            return view.snapshot();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One number of a port, by its name. */
    long port(String name, PortNumber number) {
        final CounterSnapshot counters = counters();
        final CountedPort port = counters.ports().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        return counters.port(port, number);
    }

    static void await(String what, BooleanSupplier condition) {
        final long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain: " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    void stop() {
        final Started ending = started;
        if (ending == null) {
            return;
        }
        started = null;
        isEnding.set(true);
        try {
            ending.control.join();
            ending.source.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ending.running.close();
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } finally {
            open.values().forEach(NetworkNamespace::close);
            net.close();
            delete(directory);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (final Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
