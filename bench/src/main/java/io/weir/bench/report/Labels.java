package io.weir.bench.report;

import java.util.Arrays;
import java.util.List;

/** The categories along a chart's horizontal axis: in several lines where one has no room, upright where no word has. */
final class Labels {
    private static final double LETTER = 6.6;
    private static final int LINE_HEIGHT = 15;
    private static final int FIRST_LINE = 20;

    private final List<List<String>> labels;
    private final boolean isUpright;

    /**
     * @param room for each
     */
    Labels(List<String> categories, double room) {
        final int letters = (int) (room / LETTER) - 1;
        isUpright = categories.stream()
                .flatMap(label -> Arrays.stream(label.split(" ", -1)))
                .anyMatch(word -> word.length() > letters);
        labels = categories.stream()
                .map(label -> isUpright ? List.of(label) : lines(label, letters))
                .toList();
    }

    private static List<String> lines(String label, int letters) {
        final StringBuilder text = new StringBuilder();
        int length = 0;
        for (final String word : label.split(" ", -1)) {
            final boolean fits = length + 1 + word.length() <= letters;
            if (length > 0) {
                text.append(fits ? ' ' : '\n');
            }
            text.append(word);
            length = length > 0 && fits ? length + 1 + word.length() : word.length();
        }
        return List.of(text.toString().split("\n", -1));
    }

    /** What they take below the axis. */
    int height() {
        final int most = labels.stream().mapToInt(List::size).max().orElse(1);
        final int longest = labels.stream()
                .mapToInt(lines -> lines.getFirst().length())
                .max()
                .orElse(0);
        return FIRST_LINE + (isUpright ? (int) (LETTER * longest) : LINE_HEIGHT * most);
    }

    /**
     * Draws one.
     *
     * @param x its middle
     * @param y the axis
     */
    void append(StringBuilder svg, int category, double x, double y) {
        if (isUpright) {
            svg.append(
                    "<text class=\"axis\" transform=\"rotate(-90 %s %s)\" x=\"%s\" y=\"%s\" text-anchor=\"end\">%s</text>%n"
                            .formatted(
                                    Chart.number(x + 4),
                                    Chart.number(y + 8),
                                    Chart.number(x + 4),
                                    Chart.number(y + 8),
                                    Html.text(labels.get(category).getFirst())));
            return;
        }
        double line = y + FIRST_LINE;
        for (final String text : labels.get(category)) {
            Chart.text(svg, "axis", x, line, "middle", text);
            line += LINE_HEIGHT;
        }
    }
}
