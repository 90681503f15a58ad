package io.weir.bench.report;

import java.util.Arrays;

/**
 * One figure: the median of some runs of the same thing, and how far they spread.
 *
 * @param scenario       lower-kebab, as {@code weir bench list} shows it
 * @param variant        which of the scenario's measurements
 * @param subject        who did the work
 * @param metric         what was measured
 * @param median         of the runs
 * @param lowest         of the runs
 * @param highest        of the runs
 * @param samples        runs
 * @param cpuSeconds     that all parts of the subject used in all runs; NaN when not known
 * @param bytesAllocated on the Java heap in all runs by the threads that forward; -1 when the subject has no such heap
 * @param collections    garbage collections during all runs; -1 when the subject has no such heap
 * @param command        that repeats the measurement, or starts the peer
 * @param note           anything a reader must know; empty when there is nothing
 */
public record Result(
        String scenario,
        Variant variant,
        Subject subject,
        Metric metric,
        double median,
        double lowest,
        double highest,
        int samples,
        double cpuSeconds,
        long bytesAllocated,
        long collections,
        String command,
        String note) {
    /**
     * Of runs that are equally good.
     *
     * @param values one per run, at least one, in any order
     */
    public static Result of(String scenario, Variant variant, Subject subject, Metric metric, double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int count = sorted.length;
        final double median = count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
        return new Result(
                scenario,
                variant,
                subject,
                metric,
                median,
                sorted[0],
                sorted[count - 1],
                count,
                Double.NaN,
                -1,
                -1,
                "",
                "");
    }

    public Result withCpuSeconds(double seconds) {
        return with(seconds, bytesAllocated, collections, command, note);
    }

    public Result withHeap(long bytes, long heapCollections) {
        return with(cpuSeconds, bytes, heapCollections, command, note);
    }

    public Result withCommand(String line) {
        return with(cpuSeconds, bytesAllocated, collections, line, note);
    }

    public Result withNote(String sentence) {
        return with(cpuSeconds, bytesAllocated, collections, command, sentence);
    }

    /** The same figure; what is known about it besides may be other. */
    private Result with(double seconds, long bytes, long heapCollections, String line, String sentence) {
        return new Result(
                scenario,
                variant,
                subject,
                metric,
                median,
                lowest,
                highest,
                samples,
                seconds,
                bytes,
                heapCollections,
                line,
                sentence);
    }

    /** Half of the range between the lowest and the highest run, as a share of the median: 0.02 is "plus or minus 2 %". */
    public double spread() {
        return median == 0 ? 0 : (highest - lowest) / 2 / median;
    }

    /** Whether both are measurements of the same thing. */
    public boolean sameAs(Result other) {
        return scenario.equals(other.scenario) && variant.equals(other.variant) && metric.equals(other.metric);
    }

    /** Whether this one is so many times the other: of none, lost packets for example, nothing is a multiple. */
    public boolean hasRatioTo(Result other) {
        return sameAs(other) && other.median != 0;
    }
}
