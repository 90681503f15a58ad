package io.weir.policy;

import io.weir.policy.classify.Classifier;
import io.weir.policy.spec.Action;
import java.util.List;

/**
 * The rules of one tier for one kind of pod and one direction. Immutable.
 *
 * @param classifier which rule comes first
 * @param origins    by rule
 */
record TierRules(Classifier classifier, List<RuleOrigin> origins) {
    static final TierRules EMPTY = new TierRules(Classifier.EMPTY, List.of());

    Action action(int rule) {
        return origins.get(rule).action();
    }

    boolean isEmpty() {
        return origins.isEmpty();
    }
}
