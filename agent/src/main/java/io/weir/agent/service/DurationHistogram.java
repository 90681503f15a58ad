package io.weir.agent.service;

import java.util.Arrays;
import java.util.Locale;

/** Durations by size, as Prometheus counts them. Any thread may add or read. */
final class DurationHistogram {
    private final String name;
    private final String sentence;
    private final double[] boundsSeconds;
    private final long[] counts;
    private double sumSeconds;

    /** @param boundsSeconds upper ends of the buckets, ascending; one without an end follows */
    DurationHistogram(String name, String sentence, double... boundsSeconds) {
        this.name = name;
        this.sentence = sentence;
        this.boundsSeconds = boundsSeconds.clone();
        counts = new long[boundsSeconds.length + 1];
    }

    synchronized void add(double seconds) {
        final int place = Arrays.binarySearch(boundsSeconds, seconds);
        counts[place >= 0 ? place : -place - 1]++;
        sumSeconds += seconds;
    }

    synchronized void appendTo(StringBuilder page) {
        page.append("# HELP ").append(name).append(' ').append(sentence).append('\n');
        page.append("# TYPE ").append(name).append(" histogram\n");
        long sum = 0;
        for (int i = 0; i < counts.length; i++) {
            sum += counts[i];
            final String bound = i == boundsSeconds.length ? "+Inf" : Double.toString(boundsSeconds[i]);
            page.append(name)
                    .append("_bucket{le=\"")
                    .append(bound)
                    .append("\"} ")
                    .append(sum)
                    .append('\n');
        }
        page.append(name)
                .append("_sum ")
                .append(String.format(Locale.ROOT, "%.6f", sumSeconds))
                .append('\n');
        page.append(name).append("_count ").append(sum).append('\n');
    }
}
