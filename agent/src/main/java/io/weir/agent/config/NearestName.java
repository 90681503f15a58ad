package io.weir.agent.config;

import java.util.List;
import java.util.Locale;

/** Finds the known name that a mistyped one most probably means. */
public final class NearestName {
    private NearestName() {}

    /** {@code did you mean 'count'?}, or the list of known names when none is near. */
    public static String hint(String name, List<String> known) {
        String best = "";
        int bestDistance = Integer.MAX_VALUE;
        for (final String candidate : known) {
            final int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                bestDistance = distance;
                best = candidate;
            }
        }
        if (bestDistance <= Math.max(2, name.length() / 3)) {
            return "did you mean '" + best + "'?";
        }
        return "known are " + String.join(", ", known);
    }

    /** Levenshtein's: single-character insertions, deletions and replacements that lead from one to the other. */
    static int distance(String from, String to) {
        int[] above = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            final int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                final int replace = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, Math.min(above[j], row[j - 1]) + 1);
            }
            above = row;
        }
        return above[to.length()];
    }
}
