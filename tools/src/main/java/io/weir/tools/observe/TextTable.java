package io.weir.tools.observe;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Columns for people: as wide as their widest cell, numbers to the right. */
final class TextTable {
    private final List<List<String>> rows = new ArrayList<>();
    private final boolean[] right;

    /** A name that starts with {@code >} is a column of numbers. */
    TextTable(String... columns) {
        right = new boolean[columns.length];
        final List<String> head = new ArrayList<>();
        for (int i = 0; i < columns.length; i++) {
            right[i] = columns[i].startsWith(">");
            head.add(right[i] ? columns[i].substring(1) : columns[i]);
        }
        rows.add(head);
    }

    void row(Object... cells) {
        final List<String> row = new ArrayList<>();
        for (final Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
    }

    boolean isEmpty() {
        return rows.size() == 1;
    }

    /** The lines, the head first. */
    List<String> lines() {
        final List<Integer> widths = new ArrayList<>(Collections.nCopies(right.length, 0));
        for (final List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths.set(i, Math.max(widths.get(i), row.get(i).length()));
            }
        }
        final List<String> lines = new ArrayList<>();
        for (final List<String> row : rows) {
            final StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                final String pad = " ".repeat(widths.get(i) - row.get(i).length());
                line.append(right[i] ? pad + row.get(i) : row.get(i) + pad).append("  ");
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    void print(PrintWriter out) {
        lines().forEach(out::println);
    }
}
