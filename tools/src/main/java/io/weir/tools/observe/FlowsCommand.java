package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weir flows}: what the workers remember of flows, and how each is treated. */
@Command(
        name = "flows",
        mixinStandardHelpOptions = true,
        description = "Print the flows that the workers know: one line for each direction and worker.",
        footer = {
            "",
            "A flow is a remembered decision: where its packets go, as what, or why they are dropped. PACKETS and BYTES "
                    + "are its connection's, as far as they have been added up; -- for a flow that is not tracked. "
                    + "BY says who carries it now: weir, or the kernel (offloaded). "
                    + "With --recent, the last new flows are read from the node's files, which works after a crash too.",
            "",
            "Examples:",
            "  weir flows",
            "  weir flows --json | jq 'select(.verdict == \"drop\")'",
            "  weir flows --recent"
        })
public final class FlowsCommand implements Callable<Integer> {
    @Mixin
    private LookOptions look = new LookOptions();

    @Option(names = "--recent", description = "Print the last new flows with their first packets instead.")
    private boolean recent;

    @Override
    public Integer call() {
        final PrintWriter out = look.out();
        if (recent) {
            printRecent(out);
        } else {
            printFlows(out);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    private void printFlows(PrintWriter out) {
        final List<JsonNode> flows = new ArrayList<>();
        look.list(Map.of("request", "flows"), flows::add);
        if (look.isJson()) {
            return;
        }
        final TextTable table = new TextTable(
                "PROTOCOL",
                "SOURCE",
                "DESTINATION",
                "FROM",
                "TO",
                "AS",
                "STATE",
                "BY",
                ">PACKETS",
                ">BYTES",
                ">IDLE S");
        for (final JsonNode flow : flows) {
            final boolean dropped = flow.path("verdict").asText().equals("drop");
            table.row(
                    flow.path("protocol").asText(),
                    flow.path("source").asText(),
                    flow.path("destination").asText(),
                    flow.path("from").asText(),
                    dropped
                            ? "drop: " + flow.path("reason").asText()
                            : flow.path("to").asText(),
                    translation(flow),
                    flow.path("state").asText("--"),
                    flow.path("offloaded").asBoolean() ? "kernel" : "weir",
                    flow.path("packets").asText("--"),
                    flow.path("bytes").asText("--"),
                    flow.path("idleSeconds").asText());
        }
        table.print(out);
        out.println(flows.size() + " flows");
    }

    /** What changes on the way. */
    private static String translation(JsonNode flow) {
        final String source = flow.path("newSource").asText();
        final String destination = flow.path("newDestination").asText();
        final boolean sourceStays = source.equals(flow.path("source").asText());
        final boolean destinationStays =
                destination.equals(flow.path("destination").asText());
        if (source.isEmpty() || (sourceStays && destinationStays)) {
            return "";
        }
        return (sourceStays ? "" : source) + " > " + (destinationStays ? "" : destination);
    }

    private void printRecent(PrintWriter out) {
        final Path directory = look.directory();
        try (CounterView view = look.counters();
                EventView events = NodeOptions.read(() -> EventView.open(directory.resolve(NodeFiles.EVENTS)))) {
            final CounterSnapshot counters = view.snapshot();
            for (final PacketEvent event : events.events()) {
                if (event.kind() != EventKind.NEW_FLOW) {
                    continue;
                }
                if (look.isJson()) {
                    final Map<String, Object> tree = new LinkedHashMap<>();
                    tree.put("timeNs", event.timeNs());
                    tree.put("worker", event.worker());
                    tree.put("from", counters.portName(event.port()));
                    if (!event.rule().isEmpty()) {
                        tree.put("rule", event.rule());
                    }
                    tree.put("text", PacketText.ofBeginning(event.bytes(), event.length()));
                    tree.put("bytes", event.bytes());
                    out.println(Json.line(tree));
                } else {
                    out.println(PacketText.time(event.timeNs()) + " " + counters.portName(event.port()) + " "
                            + PacketText.ofBeginning(event.bytes(), event.length()));
                    if (!event.rule().isEmpty()) {
                        out.println("    " + event.rule());
                    }
                }
            }
        }
    }
}
