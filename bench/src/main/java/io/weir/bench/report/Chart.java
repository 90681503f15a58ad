package io.weir.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A picture of figures as SVG: bars beside each other, or lines from category to category. Colours come from the page's style
 * sheet, so that it is readable on light and on dark ground; nothing is fetched from anywhere.
 *
 * @param title      above it
 * @param unit       of the vertical axis
 * @param categories along the horizontal axis
 * @param series     colours
 * @param hasLines   lines instead of bars
 * @param scale      vertical axis
 * @param mark       figure at which a line is drawn across; NaN for none
 */
record Chart(
        String title,
        String unit,
        List<String> categories,
        List<Series> series,
        boolean hasLines,
        Scale scale,
        double mark) {
    private static final int WIDTH = 960;
    private static final int LEFT = 62;
    private static final int TOP = 46;
    private static final int PLOT_WIDTH = WIDTH - LEFT - 12;
    private static final int PLOT_HEIGHT = 244;

    /** Wider bars look like walls. */
    private static final double WIDEST_BAR = 46;

    static Chart bars(String title, String unit, List<String> categories, List<Series> series) {
        return new Chart(
                title,
                unit,
                categories,
                series,
                false,
                Scale.linear(figures(series).max().orElse(1) * 1.06),
                Double.NaN);
    }

    static Chart lines(String title, String unit, List<String> categories, List<Series> series, boolean log) {
        final double biggest = figures(series).max().orElse(1);
        final double smallest = figures(series).filter(value -> value > 0).min().orElse(1);
        final Scale scale = log ? Scale.logarithmic(smallest, biggest) : Scale.linear(biggest * 1.03);
        return new Chart(title, unit, categories, series, true, scale, Double.NaN);
    }

    /** The same with a line across. */
    Chart withMark(double figure) {
        return new Chart(title, unit, categories, series, hasLines, scale, figure);
    }

    private static DoubleStream figures(List<Series> series) {
        return series.stream()
                .flatMap(one -> java.util.stream.Stream.concat(one.values().stream(), one.highs().stream()))
                .mapToDouble(Double::doubleValue)
                .filter(value -> !Double.isNaN(value));
    }

    String svg() {
        final StringBuilder svg = new StringBuilder(8192);
        final Legend legend = new Legend(title, series, LEFT + PLOT_WIDTH);
        final Labels labels = new Labels(categories, (double) PLOT_WIDTH / categories.size());
        // what is above the plot has negative heights, so that the plot's own don't depend on it
        final int above = legend.height();
        svg.append("<svg class=\"chart\" viewBox=\"0 %d %d %d\" role=\"img\" aria-label=\"%s\">%n"
                .formatted(-above, WIDTH, above + TOP + PLOT_HEIGHT + labels.height(), Html.text(title)));
        svg.append("<g transform=\"translate(0 %d)\">%n".formatted(-above));
        text(svg, "title", 0, 16, "start", title);
        legend.append(svg);
        svg.append("</g>\n");
        text(svg, "axis", LEFT - 8, TOP - 10, "end", unit);
        for (final double line : scale.lines()) {
            final double y = y(line);
            svg.append("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>%n"
                    .formatted(LEFT, LEFT + PLOT_WIDTH, number(y), number(y)));
            text(svg, "axis", LEFT - 8, y + 4, "end", Scale.round(line));
        }
        for (int i = 0; i < categories.size(); i++) {
            labels.append(svg, i, center(i), TOP + PLOT_HEIGHT);
        }
        for (int i = 0; i < series.size(); i++) {
            if (hasLines) {
                appendLine(svg, series.get(i));
            } else {
                appendBars(svg, i);
            }
        }
        if (!Double.isNaN(mark)) {
            svg.append("<line class=\"mark\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>%n"
                    .formatted(LEFT, LEFT + PLOT_WIDTH, number(y(mark)), number(y(mark))));
        }
        return svg.append("</svg>\n").toString();
    }

    private double center(int category) {
        return LEFT + (category + 0.5) * PLOT_WIDTH / categories.size();
    }

    private double y(double value) {
        return TOP + PLOT_HEIGHT * (1 - scale.height(value));
    }

    private void appendBars(StringBuilder svg, int index) {
        final Series one = series.get(index);
        final double room = 0.78 * PLOT_WIDTH / categories.size() / series.size();
        final double width = Math.min(room, WIDEST_BAR);
        for (int i = 0; i < categories.size(); i++) {
            final double value = one.values().get(i);
            if (Double.isNaN(value)) {
                continue;
            }
            final double left = center(i) + (index - series.size() / 2.0) * width;
            svg.append("<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"><title>%s</title></rect>%n"
                    .formatted(
                            one.style(),
                            number(left + 1),
                            number(y(value)),
                            number(width - 2),
                            number(Math.max(0.5, y(scale.lowest()) - y(value))),
                            Html.text(
                                    categories.get(i) + ", " + one.name() + ": " + Scale.figure(value) + " " + unit)));
            final double middle = left + width / 2;
            double top = y(value);
            if (!one.highs().isEmpty() && one.highs().get(i) > one.lows().get(i)) {
                svg.append("<line class=\"whisker\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>%n"
                        .formatted(
                                number(middle),
                                number(middle),
                                number(y(one.lows().get(i))),
                                number(y(one.highs().get(i)))));
                top = y(one.highs().get(i));
            }
            if (width >= 19) {
                text(svg, "value", middle, top - 4, "middle", Scale.figure(value));
            }
        }
    }

    private void appendLine(StringBuilder svg, Series one) {
        final StringBuilder points = new StringBuilder();
        final StringBuilder dots = new StringBuilder();
        for (int i = 0; i < categories.size(); i++) {
            final double value = one.values().get(i);
            if (!Double.isNaN(value)) {
                points.append(number(center(i)))
                        .append(',')
                        .append(number(y(value)))
                        .append(' ');
                dots.append("<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"4\"><title>%s</title></circle>%n"
                        .formatted(
                                one.style(),
                                number(center(i)),
                                number(y(value)),
                                Html.text(categories.get(i) + ", " + one.name() + ": " + Scale.figure(value) + " "
                                        + unit)));
            }
        }
        svg.append("<polyline class=\"%s line\" points=\"%s\"/>%n"
                        .formatted(one.style(), points.toString().strip()))
                .append(dots);
    }

    static void text(StringBuilder svg, String style, double x, double y, String anchor, String text) {
        svg.append("<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>%n"
                .formatted(style, number(x), number(y), anchor, Html.text(text)));
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
