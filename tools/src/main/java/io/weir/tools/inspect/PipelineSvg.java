package io.weir.tools.inspect;

import io.weir.dataplane.pipeline.Stage;
import java.util.List;

/** The pipeline as a picture: the flow cache's short way above, the stages below. */
final class PipelineSvg {
    private static final int BOX_WIDTH = 132;
    private static final int BOX_HEIGHT = 62;
    private static final int GAP = 26;
    private static final int LEFT = 20;
    private static final int FAST_Y = 60;
    private static final int SLOW_Y = 190;

    private final StringBuilder svg = new StringBuilder(8192);

    private PipelineSvg() {}

    /** A whole SVG document. */
    static String of(String node, List<Stage> stages) {
        final PipelineSvg picture = new PipelineSvg();
        picture.draw(node, stages);
        return picture.svg.toString();
    }

    private void draw(String node, List<Stage> stages) {
        final int columns = Math.max(stages.size(), 4) + 2;
        final int width = 2 * LEFT + columns * (BOX_WIDTH + GAP) - GAP;
        svg.append(String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"13\">%n",
                width, 290, width, 290));
        svg.append(
                "<defs><marker id=\"tip\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\">"
                        + "<path d=\"M0,0 L9,4 L0,8 z\" fill=\"#445\"/></marker></defs>\n");
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text(LEFT, 30, "pipeline of " + node, "font-weight=\"bold\" fill=\"#223\"");
        final int last = columns - 1;
        box(0, FAST_Y, "port rx, parse", "a tunnel is taken off", "#eef2f7");
        box(1, FAST_Y, "flow cache", "decisions remembered", "#fdf3d8");
        box(last, FAST_Y, "rewriter, port tx", "the only code that writes", "#eef2f7");
        arrow(right(0), middle(FAST_Y), left(1), middle(FAST_Y));
        arrow(right(1), middle(FAST_Y), left(last), middle(FAST_Y));
        text(right(1) + 12, middle(FAST_Y) - 8, "hit: almost every packet", "fill=\"#557\"");
        for (int i = 0; i < stages.size(); i++) {
            final int column = columns - 1 - stages.size() + i;
            box(column, SLOW_Y, stages.get(i).name(), stages.get(i).describe(), "#e6f4ea");
            if (i > 0) {
                arrow(right(column - 1), middle(SLOW_Y), left(column), middle(SLOW_Y));
            }
        }
        final int first = columns - 1 - stages.size();
        final int cacheX = centre(1);
        if (first == 1) {
            arrow(cacheX, FAST_Y + BOX_HEIGHT, cacheX, SLOW_Y);
        } else {
            line(cacheX, FAST_Y + BOX_HEIGHT, cacheX, middle(SLOW_Y));
            arrow(cacheX, middle(SLOW_Y), left(first), middle(SLOW_Y));
        }
        text(cacheX + 8, FAST_Y + BOX_HEIGHT + 36, "miss", "fill=\"#557\"");
        line(right(last - 1), middle(SLOW_Y), centre(last), middle(SLOW_Y));
        arrow(centre(last), middle(SLOW_Y), centre(last), FAST_Y + BOX_HEIGHT);
        svg.append("</svg>\n");
    }

    private static int left(int column) {
        return LEFT + column * (BOX_WIDTH + GAP);
    }

    private static int right(int column) {
        return left(column) + BOX_WIDTH;
    }

    private static int centre(int column) {
        return left(column) + BOX_WIDTH / 2;
    }

    private static int middle(int y) {
        return y + BOX_HEIGHT / 2;
    }

    private void box(int column, int y, String title, String note, String colour) {
        svg.append(String.format(
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"7\" fill=\"%s\" stroke=\"#889\"/>%n",
                left(column), y, BOX_WIDTH, BOX_HEIGHT, colour));
        text(centre(column), y + 26, title, "text-anchor=\"middle\" font-weight=\"bold\" fill=\"#223\"");
        text(centre(column), y + 46, shortened(note), "text-anchor=\"middle\" font-size=\"11\" fill=\"#445\"");
    }

    private static String shortened(String note) {
        return note.length() <= 24 ? note : note.substring(0, 23) + "…";
    }

    private void text(int x, int y, String words, String style) {
        svg.append(String.format("<text x=\"%d\" y=\"%d\" %s>%s</text>%n", x, y, style, escaped(words)));
    }

    private static String escaped(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private void line(int x1, int y1, int x2, int y2) {
        svg.append(String.format(
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#445\" stroke-width=\"1.5\"/>%n",
                x1, y1, x2, y2));
    }

    private void arrow(int x1, int y1, int x2, int y2) {
        svg.append(String.format(
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#445\" stroke-width=\"1.5\""
                        + " marker-end=\"url(#tip)\"/>%n",
                x1, y1, x2, y2));
    }
}
