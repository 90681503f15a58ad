package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.SharedMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is made of a cluster's objects of one kind. Remembers the objects, so that the next state costs what differs from the
 * one before; what is made of the others stays the same object.
 */
final class Translation<T extends HasMetadata, S> {
    private record Difference<S>(String key, @Nullable S made) {}

    private final BiConsumer<@Nullable S, @Nullable S> replaced;
    private SortedMap<String, T> objects = SharedMap.empty();
    private final List<String> keys = new ArrayList<>();
    private final List<S> made = new ArrayList<>();
    private List<S> copy = List.of();

    Translation() {
        this((before, after) -> {});
    }

    /** @param replaced told what was made before and is made now of an object that differs; either may be null */
    Translation(BiConsumer<@Nullable S, @Nullable S> replaced) {
        this.replaced = replaced;
    }

    /**
     * What is made of all objects, in the order of their keys; the same list when nothing differs.
     *
     * @param again       keys of objects that are translated even if they are the same
     * @param translation of one object; null when nothing is made of it. When it throws, nothing has changed
     */
    List<S> of(SortedMap<String, T> next, Collection<String> again, Function<T, @Nullable S> translation) {
        final List<Difference<S>> differences = new ArrayList<>();
        SharedMap.differences(objects, next, (before, after) -> {
            final T named = after != null ? after : Objects.requireNonNull(before);
            differences.add(
                    new Difference<>(ClusterState.keyOf(named), after == null ? null : translation.apply(after)));
        });
        for (final String key : again) {
            final T object = next.get(key);
            if (object != null) {
                differences.add(new Difference<>(key, translation.apply(object)));
            }
        }
        objects = next;
        if (!differences.isEmpty()) {
            differences.forEach(this::replace);
            copy = List.copyOf(made);
        }
        return copy;
    }

    private void replace(Difference<S> difference) {
        final int found = Collections.binarySearch(keys, difference.key);
        final S before = found < 0 ? null : made.get(found);
        final S after = difference.made;
        if (after == null) {
            if (before != null) {
                keys.remove(found);
                made.remove(found);
            }
        } else if (before != null) {
            made.set(found, after);
        } else {
            keys.add(-found - 1, difference.key);
            made.add(-found - 1, after);
        }
        replaced.accept(before, after);
    }
}
