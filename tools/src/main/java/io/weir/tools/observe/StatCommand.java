package io.weir.tools.observe;

import io.weir.dataplane.observe.CountedPort;
import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterLabel.Kind;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.ErrorView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.observe.PortNumber;
import io.weir.dataplane.observe.RecordedError;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weir stat}: all counters of a node, of a running weir or as a killed one left them. */
@Command(
        name = "stat",
        mixinStandardHelpOptions = true,
        description = "Print the counters of a node: ports, workers, drops, connections and errors.",
        footer = {
            "",
            "Reads the node's files and asks the running weir nothing, so it works after a crash too.",
            "",
            "Examples:",
            "  weir stat",
            "  weir stat --node node-a --json"
        })
public final class StatCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final List<RecordedError> errors =
                NodeOptions.read(() -> ErrorView.read(look.directory().resolve(NodeFiles.ERRORS)));
        try (CounterView view = look.counters()) {
            final CounterSnapshot counters = view.snapshot();
            if (look.isJson()) {
                out.println(Json.pretty(tree(counters, errors)));
            } else {
                print(counters, errors, out);
            }
        }
        out.flush();
        return ExitCodes.DONE;
    }

    /** Whether it runs, and since when. */
    static String state(CounterSnapshot counters) {
        final Instant started = Instant.ofEpochSecond(counters.startedNs() / 1_000_000_000L);
        if (counters.isRunning()) {
            final Duration up = Duration.ofNanos(counters.takenNs() - counters.startedNs());
            return "runs since " + started + " (" + up.toHours() + ":"
                    + "%02d:%02d".formatted(up.toMinutesPart(), up.toSecondsPart()) + ")";
        }
        return "ran from " + started + " to " + Instant.ofEpochSecond(counters.refreshedNs() / 1_000_000_000L)
                + " and did not end in good order: these are its last counters";
    }

    private static void print(CounterSnapshot counters, List<RecordedError> errors, PrintWriter out) {
        out.println("node " + counters.node() + ", process " + counters.processId() + ", " + state(counters));
        out.println();
        final TextTable ports = new TextTable("PORT", "ROLE", ">RECEIVED", ">BYTES", ">SENT", ">BYTES");
        for (final CountedPort port : counters.ports()) {
            ports.row(
                    port.name(),
                    port.role(),
                    counters.port(port, PortNumber.RECEIVED_PACKETS),
                    counters.port(port, PortNumber.RECEIVED_BYTES),
                    counters.port(port, PortNumber.SENT_PACKETS),
                    counters.port(port, PortNumber.SENT_BYTES));
        }
        ports.print(out);
        out.println();
        printOffloaded(counters, out);
        for (final CounterLabel counter : counters.labels(Kind.COUNTER)) {
            if (counters.total(counter) != 0) {
                out.printf("%-28s %16d  %s%n", counter.label(), counters.total(counter), counter.sentence());
            }
        }
        counters.values().forEach((name, value) -> {
            if (value != 0) {
                out.printf("%-28s %16d%n", name, value);
            }
        });
        if (counters.totalDrops() != 0) {
            out.println();
            out.println("dropped " + counters.totalDrops() + " (see weir drops):");
            for (final CounterLabel reason : counters.labels(Kind.DROP)) {
                if (counters.total(reason) != 0) {
                    out.printf("%-28s %16d  %s%n", reason.label(), counters.total(reason), reason.sentence());
                }
            }
        }
        for (final RecordedError error : errors) {
            out.println();
            out.println("error, " + error.count() + " times, last at " + Instant.ofEpochMilli(error.lastMs()) + ":");
            out.println(error.text().strip());
        }
    }

    /** Only if there is any. */
    private static void printOffloaded(CounterSnapshot counters, PrintWriter out) {
        final TextTable ports = new TextTable("OFFLOADED", "ROLE", ">RECEIVED", ">BYTES", ">SENT", ">BYTES");
        for (final CountedPort port : counters.ports()) {
            if (counters.port(port, PortNumber.OFFLOADED_RECEIVED_PACKETS) != 0
                    || counters.port(port, PortNumber.OFFLOADED_SENT_PACKETS) != 0) {
                ports.row(
                        port.name(),
                        port.role(),
                        counters.port(port, PortNumber.OFFLOADED_RECEIVED_PACKETS),
                        counters.port(port, PortNumber.OFFLOADED_RECEIVED_BYTES),
                        counters.port(port, PortNumber.OFFLOADED_SENT_PACKETS),
                        counters.port(port, PortNumber.OFFLOADED_SENT_BYTES));
            }
        }
        if (!ports.isEmpty()) {
            ports.print(out);
            out.println();
        }
    }

    private static Map<String, Object> tree(CounterSnapshot counters, List<RecordedError> errors) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("node", counters.node());
        tree.put("process", counters.processId());
        tree.put("running", counters.isRunning());
        tree.put("startedNs", counters.startedNs());
        tree.put("refreshedNs", counters.refreshedNs());
        tree.put("takenNs", counters.takenNs());
        tree.put("workers", counters.workerCount());
        tree.put(
                "ports",
                counters.ports().stream().map(port -> port(counters, port)).toList());
        tree.put("counters", numbers(counters, Kind.COUNTER));
        tree.put("drops", numbers(counters, Kind.DROP));
        tree.put("values", counters.values());
        tree.put(
                "errors",
                errors.stream()
                        .map(error -> Map.of(
                                "count", error.count(),
                                "firstMs", error.firstMs(),
                                "lastMs", error.lastMs(),
                                "text", error.text()))
                        .toList());
        return tree;
    }

    private static Map<String, Object> port(CounterSnapshot counters, CountedPort port) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", port.name());
        tree.put("role", port.role());
        for (final PortNumber number : PortNumber.values()) {
            tree.put(number.label(), counters.port(port, number));
        }
        return tree;
    }

    /** Drops that never happened are left out. */
    private static Map<String, Object> numbers(CounterSnapshot counters, Kind kind) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        for (final CounterLabel label : counters.labels(kind)) {
            if (kind != Kind.DROP || counters.total(label) != 0) {
                tree.put(label.label(), counters.total(label));
            }
        }
        return tree;
    }
}
