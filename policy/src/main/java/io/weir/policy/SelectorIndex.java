package io.weir.policy;

import io.weir.policy.spec.LabelSelector;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Things that select by labels, each filed under one label that it asks for, so that labels meet few of them. */
final class SelectorIndex<T> {
    private final Map<Map.Entry<String, String>, Set<T>> byLabel = new HashMap<>();
    private final Set<T> others = new LinkedHashSet<>();

    void add(T thing, LabelSelector selector) {
        final Map.Entry<String, String> label = labelOf(selector);
        if (label == null) {
            others.add(thing);
        } else {
            byLabel.computeIfAbsent(label, each -> new LinkedHashSet<>()).add(thing);
        }
    }

    void remove(T thing, LabelSelector selector) {
        final Map.Entry<String, String> label = labelOf(selector);
        if (label == null) {
            others.remove(thing);
        } else {
            byLabel.computeIfPresent(label, (each, things) -> things.remove(thing) && things.isEmpty() ? null : things);
        }
    }

    private static Map.@Nullable Entry<String, String> labelOf(LabelSelector selector) {
        return selector.matchLabels().entrySet().stream()
                .min(Map.Entry.comparingByKey())
                .map(label -> Map.entry(label.getKey(), label.getValue()))
                .orElse(null);
    }

    /** All that can match these labels, and perhaps some that do not. */
    void candidates(Map<String, String> labels, Consumer<T> consumer) {
        others.forEach(consumer);
        for (final Map.Entry<String, String> label : labels.entrySet()) {
            byLabel.getOrDefault(Map.entry(label.getKey(), label.getValue()), Set.of())
                    .forEach(consumer);
        }
    }

    boolean isEmpty() {
        return others.isEmpty() && byLabel.isEmpty();
    }
}
