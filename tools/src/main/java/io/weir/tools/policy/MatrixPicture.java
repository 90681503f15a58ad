package io.weir.tools.policy;

import io.weir.policy.PolicyTable;
import io.weir.policy.analysis.Party;
import io.weir.policy.analysis.Reach;
import java.util.List;
import java.util.Locale;

/** Draws a matrix as SVG: a square for each pair, which says why when the pointer rests on it. */
final class MatrixPicture {
    private static final int CELL = 16;
    private static final int CHARACTER = 7;
    private static final int MARGIN = 10;
    private static final int TITLE = 24;
    private static final int TITLE_CHARACTER = 9;
    private static final int LEGEND_WIDTH = 460;

    private MatrixPicture() {}

    static String svg(PolicyTable table, List<Party> parties, PortChoice port) {
        final int names = CHARACTER
                        * parties.stream()
                                .mapToInt(p -> p.name().length())
                                .max()
                                .orElse(0)
                + MARGIN;
        final int left = MARGIN + names;
        final int top = MARGIN + TITLE + names;
        final StringBuilder svg = new StringBuilder();
        final String title = "Who reaches whom at " + port + ": rows send, columns receive";
        final int width = Math.max(
                left + CELL * parties.size() + MARGIN,
                Math.max(2 * MARGIN + TITLE_CHARACTER * title.length(), LEGEND_WIDTH));
        final int height = top + CELL * parties.size() + 3 * MARGIN + TITLE;
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"%n"
                .formatted(width, height, width, height));
        svg.append("     font-family=\"monospace\" font-size=\"11\">\n");
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        svg.append(
                "<text x=\"%d\" y=\"%d\" font-size=\"14\">%s</text>%n".formatted(MARGIN, MARGIN + 14, escape(title)));
        for (int i = 0; i < parties.size(); i++) {
            final String name = escape(parties.get(i).name());
            final int middle = CELL * i + CELL / 2 + 4;
            svg.append(
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n".formatted(left - 5, top + middle, name));
            svg.append("<text transform=\"translate(%d %d) rotate(-90)\">%s</text>%n"
                    .formatted(left + middle, top - 5, name));
        }
        for (int row = 0; row < parties.size(); row++) {
            for (int column = 0; column < parties.size(); column++) {
                appendCell(
                        svg,
                        table,
                        parties.get(row),
                        parties.get(column),
                        port,
                        left + CELL * column,
                        top + CELL * row);
            }
        }
        int x = MARGIN;
        final int y = top + CELL * parties.size() + 2 * MARGIN;
        for (final Reach reach : Reach.values()) {
            if (reach != Reach.NONE) {
                svg.append(square(x, y, reach)).append("/>\n").append(cross(x, y, reach));
                svg.append("<text x=\"%d\" y=\"%d\">%s</text>%n".formatted(x + CELL + 4, y + 11, label(reach)));
                x += 110;
            }
        }
        return svg.append("</svg>\n").toString();
    }

    private static void appendCell(
            StringBuilder svg, PolicyTable table, Party from, Party to, PortChoice port, int x, int y) {
        final Reach reach = Reach.between(table, from, to, port.protocol(), port.port());
        svg.append(square(x, y, reach));
        if (reach == Reach.NONE) {
            svg.append("/>\n");
            return;
        }
        svg.append("><title>")
                .append(escape(from.name() + " -> " + to.name() + ": " + label(reach) + "\n"
                        + Reach.why(table, from, to, port.protocol(), port.port())))
                .append("</title></rect>\n")
                .append(cross(x, y, reach));
    }

    /** Over what is denied, for those who do not see the colours. */
    private static String cross(int x, int y, Reach reach) {
        return reach == Reach.DENIED
                ? "<path d=\"M%d %dl7 7m0 -7l-7 7\" stroke=\"#ffffff\" pointer-events=\"none\"/>%n"
                        .formatted(x + 4, y + 4)
                : "";
    }

    private static String square(int x, int y, Reach reach) {
        final String colour = switch (reach) {
            case ALLOWED -> "#7fbf7b";
            case DENIED -> "#c0392b";
            case IPV4_ONLY -> "#f1c40f";
            case IPV6_ONLY -> "#3498db";
            case NONE -> "#eeeeee";
        };
        return "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\""
                .formatted(x, y, CELL - 1, CELL - 1, colour);
    }

    private static String label(Reach reach) {
        return switch (reach) {
            case IPV4_ONLY -> "IPv4 only";
            case IPV6_ONLY -> "IPv6 only";
            case ALLOWED, DENIED, NONE -> reach.name().toLowerCase(Locale.ROOT);
        };
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
