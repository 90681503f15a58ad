package io.weir.bench.report;

import java.util.List;

/**
 * All that one run of {@code weir bench} found out.
 *
 * @param command what was typed
 * @param started when, as ISO 8601
 * @param seconds that it took
 * @param machine where
 * @param results in the order in which they were measured
 * @param skipped what could not be measured, and why
 */
public record Report(
        String command, String started, double seconds, Machine machine, List<Result> results, List<Skipped> skipped) {
    public Report {
        results = List.copyOf(results);
        skipped = List.copyOf(skipped);
    }
}
