package io.weir.policy;

import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.PodSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Pods that no policy can tell apart (same namespace, labels and named ports) share an identity, so that selectors are
 * resolved once for all of them. Numbers start at 1 and are never used again.
 */
final class Identities {
    private record Key(String namespace, Map<String, String> labels, List<NamedPort> namedPorts) {}

    /** One kind of pod. */
    static final class Identity {
        final int number;
        final String namespace;
        final Map<String, String> labels;
        final List<NamedPort> namedPorts;
        private final Key key;
        private int pods;

        private Identity(int number, Key key) {
            this.number = number;
            this.key = key;
            namespace = key.namespace;
            labels = key.labels;
            namedPorts = key.namedPorts;
        }
    }

    private final Map<Key, Identity> known = new HashMap<>();
    private final Map<Integer, Identity> byNumber = new HashMap<>();
    private final Map<String, LabelIndex<Identity>> byNamespace = new HashMap<>();
    private final Set<Identity> added = new HashSet<>();
    private final Set<Identity> abandoned = new HashSet<>();
    private final List<Identity> forgotten = new ArrayList<>();
    private int lastNumber;

    Identity acquire(PodSpec pod) {
        final Identity identity =
                known.computeIfAbsent(new Key(pod.namespace(), pod.labels(), pod.namedPorts()), this::create);
        identity.pods++;
        return identity;
    }

    private Identity create(Key key) {
        final Identity identity = new Identity(++lastNumber, key);
        byNumber.put(identity.number, identity);
        byNamespace.computeIfAbsent(key.namespace, name -> new LabelIndex<>()).add(identity, identity.labels);
        added.add(identity);
        return identity;
    }

    void release(Identity identity) {
        if (--identity.pods == 0) {
            abandoned.add(identity);
        }
    }

    /** Identities that came since the last call and still have pods. */
    List<Identity> takeAdded() {
        forgotten.forEach(identity -> byNumber.remove(identity.number));
        forgotten.clear();
        final List<Identity> taken =
                added.stream().filter(identity -> identity.pods > 0).toList();
        abandoned.removeIf(identity -> identity.pods == 0 && added.contains(identity) && forget(identity));
        added.clear();
        return taken;
    }

    /**
     * Identities whose last pod went since the last call; to be called after {@link #takeAdded}. They are still found by
     * number until that is called again.
     */
    List<Identity> takeRemoved() {
        final List<Identity> taken = new ArrayList<>();
        for (final Identity identity : abandoned) {
            if (identity.pods == 0 && forget(identity)) {
                taken.add(identity);
            }
        }
        abandoned.clear();
        return taken;
    }

    private boolean forget(Identity identity) {
        byNamespace.computeIfPresent(identity.namespace, (name, neighbours) -> {
            neighbours.remove(identity, identity.labels);
            return neighbours.isEmpty() ? null : neighbours;
        });
        forgotten.add(identity);
        return known.remove(identity.key, identity);
    }

    @Nullable
    Identity byNumber(int number) {
        return byNumber.get(number);
    }

    Collection<Identity> in(String namespace) {
        final LabelIndex<Identity> inhabitants = byNamespace.get(namespace);
        return inhabitants == null ? Set.of() : inhabitants.all();
    }

    /** Those of a namespace that the selector can match, and perhaps some that it does not. */
    Collection<Identity> candidates(String namespace, LabelSelector selector) {
        final LabelIndex<Identity> inhabitants = byNamespace.get(namespace);
        return inhabitants == null ? Set.of() : inhabitants.candidates(selector);
    }

    Collection<String> namespaces() {
        return byNamespace.keySet();
    }
}
