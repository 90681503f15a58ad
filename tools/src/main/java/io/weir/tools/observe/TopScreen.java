package io.weir.tools.observe;

import io.weir.dataplane.observe.CounterSnapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What {@code weir top} shows: a function of two looks at the counters and the size of the screen. */
final class TopScreen {
    private static final String[] UNITS = {"", "k", "M", "G", "T"};

    private TopScreen() {}

    /** At most {@code height} lines of at most {@code width} characters. */
    static List<String> lines(Rates rates, int width, int height) {
        final List<String> lines = new ArrayList<>();
        final CounterSnapshot now = rates.now();
        lines.add("weir top  " + now.node() + "  " + StatCommand.state(now));
        lines.add(summary(rates));
        lines.add("");
        final TextTable workers =
                new TextTable("WORKER", ">PACKETS/S", ">PER BURST", ">CACHED", ">PIPELINE/S", ">DROPS/S", ">FLOWS");
        rates.workers()
                .forEach(worker -> workers.row(
                        worker.worker(),
                        abbreviated(worker.received()),
                        "%.1f".formatted(worker.perBurst()),
                        "%.0f%%".formatted(100 * worker.hitShare()),
                        abbreviated(worker.pipelineRuns()),
                        abbreviated(worker.drops()),
                        worker.flows()));
        lines.addAll(workers.lines());
        lines.add("");
        final TextTable drops = new TextTable("DROPS", ">PER S", ">TOTAL");
        rates.drops().stream()
                .limit(8)
                .forEach(drop -> drops.row(drop.reason().label(), abbreviated(drop.drops()), drop.total()));
        final TextTable ports =
                new TextTable("PORT", "ROLE", ">IN PACKETS/S", ">IN BIT/S", ">OUT PACKETS/S", ">OUT BIT/S");
        rates.ports()
                .forEach(port -> ports.row(
                        port.port().name(),
                        port.port().role(),
                        abbreviated(port.received()),
                        abbreviated(port.receivedBits()),
                        abbreviated(port.sent()),
                        abbreviated(port.sentBits())));
        final TextTable carried =
                new TextTable("BY THE KERNEL", "ROLE", ">IN PACKETS/S", ">IN BIT/S", ">OUT PACKETS/S", ">OUT BIT/S");
        rates.ports().stream()
                .filter(port -> port.carriedIn() + port.carriedOut() != 0)
                .limit(8)
                .forEach(port -> carried.row(
                        port.port().name(),
                        port.port().role(),
                        abbreviated(port.carriedIn()),
                        abbreviated(port.carriedInBits()),
                        abbreviated(port.carriedOut()),
                        abbreviated(port.carriedOutBits())));
        // ports may be hundreds: drops are above what is cut off
        if (!drops.isEmpty()) {
            lines.addAll(drops.lines());
            lines.add("");
        }
        if (!carried.isEmpty()) {
            lines.addAll(carried.lines());
            lines.add("");
        }
        lines.addAll(ports.lines());
        return lines.stream()
                .limit(Math.max(0, height))
                .map(line -> line.length() <= width ? line : line.substring(0, width))
                .toList();
    }

    private static String summary(Rates rates) {
        double received = 0;
        double receivedBits = 0;
        double sent = 0;
        double sentBits = 0;
        for (final Rates.PortRate port : rates.ports()) {
            received += port.received();
            receivedBits += port.receivedBits();
            sent += port.sent();
            sentBits += port.sentBits();
        }
        final double drops =
                rates.drops().stream().mapToDouble(Rates.DropRate::drops).sum();
        final long flows =
                rates.workers().stream().mapToLong(Rates.WorkerRate::flows).sum();
        return "in " + abbreviated(received) + " packets/s " + abbreviated(receivedBits) + "bit/s   out "
                + abbreviated(sent)
                + " packets/s " + abbreviated(sentBits) + "bit/s   dropped " + abbreviated(drops) + "/s   flows "
                + flows
                + "   connections " + rates.now().values().getOrDefault("conntrack/connections", 0L);
    }

    /** Three digits and a unit: {@code 1.25M}. */
    static String abbreviated(double value) {
        int unit = 0;
        double scaled = value;
        while (scaled >= 999.5 && unit < UNITS.length - 1) {
            scaled /= 1000;
            unit++;
        }
        final String format = unit == 0 ? "%.0f" : scaled < 9.995 ? "%.2f" : scaled < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, format, scaled) + UNITS[unit];
    }

    /** The same for programs. */
    static Map<String, Object> tree(Rates rates) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("timeNs", rates.now().takenNs());
        tree.put("node", rates.now().node());
        tree.put("running", rates.now().isRunning());
        tree.put(
                "workers",
                rates.workers().stream()
                        .map(worker -> {
                            final Map<String, Object> each = new LinkedHashMap<>();
                            each.put("worker", worker.worker());
                            each.put("packetsPerSecond", worker.received());
                            each.put("packetsPerBurst", worker.perBurst());
                            each.put("cachedShare", worker.hitShare());
                            each.put("pipelineRunsPerSecond", worker.pipelineRuns());
                            each.put("dropsPerSecond", worker.drops());
                            each.put("flows", worker.flows());
                            return each;
                        })
                        .toList());
        tree.put(
                "ports",
                rates.ports().stream()
                        .map(port -> {
                            final Map<String, Object> each = new LinkedHashMap<>();
                            each.put("name", port.port().name());
                            each.put("role", port.port().role());
                            each.put("inPacketsPerSecond", port.received());
                            each.put("inBitsPerSecond", port.receivedBits());
                            each.put("outPacketsPerSecond", port.sent());
                            each.put("outBitsPerSecond", port.sentBits());
                            each.put("offloadedInPacketsPerSecond", port.carriedIn());
                            each.put("offloadedInBitsPerSecond", port.carriedInBits());
                            each.put("offloadedOutPacketsPerSecond", port.carriedOut());
                            each.put("offloadedOutBitsPerSecond", port.carriedOutBits());
                            return each;
                        })
                        .toList());
        final Map<String, Object> drops = new LinkedHashMap<>();
        rates.drops().forEach(drop -> drops.put(drop.reason().label(), drop.drops()));
        tree.put("dropsPerSecond", drops);
        tree.put("connections", rates.now().values().getOrDefault("conntrack/connections", 0L));
        return tree;
    }
}
