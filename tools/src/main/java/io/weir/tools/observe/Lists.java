package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
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
}
