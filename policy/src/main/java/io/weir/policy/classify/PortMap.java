package io.weir.policy.classify;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which rule comes first at each (protocol, port), for one class of peers. Immutable.
 *
 * <p>The pairs are cut into intervals in which the same rule is first. Up to {@value #FEW} intervals are searched by
 * halving; more are laid out in pages of 256 ports, so that an answer takes two loads however many rules there are.
 */
final class PortMap {
    static final PortMap EMPTY = new PortMap(new int[] {0}, new int[] {Classifier.NO_MATCH});

    private static final int FEW = 16;
    private static final int PAGE = 256;

    private final int[] starts;
    private final int[] firstRules;

    /** Per page its one rule, or the complement of its place in {@link #pages}; empty when there are few intervals. */
    private final int[] directory;

    private final int[] pages;

    private PortMap(int[] starts, int[] firstRules) {
        this.starts = starts;
        this.firstRules = firstRules;
        if (starts.length <= FEW) {
            directory = new int[0];
            pages = directory;
            return;
        }
        directory = new int[PortSet.LIMIT / PAGE];
        int[] filled = new int[16 * PAGE];
        int used = 0;
        int interval = 0;
        for (int page = 0; page < directory.length; page++) {
            final int begin = page * PAGE;
            interval = endOfRun(interval, begin);
            if (endOfRun(interval, begin + PAGE - 1) == interval) {
                directory[page] = firstRules[interval];
                continue;
            }
            directory[page] = ~used;
            if (used + PAGE > filled.length) {
                filled = Arrays.copyOf(filled, 2 * filled.length);
            }
            for (int i = 0; i < PAGE; i++) {
                interval = endOfRun(interval, begin + i);
                filled[used + i] = firstRules[interval];
            }
            used += PAGE;
        }
        pages = Arrays.copyOf(filled, used);
    }

    /** The interval that holds {@code key}, from one that is not behind it. */
    private int endOfRun(int interval, int key) {
        int at = interval;
        while (at + 1 < starts.length && starts[at + 1] <= key) {
            at++;
        }
        return at;
    }

    /** @param matches in ascending order of rules */
    static PortMap of(List<Match> matches) {
        if (matches.isEmpty()) {
            return EMPTY;
        }
        // paint the rules in their order, each only where no earlier one has painted
        final NavigableMap<Integer, Integer> free = new TreeMap<>();
        free.put(0, PortSet.LIMIT);
        final NavigableMap<Integer, Integer> painted = new TreeMap<>();
        for (final Match match : matches) {
            for (int i = 0; i < match.ports().count() && !free.isEmpty(); i++) {
                paint(free, painted, match.ports().start(i), match.ports().end(i), match.rule());
            }
        }
        free.keySet().forEach(start -> painted.put(start, Classifier.NO_MATCH));
        final int[] starts = new int[painted.size()];
        final int[] rules = new int[painted.size()];
        int count = 0;
        for (final Map.Entry<Integer, Integer> piece : painted.entrySet()) {
            if (count > 0 && rules[count - 1] == piece.getValue()) {
                continue;
            }
            starts[count] = piece.getKey();
            rules[count++] = piece.getValue();
        }
        return new PortMap(Arrays.copyOf(starts, count), Arrays.copyOf(rules, count));
    }

    private static void paint(
            NavigableMap<Integer, Integer> free, NavigableMap<Integer, Integer> painted, int start, int end, int rule) {
        Map.Entry<Integer, Integer> gap = free.floorEntry(start);
        if (gap == null || gap.getValue() <= start) {
            gap = free.higherEntry(start);
        }
        while (gap != null && gap.getKey() < end) {
            final int gapStart = gap.getKey();
            final int gapEnd = gap.getValue();
            free.remove(gapStart);
            if (gapStart < start) {
                free.put(gapStart, start);
            }
            if (gapEnd > end) {
                free.put(end, gapEnd);
            }
            painted.put(Math.max(gapStart, start), rule);
            gap = free.higherEntry(gapStart < start ? start : gapStart);
        }
    }

    /** The first rule at a pair, or {@link Classifier#NO_MATCH}. */
    int first(int key) {
        if (directory.length > 0) {
            final int entry = directory[key >> 8];
            return entry >= 0 ? entry : pages[~entry + (key & 0xFF)];
        }
        int low = 0;
        int high = starts.length - 1;
        while (low < high) {
            final int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= key) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return firstRules[low];
    }

    /** The same answer everywhere. */
    boolean isSame(PortMap other) {
        return this == other || (Arrays.equals(starts, other.starts) && Arrays.equals(firstRules, other.firstRules));
    }

    long sizeBytes() {
        return 64 + 4L * (starts.length + firstRules.length + directory.length + pages.length);
    }
}
