package io.weir.bench.report;

import java.util.ArrayList;
import java.util.List;

/** The names and colours of a chart's series: on the title's line where there is room, below it in rows otherwise. */
final class Legend {
    private static final double LETTER = 6.6;
    private static final double TITLE_LETTER = 8.4;
    private static final double SQUARE = 11;
    private static final double GAP = 24;
    private static final int ROW_HEIGHT = 19;
    private static final int FIRST_LINE = 16;

    private final List<List<Series>> rows = new ArrayList<>();
    private final double right;
    private final boolean isBesideTitle;

    /**
     * @param right where rows end
     */
    Legend(String title, List<Series> series, double right) {
        this.right = right;
        final double whole = series.stream().mapToDouble(Legend::width).sum();
        isBesideTitle = TITLE_LETTER * title.length() + whole <= right;
        double left = 0;
        for (final Series one : series) {
            if (rows.isEmpty() || left < width(one)) {
                rows.add(new ArrayList<>());
                left = isBesideTitle ? Double.POSITIVE_INFINITY : right;
            }
            rows.getLast().add(one);
            left -= width(one);
        }
    }

    private static double width(Series one) {
        return SQUARE + 5 + LETTER * one.name().length() + GAP;
    }

    /** What the rows below the title take. */
    int height() {
        return isBesideTitle ? 0 : ROW_HEIGHT * rows.size();
    }

    void append(StringBuilder svg) {
        int y = isBesideTitle ? FIRST_LINE : FIRST_LINE + ROW_HEIGHT;
        for (final List<Series> row : rows) {
            double x = isBesideTitle
                    ? right - row.stream().mapToDouble(Legend::width).sum() + GAP
                    : 0;
            for (final Series one : row) {
                svg.append("<rect class=\"%s\" x=\"%s\" y=\"%d\" width=\"11\" height=\"11\"/>%n"
                        .formatted(one.style(), Chart.number(x), y - 10));
                Chart.text(svg, "axis", x + SQUARE + 5, y, "start", one.name());
                x += width(one);
            }
            y += ROW_HEIGHT;
        }
    }
}
