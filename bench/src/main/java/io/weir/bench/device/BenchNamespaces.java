package io.weir.bench.device;

import io.weir.bench.experiment.ScratchDirectory;
import io.weir.dataplane.linux.AtExit;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Network namespaces of one measurement, under names of their own, the programs in them and their files. All of it is gone after
 * {@link #close()}, also after Ctrl-C.
 */
final class BenchNamespaces implements AutoCloseable {
    private final String prefix = "weir-b-" + ProcessHandle.current().pid() + "-";
    private final Map<String, NetworkNamespace> namespaces = new LinkedHashMap<>();
    private final List<Process> processes = new CopyOnWriteArrayList<>();
    private final List<ScratchDirectory> directories = new ArrayList<>();
    private boolean isOver;
    private final AtExit atExit = new AtExit("removing namespaces", this::removeAll);

    /** Makes one, with its loopback up and no duplicate address detection. */
    synchronized NetworkNamespace create(String label) throws IOException {
        checkGoesOn();
        final NetworkNamespace namespace = NetworkNamespace.create(prefix + label);
        namespaces.put(label, namespace);
        try (Rtnetlink network = Rtnetlink.open(namespace)) {
            network.links().up("lo");
        }
        write(label, "ipv6/conf/default/accept_dad", "0");
        return namespace;
    }

    /** A directory for what its programs read and write. */
    Path directory() throws IOException {
        return directory(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /** The same within another directory. */
    synchronized Path directory(Path parent) throws IOException {
        checkGoesOn();
        final ScratchDirectory directory = ScratchDirectory.in(parent);
        directories.add(directory);
        return directory.path();
    }

    /** What is made after everything has been removed would stay. */
    private void checkGoesOn() throws IOException {
        if (isOver) {
            throw new IOException("the measurement has ended");
        }
    }

    NetworkNamespace namespace(String label) {
        final NetworkNamespace namespace = namespaces.get(label);
        if (namespace == null) {
            throw new IllegalArgumentException("no namespace " + label);
        }
        return namespace;
    }

    String name(String label) {
        return prefix + label;
    }

    /** Joins two namespaces by veths that are up and have one address each. */
    void veth(String one, String oneDevice, String oneAddress, String other, String otherDevice, String otherAddress) {
        try (Rtnetlink network = Rtnetlink.open(namespace(one))) {
            network.links().createVeth(oneDevice, otherDevice, namespace(other));
        }
        end(one, oneDevice, oneAddress);
        end(other, otherDevice, otherAddress);
    }

    private void end(String label, String device, String address) {
        try (Rtnetlink network = Rtnetlink.open(namespace(label))) {
            network.links().up(device);
            final int slash = address.indexOf('/');
            network.addresses()
                    .add(
                            device,
                            IpAddress.parse(address.substring(0, slash)),
                            Integer.parseInt(address.substring(slash + 1)));
        }
    }

    /** The Ethernet address of an interface. */
    MacAddress mac(String label, String device) {
        try (Rtnetlink network = Rtnetlink.open(namespace(label))) {
            return network.links().find(device).orElseThrow().mac();
        }
    }

    /** Changes a setting below {@code /proc/sys/net} in a namespace. */
    void write(String label, String setting, String value) throws IOException {
        final Path file = Path.of("/proc/sys/net").resolve(setting);
        try {
            namespace(label).call(() -> Files.writeString(file, value));
        } catch (final CompletionException e) {
            throw new IOException("setting " + setting + " to " + value, e.getCause());
        }
    }

    /**
     * Runs a program in a namespace, on any core, and returns what it prints on both streams.
     *
     * @throws IOException with that text when it does not end with 0
     */
    String run(String label, String... command) throws IOException, InterruptedException {
        final Process process = start(label, "", command);
        process.getOutputStream().close();
        final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + text.strip());
        }
        processes.remove(process);
        return text;
    }

    /**
     * Starts a program in a namespace; it ends with this at the latest.
     *
     * @param cores a list for {@code taskset -c}; empty: all
     */
    synchronized Process start(String label, String cores, String... command) throws IOException {
        // the measuring thread is pinned to a core, and what it starts would be, too
        final String allowed = cores.isEmpty() ? "0-" + (PlacedCores.ofMachine() - 1) : cores;
        final List<String> line =
                new ArrayList<>(List.of("ip", "netns", "exec", name(label), "taskset", "-c", allowed));
        line.addAll(List.of(command));
        checkGoesOn();
        final Process process =
                new ProcessBuilder(line).redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }

    /** Ends a program that {@link #start} has started, first politely. */
    void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (final InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        processes.remove(process);
    }

    /** A counter and when it was read: on a busy machine a thread may wait between two lines. */
    record Count(long value, long atNs) {
        double millionsASecondSince(Count before) {
            return (value - before.value) * 1e3 / (atNs - before.atNs);
        }
    }

    /** Reads a counter in a namespace. */
    Count count(String label, Callable<Long> counter) throws IOException {
        return namespace(label).call(() -> {
            final long value = counter.call();
            return new Count(value, System.nanoTime());
        });
    }

    /** Packets that an interface has received, in the namespace of the calling thread. */
    long receivedHere(String device) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/thread-self/net/dev"))) {
            final String[] words = line.strip().split("[: ]+", -1);
            if (words[0].equals(device)) {
                return Long.parseLong(words[2]);
            }
        }
        throw new IllegalStateException("no interface " + device);
    }

    private synchronized void removeAll() {
        isOver = true;
        List.copyOf(processes).forEach(this::end);
        namespaces.forEach((label, namespace) -> {
            namespace.close();
            try {
                NetworkNamespace.delete(name(label));
            } catch (final LinuxException e) {
                System.err.println("weir bench: " + e.getMessage());
            }
        });
        namespaces.clear();
        directories.forEach(ScratchDirectory::close);
        directories.clear();
    }

    @Override
    public void close() {
        removeAll();
        atExit.cancel();
    }
}
