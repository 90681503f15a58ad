package io.weir.bench.report;

import java.util.List;

/**
 * One colour of a chart.
 *
 * @param name   for the legend
 * @param style  class of the page's style sheet that says the colour
 * @param values one per category; NaN leaves a gap
 * @param lows   ends of the whiskers, one per category; empty for none
 * @param highs  the same
 */
record Series(String name, String style, List<Double> values, List<Double> lows, List<Double> highs) {
    /** Without whiskers. */
    static Series of(String name, String style, List<Double> values) {
        return new Series(name, style, values, List.of(), List.of());
    }
}
