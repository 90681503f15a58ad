package io.weir.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** A report as one page that needs nothing else: pictures, ratios, all figures, and where they come from. */
public final class ReportHtml {
    /** Load of each core before the run from which on others disturb. */
    private static final double BUSY = 0.5;

    private ReportHtml() {}

    public static String write(Report report) {
        final StringBuilder page = new StringBuilder(1 << 16);
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<title>weir bench</title>\n<style>\n")
                .append(style())
                .append("</style>\n</head>\n<body>\n<main>\n<h1>weir bench</h1>\n");
        page.append("<p class=\"lead\"><code>%s</code><br>%s, %s</p>%n"
                .formatted(Html.text(report.command()), Html.text(report.started()), duration(report.seconds())));
        machine(page, report.machine());
        charts(page, "Packets per second", RATES, Charts.rates(report.results()));
        charts(
                page,
                "Scaling",
                SCALING,
                Stream.concat(Charts.overFlows(report.results()).stream(), Charts.scales(report.results()).stream())
                        .toList());
        charts(page, "Delay", DELAY, Charts.latencies(report.results()));
        charts(page, "More", OTHERS, Charts.others(report.results()));
        charts(page, "Against peers", PEERS, Charts.ratios(report.results()));
        ratios(page, report.results());
        skipped(page, report.skipped());
        figures(page, report.results());
        return page.append("</main>\n</body>\n</html>\n").toString();
    }

    private static final String RATES =
            "Frames from memory to nowhere through one core, the cost of copying them in included."
                    + " Bars are medians, lines across their tops the lowest and highest run.";
    private static final String PEERS =
            "weir's median by the peer's, or the other way round where less is better; above the line weir is"
                    + " better.";
    private static final String SCALING =
            "Over flows: one packet of each in turn, in random order, the worst case for every cache. Then big clusters: what"
                    + " they cost to load, to hold and to change.";
    private static final String DELAY =
            "The delay that this share of all packets did not exceed, median of the runs; the axis grows by factors of ten.";
    private static final String OTHERS = "Bars are medians, lines across their tops the lowest and highest run.";

    private static void charts(StringBuilder page, String heading, String sentence, List<Chart> charts) {
        if (charts.isEmpty()) {
            return;
        }
        page.append("<h2>%s</h2>%n<p>%s</p>%n".formatted(heading, sentence));
        for (final Chart chart : charts) {
            page.append("<figure>\n").append(chart.svg()).append("</figure>\n");
        }
    }

    private static void machine(StringBuilder page, Machine machine) {
        page.append("<table class=\"machine\">\n");
        row(
                page,
                "CPU",
                machine.cpu() + ", " + String.format(Locale.ROOT, "%.0f MHz", machine.megahertz()) + ", "
                        + machine.cores() + " cores");
        row(page, "Caches", machine.caches());
        row(
                page,
                "Memory",
                String.format(Locale.ROOT, "%.0f GiB", machine.memoryBytes() / 1073741824.0) + "; huge pages "
                        + machine.hugePages());
        row(page, "Kernel", machine.kernel());
        row(page, "Java", machine.java() + "; " + String.join(" ", machine.flags()));
        row(page, "Load before", String.format(Locale.ROOT, "%.2f", machine.load()));
        page.append("</table>\n");
        if (machine.load() > machine.cores() * BUSY) {
            page.append(
                    "<p class=\"worse\">Other programs were running: rates are lower bounds, delays upper ones, and only what was"
                            + " measured in turns may be compared, with care.</p>\n");
        }
    }

    private static void row(StringBuilder page, String name, String value) {
        page.append("<tr><th>%s</th><td>%s</td></tr>%n".formatted(name, Html.text(value)));
    }

