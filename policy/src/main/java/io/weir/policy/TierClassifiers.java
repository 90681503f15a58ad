package io.weir.policy;

import io.weir.policy.TierClassifier.Surroundings;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;
import io.weir.policy.spec.Tier;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Compiled tiers, shared by all kinds of pods that the same policies select. */
final class TierClassifiers {
    /** Compares policies by reference: a changed policy is another object. */
    private static final class Key {
        private final Tier tier;
        private final Direction direction;
        private final List<SubjectPolicy> policies;
        private final List<NamedPort> subjectPorts;
        private final int hash;

        Key(Tier tier, Direction direction, List<SubjectPolicy> policies, List<NamedPort> subjectPorts) {
            this.tier = tier;
            this.direction = direction;
            this.policies = policies;
            this.subjectPorts = subjectPorts;
            int sum = 31 * Objects.hash(tier, direction) + subjectPorts.hashCode();
            for (final SubjectPolicy policy : policies) {
                sum = 31 * sum + System.identityHashCode(policy);
            }
            hash = sum;
        }

        @Override
        @SuppressWarnings("ReferenceEquality")
        public boolean equals(Object other) {
            if (!(other instanceof final Key key)
                    || key.tier != tier
                    || key.direction != direction
                    || key.policies.size() != policies.size()
                    || !key.subjectPorts.equals(subjectPorts)) {
                return false;
            }
            for (int i = 0; i < policies.size(); i++) {
                if (policies.get(i) != key.policies.get(i)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private final Selections selections;
    private final Map<Key, TierClassifier> live = new HashMap<>();
    private final Map<TierClassifier, Key> keys = new HashMap<>();

    TierClassifiers(Selections selections) {
        this.selections = selections;
    }

    /** The compiled form of these policies, or null when there are none. Counts one user. */
    @Nullable
    TierClassifier use(
            Tier tier,
            Direction direction,
            List<SubjectPolicy> policies,
            List<NamedPort> subjectPorts,
            Surroundings surroundings) {
        if (policies.isEmpty()) {
            return null;
        }
        final boolean named = direction == Direction.INGRESS
                && policies.stream().flatMap(p -> p.rules(direction).stream()).anyMatch(RuleSpec::usesNamedPorts);
        final Key key = new Key(tier, direction, policies, named ? subjectPorts : List.of());
        TierClassifier classifier = live.get(key);
        if (classifier == null) {
            classifier = new TierClassifier(tier, direction, policies, key.subjectPorts, selections, surroundings);
            live.put(key, classifier);
            keys.put(classifier, key);
        }
        classifier.users++;
        return classifier;
    }

    void drop(@Nullable TierClassifier classifier) {
        if (classifier != null && --classifier.users == 0) {
            live.remove(keys.remove(classifier));
            classifier.close();
        }
    }

    Collection<TierClassifier> all() {
        return keys.keySet();
    }
}
