package io.weir.policy;

import io.weir.policy.spec.LabelSelector;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Things by the labels that they carry, so that a selector is tried on few of them instead of on all. */
final class LabelIndex<T> {
    private final Set<T> all = new LinkedHashSet<>();
    private final Map<String, Map<String, Set<T>>> byLabel = new HashMap<>();

    void add(T thing, Map<String, String> labels) {
        if (all.add(thing)) {
            labels.forEach((key, value) -> byLabel.computeIfAbsent(key, each -> new HashMap<>())
                    .computeIfAbsent(value, each -> new LinkedHashSet<>())
                    .add(thing));
        }
    }

    void remove(T thing, Map<String, String> labels) {
        if (all.remove(thing)) {
            labels.forEach((key, value) -> byLabel.computeIfPresent(key, (each, values) -> {
                values.computeIfPresent(
                        value, (one, things) -> things.remove(thing) && things.isEmpty() ? null : things);
                return values.isEmpty() ? null : values;
            }));
        }
    }

    Collection<T> all() {
        return all;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** All that the selector can match, and perhaps some that it does not: those with the rarest label that it asks for. */
    Collection<T> candidates(LabelSelector selector) {
        Set<T> fewest = all;
        for (final Map.Entry<String, String> label : selector.matchLabels().entrySet()) {
            final Set<T> having =
                    byLabel.getOrDefault(label.getKey(), Map.of()).getOrDefault(label.getValue(), Set.of());
            fewest = having.size() < fewest.size() ? having : fewest;
        }
        return fewest;
    }
}
