package io.weir.tools.policy;

import io.weir.policy.PolicyTable;
import io.weir.policy.analysis.Party;
import io.weir.policy.analysis.Reach;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Draws a matrix as SVG: a square for each pair, which says why when the pointer rests on it. Pods of a namespace stand together.
 */
final class MatrixPicture {
    private static final int CELL = 20;
    private static final int GAP = 10;
    private static final int MARGIN = 20;
    private static final int CHARACTER = 7;
    private static final int TITLE_CHARACTER = 9;
    private static final int HEAD = 64;
    private static final int LEGEND = 52;
    private static final int LEGEND_ENTRY = 140;

    private static final String INK = "#1f2933";
    private static final String FAINT = "#7b8794";
    private static final String LINE = "#e4e7eb";

    private final PolicyTable table;
    private final List<Party> parties;
    private final PortChoice port;
    private final int[] offsets;
    private final int left;
    private final int top;
    private final Map<Reach, Integer> counts = new EnumMap<>(Reach.class);
    private final StringBuilder svg = new StringBuilder();

    private MatrixPicture(PolicyTable table, List<Party> parties, PortChoice port) {
        this.table = table;
        this.parties = parties;
        this.port = port;
        offsets = new int[parties.size() + 1];
        for (int i = 0; i < parties.size(); i++) {
            offsets[i] = (i == 0 ? 0 : offsets[i - 1] + CELL) + (i > 0 && beginsGroup(i) ? GAP : 0);
        }
        offsets[parties.size()] = parties.isEmpty() ? 0 : offsets[parties.size() - 1] + CELL;
        final int names = CHARACTER * (longest(Party::namespace) + longest(Party::shortName)) + 3 * GAP;
        left = MARGIN + names;
        top = MARGIN + HEAD + names;
    }

    static String svg(PolicyTable table, List<Party> parties, PortChoice port) {
        return new MatrixPicture(table, parties, port).draw();
    }

    private int longest(Function<Party, String> name) {
        return parties.stream()
                .mapToInt(party -> name.apply(party).length())
                .max()
                .orElse(0);
    }

    private boolean beginsGroup(int index) {
        return index == 0
                || !parties.get(index).namespace().equals(parties.get(index - 1).namespace());
    }

    private String draw() {
        final int side = offsets[parties.size()];
        final String title = "Who reaches whom at " + port;
        final int width = Math.max(
                left + side + MARGIN,
                Math.max(2 * MARGIN + TITLE_CHARACTER * title.length(), MARGIN + 4 * LEGEND_ENTRY));
        final int height = top + side + LEGEND + MARGIN;
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\"%n"
                .formatted(width, height, width, height));
        svg.append("     font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\" fill=\"%s\">%n"
                .formatted(INK));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        svg.append("<text x=\"%d\" y=\"%d\" font-size=\"17\" font-weight=\"bold\">%s</text>%n"
                .formatted(MARGIN, MARGIN + 16, escape(title)));
        svg.append("<text x=\"%d\" y=\"%d\" fill=\"%s\">Rows send, columns receive; by policy alone.</text>%n"
                .formatted(MARGIN, MARGIN + 38, FAINT));
        for (int i = 0; i < parties.size(); i++) {
            names(i, left + side);
        }
        for (int row = 0; row < parties.size(); row++) {
            for (int column = 0; column < parties.size(); column++) {
                cell(parties.get(row), parties.get(column), left + offsets[column], top + offsets[row]);
            }
        }
        legend(top + side + 24);
        return svg.append("</svg>\n").toString();
    }

    /** A party's name beside its row and above its column; a namespace's once, with a line before it. */
    private void names(int index, int end) {
        final Party party = parties.get(index);
        final int offset = offsets[index];
        final String name = escape(party.shortName());
        final int middle = offset + CELL / 2 + 4;
        if (beginsGroup(index)) {
            final int x = left + offset - GAP / 2;
            final int y = top + offset - GAP / 2;
            svg.append("<path d=\"M%d %dH%dM%d %dV%d\" stroke=\"%s\"/>%n"
                    .formatted(MARGIN, y, end, x, MARGIN + HEAD, top + offsets[parties.size()], LINE));
            final String group = escape(party.namespace().isEmpty() ? "outside" : party.namespace());
            svg.append(
                    "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>%n".formatted(MARGIN, top + middle, group));
            svg.append(
                    "<text transform=\"translate(%d %d) rotate(-90)\" text-anchor=\"end\" font-weight=\"bold\">%s</text>%n"
                            .formatted(left + middle, MARGIN + HEAD, group));
        }
        svg.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n".formatted(left - 8, top + middle, name));
        svg.append(
                "<text transform=\"translate(%d %d) rotate(-90)\">%s</text>%n".formatted(left + middle, top - 8, name));
    }

    private void cell(Party from, Party to, int x, int y) {
        final Reach reach = Reach.between(table, from, to, port.protocol(), port.port());
        counts.merge(reach, 1, Integer::sum);
        svg.append(square(x, y, reach));
        if (reach == Reach.NONE) {
            svg.append("/>\n");
            return;
        }
        svg.append("><title>")
                .append(escape(from.name() + " -> " + to.name() + ": " + label(reach) + "\n"
                        + Reach.why(table, from, to, port.protocol(), port.port())))
                .append("</title></rect>\n")
                .append(mark(x, y, reach));
    }

    private void legend(int y) {
        int x = MARGIN;
        for (final Reach reach : Reach.values()) {
            if (reach != Reach.NONE) {
                svg.append(square(x, y, reach)).append("/>\n").append(mark(x, y, reach));
                svg.append("<text x=\"%d\" y=\"%d\">%s <tspan fill=\"%s\">%,d</tspan></text>%n"
                        .formatted(x + CELL + 6, y + 14, label(reach), FAINT, counts.getOrDefault(reach, 0)));
                x += LEGEND_ENTRY;
            }
        }
    }

    /** What a square shows besides its colour, for those who do not see the colours. */
    private static String mark(int x, int y, Reach reach) {
        return switch (reach) {
            case DENIED ->
                "<path d=\"M%d %dl7 7m0 -7l-7 7\" stroke=\"#ffffff\" stroke-width=\"1.6\" stroke-linecap=\"round\" pointer-events=\"none\"/>%n"
                        .formatted(x + 6, y + 6);
            case IPV4_ONLY, IPV6_ONLY ->
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"11\" font-weight=\"bold\" pointer-events=\"none\">%s</text>%n"
                        .formatted(x + CELL / 2 - 1, y + 14, reach.symbol());
            case ALLOWED, NONE -> "";
        };
    }

    private static String square(int x, int y, Reach reach) {
        final String colour = switch (reach) {
            case ALLOWED -> "#8fd0ae";
            case DENIED -> "#d64545";
            case IPV4_ONLY -> "#f7c948";
            case IPV6_ONLY -> "#7cc4fa";
            case NONE -> "#f0f2f5";
        };
        return "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" fill=\"%s\""
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
