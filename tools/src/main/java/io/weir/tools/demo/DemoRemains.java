package io.weir.tools.demo;

import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.tools.command.CommandFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * What a demo leaves behind when it is kept or killed: processes, which a file in its directory lists, namespaces and the
 * directory itself. A process is known by its number and the moment of its start, so that no other is ever ended.
 */
final class DemoRemains {
    private static final String FILE = "processes";
    private static final long PATIENCE_S = 5;

    private final Path directory;
    private final String prefix;

    private record Noted(String name, ProcessHandle process) {}

    private DemoRemains(Path directory, String prefix) {
        this.directory = directory;
        this.prefix = prefix;
    }

    /** Begins a list; there is one demo at a time. */
    static DemoRemains begin(Path directory, String prefix) throws IOException {
        if (Files.exists(directory)) {
            throw new CommandFailure("a demo is up already, or was killed: " + directory
                    + " is there. 'weir demo --remove' removes all of it");
        }
        Files.createDirectories(directory);
        return new DemoRemains(directory, prefix);
    }

    /** What is left of an earlier demo. */
    static DemoRemains of(Path directory, String prefix) {
        return new DemoRemains(directory, prefix);
    }

    void note(String name, ProcessHandle process) {
        final long startedMs = started(process);
        try {
            Files.writeString(
                    directory.resolve(FILE),
                    name + " " + process.pid() + " " + startedMs + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (final IOException e) {
            process.destroyForcibly();
            throw new UncheckedIOException(e);
        }
    }

    private static long started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    private List<Noted> alive() {
        final List<Noted> alive = new ArrayList<>();
        try {
            for (final String line : Files.readAllLines(directory.resolve(FILE))) {
                final String[] fields = line.split(" ", 3);
                ProcessHandle.of(Long.parseLong(fields[1]))
                        .filter(each -> each.isAlive() && started(each) == Long.parseLong(fields[2]))
                        .ifPresent(each -> alive.add(new Noted(fields[0], each)));
            }
        } catch (final NoSuchFileException e) {
            return alive; // nothing was started yet
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return alive;
    }

    /** Asks the processes of these names to end and waits for them; for how long, in milliseconds. */
    long end(Collection<String> names) {
        final long beginNs = System.nanoTime();
        final List<ProcessHandle> ending = alive().stream()
                .filter(each -> names.contains(each.name))
                .map(Noted::process)
                .toList();
        end(ending);
        return (System.nanoTime() - beginNs) / 1_000_000;
    }

    private static void end(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        for (final ProcessHandle process : processes) {
            try {
                process.onExit().get(PATIENCE_S, TimeUnit.SECONDS);
            } catch (final TimeoutException e) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                process.onExit().join();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (final ExecutionException e) {
                throw new IllegalStateException("waiting for an end does not fail", e);
            }
        }
    }

    /** Removes all of it: agents first, which give back what they took. */
    synchronized void remove() {
        if (!Files.exists(directory)) {
            return;
        }
        end(DemoCluster.NODES);
        end(alive().stream().map(Noted::process).toList());
        try {
            if (Files.isDirectory(NetworkNamespace.FOLDER)) {
                for (final Path namespace : list(NetworkNamespace.FOLDER)) {
                    delete(String.valueOf(namespace.getFileName()));
                }
            }
            try (Stream<Path> tree = Files.walk(directory)) {
                for (final Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }

    private void delete(String namespace) {
        if (namespace.startsWith(prefix)) {
            try {
                NetworkNamespace.delete(namespace);
            } catch (final LinuxException e) {
                System.err.println("weir: " + e.getMessage());
            }
        }
    }
}
