package io.weir.policy;

import java.util.List;

/**
 * Where two lists differ: what lies between their common beginning and their common end, by reference. One change in a
 * list of ten thousand is found by looking at references only.
 */
record ListDifference<T>(List<T> before, List<T> after) {
    @SuppressWarnings("ReferenceEquality") // equal objects that are not the same end up in the difference, and no harm
    static <T> ListDifference<T> between(List<T> before, List<T> after) {
        final int shorter = Math.min(before.size(), after.size());
        int start = 0;
        while (start < shorter && before.get(start) == after.get(start)) {
            start++;
        }
        int end = 0;
        while (end < shorter - start && before.get(before.size() - 1 - end) == after.get(after.size() - 1 - end)) {
            end++;
        }
        return new ListDifference<>(
                before.subList(start, before.size() - end), after.subList(start, after.size() - end));
    }
}
