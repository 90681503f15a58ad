package io.weir.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The vertical axis of a chart: from a figure to a height, and the round figures that lines are drawn at.
 *
 * @param lowest  figure at the bottom
 * @param highest figure at the top
 * @param isLog   logarithmic
 */
record Scale(double lowest, double highest, boolean isLog) {
    private static final int LINES = 5;

    /** From zero to the next round figure. */
    static Scale linear(double biggest) {
        if (biggest <= 0) {
            return new Scale(0, 1, false);
        }
        final double step = roundStep(biggest / LINES);
        return new Scale(0, Math.ceil(biggest / step - 1e-9) * step, false);
    }

    /** Whole powers of ten around the figures. */
    static Scale logarithmic(double smallest, double biggest) {
        final double low = Math.floor(Math.log10(Math.max(smallest, 1e-6)));
        final double high = Math.ceil(Math.log10(Math.max(biggest, 1e-6)) - 1e-9);
        return new Scale(Math.pow(10, low), Math.pow(10, Math.max(high, low + 1)), true);
    }

    /** 0 at the bottom, 1 at the top. */
    double height(double value) {
        if (isLog) {
            final double low = Math.log10(lowest);
            return (Math.log10(Math.max(value, lowest)) - low) / (Math.log10(highest) - low);
        }
        return (value - lowest) / (highest - lowest);
    }

    List<Double> lines() {
        final List<Double> lines = new ArrayList<>();
        if (isLog) {
            for (double value = lowest; value <= highest * 1.001; value *= 10) {
                lines.add(value);
            }
            return lines;
        }
        final double step = roundStep(highest / LINES);
        for (int i = 0; i * step <= highest * 1.001; i++) {
            lines.add(i * step);
        }
        return lines;
    }

    /** 1, 2, 2.5 or 5 times a power of ten, not less than this. */
    private static double roundStep(double least) {
        final double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (final double factor : new double[] {1, 2, 2.5, 5}) {
            if (factor * power >= least * (1 - 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    /** A round figure on the axis, without zeros at its end. */
    static String round(double value) {
        final String text = figure(value);
        return text.contains(".") ? text.replaceFirst("\\.?0+(?=[kM]?$)", "") : text;
    }

    /** Three digits that count. */
    static String figure(double value) {
        if (value == 0) {
            return "0";
        }
        if (value >= 1_000_000) {
            return digits(value / 1e6) + "M";
        }
        return value >= 1000 ? digits(value / 1e3) + "k" : digits(value);
    }

    private static String digits(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    }
}
