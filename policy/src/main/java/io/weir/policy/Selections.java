package io.weir.policy;

import io.weir.policy.Identities.Identity;
import io.weir.policy.spec.LabelSelector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.agrona.collections.IntHashSet;
import org.jspecify.annotations.Nullable;

/** The peer selectors that compiled rules use, each with the identities that it selects, kept up to date. */
final class Selections {
    /** @param namespace one namespace by name, or null for those that {@code namespaces} selects */
    record Key(@Nullable String namespace, LabelSelector namespaces, LabelSelector pods) {
        boolean isEverything() {
            return namespace == null && namespaces.isEverything() && pods.isEverything();
        }
    }

    /** One selector. */
    static final class Selection {
        final Key key;
        final IntHashSet members = new IntHashSet();
        private final Map<TierClassifier, Integer> users = new HashMap<>();

        private Selection(Key key) {
            this.key = key;
        }
    }

    private final Identities identities;
    private final Function<String, Map<String, String>> namespaceLabels;
    private final Map<Key, Selection> live = new HashMap<>();
    private final Map<String, SelectorIndex<Selection>> byNamespace = new HashMap<>();
    private final SelectorIndex<Selection> byNamespaceLabels = new SelectorIndex<>();

    Selections(Identities identities, Function<String, Map<String, String>> namespaceLabels) {
        this.identities = identities;
        this.namespaceLabels = namespaceLabels;
    }

    @Nullable
    Identity identity(int number) {
        return identities.byNumber(number);
    }

    Selection use(Key key, TierClassifier user) {
        final Selection selection = live.computeIfAbsent(key, this::create);
        selection.users.merge(user, 1, Integer::sum);
        return selection;
    }

    void drop(Selection selection, TierClassifier user) {
        selection.users.computeIfPresent(user, (key, count) -> count == 1 ? null : count - 1);
        if (!selection.users.isEmpty()) {
            return;
        }
        live.remove(selection.key);
        final String namespace = selection.key.namespace;
        if (namespace == null) {
            byNamespaceLabels.remove(selection, selection.key.pods);
        } else {
            byNamespace.computeIfPresent(namespace, (name, index) -> {
                index.remove(selection, selection.key.pods);
                return index.isEmpty() ? null : index;
            });
        }
    }

    private Selection create(Key key) {
        final Selection selection = new Selection(key);
        if (key.namespace != null) {
            byNamespace
                    .computeIfAbsent(key.namespace, name -> new SelectorIndex<>())
                    .add(selection, key.pods);
            fill(selection, key.namespace);
            return selection;
        }
        byNamespaceLabels.add(selection, key.pods);
        for (final String namespace : identities.namespaces()) {
            if (key.namespaces.matches(namespaceLabels.apply(namespace))) {
                fill(selection, namespace);
            }
        }
        return selection;
    }

    private void fill(Selection selection, String namespace) {
        for (final Identity identity : identities.candidates(namespace, selection.key.pods)) {
            if (selection.key.pods.matches(identity.labels)) {
                selection.members.add(identity.number);
            }
        }
    }

    /**
     * Follows the cluster.
     *
     * @param relabelled namespaces whose labels changed
     * @return per compiled tier the identities for which it must be refreshed
     */
    Map<TierClassifier, Set<Integer>> update(List<Identity> added, List<Identity> removed, Set<String> relabelled) {
        final Map<TierClassifier, Set<Integer>> stale = new HashMap<>();
        for (final Identity identity : added) {
            final SelectorIndex<Selection> near = byNamespace.get(identity.namespace);
            if (near != null) {
                near.candidates(
                        identity.labels,
                        selection -> place(selection, identity, selection.key.pods.matches(identity.labels), stale));
            }
            placeByNamespaceLabels(identity, stale);
        }
        for (final String namespace : relabelled) {
            for (final Identity identity : new ArrayList<>(identities.in(namespace))) {
                placeByNamespaceLabels(identity, stale);
            }
        }
        for (final Identity identity : removed) {
            final SelectorIndex<Selection> near = byNamespace.get(identity.namespace);
            if (near != null) {
                near.candidates(identity.labels, selection -> place(selection, identity, false, stale));
            }
            byNamespaceLabels.candidates(identity.labels, selection -> place(selection, identity, false, stale));
        }
        return stale;
    }

    private void placeByNamespaceLabels(Identity identity, Map<TierClassifier, Set<Integer>> stale) {
        final Map<String, String> labels = namespaceLabels.apply(identity.namespace);
        byNamespaceLabels.candidates(
                identity.labels, selection -> place(selection, identity, matches(selection, labels, identity), stale));
    }

    private static boolean matches(Selection selection, Map<String, String> namespaceLabels, Identity identity) {
        return selection.key.namespaces.matches(namespaceLabels) && selection.key.pods.matches(identity.labels);
    }

    private static void place(
            Selection selection, Identity identity, boolean in, Map<TierClassifier, Set<Integer>> stale) {
        final boolean changed = in ? selection.members.add(identity.number) : selection.members.remove(identity.number);
        if (changed) {
            for (final TierClassifier user : selection.users.keySet()) {
                stale.computeIfAbsent(user, key -> new HashSet<>()).add(identity.number);
            }
        }
    }

    int size() {
        return live.size();
    }
}
