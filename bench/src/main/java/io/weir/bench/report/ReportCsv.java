package io.weir.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Results as comma-separated values (RFC 4180): a line of names, then a line for each result. */
public final class ReportCsv {
    private static final List<String> COLUMNS = List.of(
            "scenario",
            "subject",
            "flows",
            "packets",
            "ipv6",
            "protocol",
            "workers",
            "detail",
            "metric",
            "unit",
            "median",
            "lowest",
            "highest",
            "samples",
            "cpu_seconds",
            "bytes_allocated",
            "collections",
            "command",
            "note");

    private ReportCsv() {}

    public static String write(Report report) {
        return Stream.concat(
                        Stream.of(String.join(",", COLUMNS)),
                        report.results().stream().map(ReportCsv::line))
                .collect(Collectors.joining("\r\n", "", "\r\n"));
    }

    private static String line(Result result) {
        final Variant variant = result.variant();
        return Stream.of(
                        result.scenario(),
                        result.subject().label(),
                        variant.flows(),
                        variant.packets(),
                        variant.ipv6(),
                        variant.protocol(),
                        variant.workers(),
                        variant.detail(),
                        result.metric().name(),
                        result.metric().unit(),
                        number(result.median()),
                        number(result.lowest()),
                        number(result.highest()),
                        result.samples(),
                        Double.isNaN(result.cpuSeconds()) ? "" : number(result.cpuSeconds()),
                        result.bytesAllocated() < 0 ? "" : result.bytesAllocated(),
                        result.collections() < 0 ? "" : result.collections(),
                        result.command(),
                        result.note())
                .map(value -> quoted(value.toString()))
                .collect(Collectors.joining(","));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.6g", value);
    }

    private static String quoted(String value) {
        final boolean plain = value.chars().noneMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n');
        return plain ? value : '"' + value.replace("\"", "\"\"") + '"';
    }
}
