package io.weir.tools.replay;

import io.weir.dataplane.pipeline.DropReason;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Sums over a replay: every input packet is in exactly one of the verdicts. */
final class ReplaySummary {
    private final Map<Outcome.Verdict, Long> verdicts = new EnumMap<>(Outcome.Verdict.class);
    private final SortedMap<String, Long> in = new TreeMap<>();
    private final SortedMap<String, Long> out = new TreeMap<>();
    private final SortedMap<String, Long> reasons = new TreeMap<>();
    private long packets;
    private long sent;
    private long cutOff;

    void add(Outcome outcome) {
        packets++;
        verdicts.merge(outcome.verdict(), 1L, Long::sum);
        in.merge(outcome.ingress(), 1L, Long::sum);
        final DropReason reason = outcome.reason();
        if (reason != null) {
            reasons.merge(reason.label(), 1L, Long::sum);
        }
    }

    void sent(String port) {
        sent++;
        out.merge(port, 1L, Long::sum);
    }

    void cutOff() {
        cutOff++;
    }

    /** For {@code --json} and the report. */
    Map<String, Object> tree() {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("packets", packets);
        for (final Outcome.Verdict verdict : Outcome.Verdict.values()) {
            if (verdict != Outcome.Verdict.HELD) {
                tree.put(label(verdict), verdicts.getOrDefault(verdict, 0L));
            }
        }
        tree.put("cutOffInCapture", cutOff);
        tree.put("sent", sent);
        tree.put("inByPort", in);
        tree.put("outByPort", out);
        tree.put("byReason", reasons);
        return tree;
    }

    void print(PrintWriter text) {
        text.printf("%,d packets in", packets);
        if (cutOff != 0) {
            text.printf(" (%,d of them cut off by the capture)", cutOff);
        }
        text.printf(", %,d out%n", sent);
        for (final Outcome.Verdict verdict : Outcome.Verdict.values()) {
            final long count = verdicts.getOrDefault(verdict, 0L);
            if (count != 0) {
                text.printf("  %-10s %,12d%n", label(verdict), count);
            }
        }
        table(text, "in by", in);
        table(text, "out by", out);
        table(text, "dropped or rejected because", reasons);
    }

    private static void table(PrintWriter text, String title, SortedMap<String, Long> counts) {
        if (!counts.isEmpty()) {
            text.println(title);
            counts.forEach((name, count) -> text.printf("  %-34s %,12d%n", name, count));
        }
    }

    static String label(Outcome.Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT);
    }
}
