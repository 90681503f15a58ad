package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Answers that are lists of things. */
final class Lists {
    private Lists() {}

    /** The texts of an array with commas between. */
    static String joined(JsonNode array) {
        final List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asText()));
        return String.join(",", texts);
    }

    /** Prints a table, or a sentence instead of an empty one; nothing when the answer was printed as JSON. */
    static void print(TextTable table, boolean json, String nothing, PrintWriter out) {
        if (!json && table.isEmpty()) {
            out.println(nothing);
        } else if (!json) {
            table.print(out);
        }
        out.flush();
    }
}
