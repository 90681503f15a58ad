package io.weir.tools.bench;

import io.weir.bench.experiment.Recorder;
import io.weir.bench.report.Result;
import io.weir.bench.report.Skipped;
import io.weir.bench.report.Subject;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Prints results as they come, and at the end how weir compares with its peers. */
final class ResultTable implements Recorder.Watcher {
    /** What each line of progress begins with. */
    static final String PROGRESS = "weir bench: ";

    private final PrintWriter out;
    private final PrintWriter err;
    private @Nullable Supplier<String> clock;

    /**
     * @param out for results
     * @param err for progress
     */
    ResultTable(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public void progress(String message) {
        err.println(PROGRESS + (clock == null ? "" : "[" + clock.get() + "] ") + message);
        err.flush();
    }

    /** From now on each line of progress says how long it still takes. */
    void clock(Supplier<String> timeLeft) {
        clock = timeLeft;
    }

    void head() {
        out.printf(
                "%-12s %-9s %-46s %-14s %12s %-7s %21s %6s %10s%n",
                "scenario", "subject", "variant", "metric", "median", "unit", "lowest-highest", "±%", "heap bytes");
        out.flush();
    }

    @Override
    public void result(Result result) {
        out.printf(
                "%-12s %-9s %-46s %-14s %12s %-7s %21s %6.1f %10s%s%n",
                result.scenario(),
                result.subject().label(),
                result.variant().text(),
                result.metric().name(),
                figure(result.median()),
                result.metric().unit(),
                figure(result.lowest()) + "-" + figure(result.highest()),
                result.spread() * 100,
                result.bytesAllocated() < 0 ? "" : "%,d".formatted(result.bytesAllocated()),
                result.note().isEmpty() ? "" : "  (" + result.note() + ")");
        out.flush();
    }

    @Override
    public void skipped(Skipped skip) {
        out.printf(
                "%-12s %-9s not measured: %s%n", skip.scenario(), skip.subject().label(), skip.reason());
        out.flush();
    }

    /** Ratios of weir to each peer that did the same. */
    void foot(List<Result> results) {
        boolean first = true;
        for (final Result ours : results) {
            for (final Result theirs : results) {
                if (ours.subject() != Subject.WEIR || theirs.subject() == Subject.WEIR || !ours.hasRatioTo(theirs)) {
                    continue;
                }
                if (first) {
                    out.printf("%nweir against its peers in the same run:%n");
                    first = false;
                }
                out.printf(
                        "%-12s %-46s %-14s %6.2f times %s%n",
                        ours.scenario(),
                        ours.variant().text(),
                        ours.metric().name(),
                        ours.median() / theirs.median(),
                        theirs.subject().label());
            }
        }
        out.flush();
    }

    /** Four digits that count. */
    private static String figure(double value) {
        if (value >= 1000) {
            return "%,.0f".formatted(value);
        }
        return value >= 100 ? "%.1f".formatted(value) : "%.2f".formatted(value);
    }
}
