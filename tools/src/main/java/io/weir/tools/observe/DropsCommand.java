package io.weir.tools.observe;

import io.weir.dataplane.observe.CounterLabel;
import io.weir.dataplane.observe.CounterLabel.Kind;
import io.weir.dataplane.observe.CounterSnapshot;
import io.weir.dataplane.observe.CounterView;
import io.weir.dataplane.observe.EventKind;
import io.weir.dataplane.observe.EventView;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.observe.PacketEvent;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code weir drops}: why packets were dropped, and the last of them. */
@Command(
        name = "drops",
        mixinStandardHelpOptions = true,
        description = "Print dropped packets by reason, and the last ones of them.",
        footer = {
            "",
            "Reads the node's files, so it works after a crash too. Of a flood only a sample is kept; counters miss nothing.",
            "",
            "Examples:",
            "  weir drops",
            "  weir drops --reason policy-denied-ingress --last 50",
            "  weir drops --json"
        })
public final class DropsCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Option(names = "--reason", paramLabel = "LABEL", description = "Only this reason.")
    private @Nullable String reason;

    @Option(
            names = "--last",
            paramLabel = "N",
            defaultValue = "10",
            description = "How many packets to show. Default: ${DEFAULT-VALUE}.")
    private int last = 10;

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        final Path directory = look.directory();
        try (CounterView view = look.counters();
                EventView events = NodeOptions.read(() -> EventView.open(directory.resolve(NodeFiles.EVENTS)))) {
            final CounterSnapshot counters = view.snapshot();
            check(counters);
            final List<CounterLabel> reasons = counters.labels(Kind.DROP).stream()
                    .filter(label -> reason == null
                            ? counters.total(label) != 0
                            : label.label().equals(reason))
                    .toList();
            final List<PacketEvent> packets = lastPackets(events.events(), counters);
            if (look.isJson()) {
                out.println(Json.pretty(tree(counters, reasons, packets, events.leftOut())));
            } else {
                print(counters, reasons, packets, out);
            }
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private void check(CounterSnapshot counters) {
        if (reason != null
                && counters.labels(Kind.DROP).stream()
                        .noneMatch(label -> label.label().equals(reason))) {
            throw new ParameterException(look.commandLine(), "no drop reason is called " + reason);
        }
    }

    private List<PacketEvent> lastPackets(List<PacketEvent> events, CounterSnapshot counters) {
        final List<PacketEvent> drops = events.stream()
                .filter(event -> event.kind() == EventKind.DROPPED)
                .filter(event -> reason == null || reason.equals(label(counters, event)))
                .toList();
        return drops.subList(Math.max(0, drops.size() - Math.max(0, last)), drops.size());
    }

    private static String label(CounterSnapshot counters, PacketEvent event) {
        final CounterLabel label = counters.reason(event.reasonId());
        return label == null ? "reason " + event.reasonId() : label.label();
    }

    private static void print(
            CounterSnapshot counters, List<CounterLabel> reasons, List<PacketEvent> packets, PrintWriter out) {
        if (!counters.isRunning()) {
            out.println("node " + counters.node() + " " + StatCommand.state(counters));
        }
        if (reasons.isEmpty()) {
            out.println("nothing was dropped");
            return;
        }
        final TextTable table = new TextTable("REASON", ">PACKETS", "WHAT IT MEANS");
        reasons.forEach(label -> table.row(label.label(), counters.total(label), label.sentence()));
        table.print(out);
        if (!packets.isEmpty()) {
            out.println();
            out.println("the last " + packets.size() + " packets:");
            for (final PacketEvent packet : packets) {
                out.println(PacketText.time(packet.timeNs()) + " " + counters.portName(packet.port()) + " "
                        + label(counters, packet));
                if (!packet.rule().isEmpty()) {
                    out.println("    " + packet.rule());
                }
                out.println("    " + PacketText.ofBeginning(packet.bytes(), packet.length()) + " (" + packet.length()
                        + " bytes)");
            }
        }
    }

    private static Map<String, Object> tree(
            CounterSnapshot counters, List<CounterLabel> reasons, List<PacketEvent> packets, long leftOut) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("node", counters.node());
        tree.put("running", counters.isRunning());
        final Map<String, Long> byReason = new LinkedHashMap<>();
        reasons.forEach(label -> byReason.put(label.label(), counters.total(label)));
        tree.put("drops", byReason);
        tree.put("packetsLeftOut", leftOut);
        tree.put(
                "packets",
                packets.stream().map(packet -> packet(counters, packet)).toList());
        return tree;
    }

    private static Map<String, Object> packet(CounterSnapshot counters, PacketEvent packet) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("timeNs", packet.timeNs());
        tree.put("worker", packet.worker());
        tree.put("port", counters.portName(packet.port()));
        tree.put("reason", label(counters, packet));
        if (!packet.rule().isEmpty()) {
            tree.put("rule", packet.rule());
        }
        tree.put("length", packet.length());
        tree.put("text", PacketText.ofBeginning(packet.bytes(), packet.length()));
        tree.put("bytes", packet.bytes());
        return tree;
    }
}