    private static void ratios(StringBuilder page, List<Result> results) {
        final StringBuilder rows = new StringBuilder();
        for (final Result ours : results) {
            if (ours.subject() != Subject.WEIR) {
                continue;
            }
            for (final Result theirs : results) {
                if (theirs.subject() != Subject.WEIR && ours.hasRatioTo(theirs)) {
                    final double factor = ours.median() / theirs.median();
                    final String judgement =
                            theirs.subject() == Subject.TESTPMD && ours.metric().equals(Metric.RATE)
                                    ? "" // it does no work: a ceiling, not a competitor
                                    : factor >= 1 == ours.metric().moreIsBetter() ? "better" : "worse";
                    rows.append(("<tr><td>%s</td><td>%s</td><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
                                    + "<td>%s</td><td class=\"n %s\">%.2f ×</td></tr>%n")
                            .formatted(
                                    Html.text(ours.scenario()),
                                    Html.text(ours.variant().text()),
                                    Html.text(ours.metric().name()),
                                    Scale.figure(ours.median()),
                                    Scale.figure(theirs.median()),
                                    Html.text(theirs.subject().label()),
                                    judgement,
                                    factor));
                }
            }
        }
        if (!rows.isEmpty()) {
            page.append(
                            "<p>In turns, on the same core, with the same packets. testpmd only moves packets: it is the ceiling.</p>\n")
                    .append("<div class=\"wide\"><table>\n<tr><th>scenario</th><th>packets</th><th>metric</th>")
                    .append(
                            "<th class=\"n\">weir</th><th class=\"n\">peer</th><th>peer</th><th class=\"n\">ratio</th></tr>\n")
                    .append(rows)
                    .append("</table></div>\n");
        }
    }

    private static void skipped(StringBuilder page, List<Skipped> skipped) {
        if (skipped.isEmpty()) {
            return;
        }
        page.append("<h2>Not measured</h2>\n<ul>\n");
        // one reason often holds for many scenarios
        final Map<String, List<String>> scenarios = new LinkedHashMap<>();
        for (final Skipped skip : skipped) {
            scenarios
                    .computeIfAbsent(skip.subject().label() + ": " + skip.reason(), _ -> new ArrayList<>())
                    .add(skip.scenario());
        }
        scenarios.forEach((reason, names) -> page.append(
                "<li>%s <small>(%s)</small></li>%n".formatted(Html.text(reason), Html.text(String.join(", ", names)))));
        page.append("</ul>\n");
    }

    private static void figures(StringBuilder page, List<Result> results) {
        page.append(
                        "<h2>All figures</h2>\n<div class=\"wide\"><table>\n<tr><th>scenario</th><th>subject</th><th>packets</th>")
                .append("<th>metric</th><th class=\"n\">median</th><th>unit</th><th class=\"n\">lowest</th>")
                .append("<th class=\"n\">highest</th><th class=\"n\">±</th><th class=\"n\">runs</th>")
                .append(
                        "<th class=\"n\">CPU s</th><th class=\"n\">heap bytes</th><th class=\"n\">GCs</th><th>note</th></tr>\n");
        for (final Result result : results) {
            page.append(("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td class=\"n\">%s</td><td>%s</td>"
                            + "<td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n\">%.1f %%</td>"
                            + "<td class=\"n\">%d</td><td class=\"n\">%s</td><td class=\"n\">%s</td>"
                            + "<td class=\"n\">%s</td><td>%s</td></tr>%n")
                    .formatted(
                            Html.text(result.scenario()),
                            result.subject().label(),
                            Html.text(result.variant().text()),
                            Html.text(result.metric().name()),
                            Scale.figure(result.median()),
                            Html.text(result.metric().unit()),
                            Scale.figure(result.lowest()),
                            Scale.figure(result.highest()),
                            result.spread() * 100,
                            result.samples(),
                            Double.isNaN(result.cpuSeconds()) ? "" : Scale.figure(result.cpuSeconds()),
                            known(result.bytesAllocated()),
                            known(result.collections()),
                            Html.text(result.note())));
        }
        page.append("</table></div>\n");
    }

    private static String known(long value) {
        return Optional.of(value)
                .filter(number -> number >= 0)
                .map("%,d"::formatted)
                .orElse("");
    }

    private static String duration(double seconds) {
        return seconds < 120 ? "%.0f seconds".formatted(seconds) : "%.0f minutes".formatted(seconds / 60);
    }

    private static String style() {
        try (InputStream in = ReportHtml.class.getResourceAsStream("report.css")) {
            return new String(Objects.requireNonNull(in, "report.css").readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException("report.css", e);
        }
    }
}
