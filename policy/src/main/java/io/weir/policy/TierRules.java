package io.weir.policy;

import io.weir.dataplane.pipeline.RuleNote;
import io.weir.policy.classify.Classifier;
import io.weir.policy.spec.Action;
import java.util.List;

/**
 * The rules of one tier for one kind of pod and one direction. Immutable.
 *
 * @param classifier which rule comes first
 * @param origins    by rule
 * @param notes      by rule: what events say when it decides
 */
record TierRules(Classifier classifier, List<RuleOrigin> origins, List<RuleNote> notes) {
    static final TierRules EMPTY = new TierRules(Classifier.EMPTY, List.of(), List.of());

    static TierRules of(Classifier classifier, List<RuleOrigin> origins) {
        return new TierRules(
                classifier,
                List.copyOf(origins),
                origins.stream().map(RuleOrigin::note).toList());
    }

    /** The same rules for a cluster that has changed. */
    TierRules with(Classifier newClassifier) {
        return new TierRules(newClassifier, origins, notes);
    }

    Action action(int rule) {
        return origins.get(rule).action();
    }

    boolean isEmpty() {
        return origins.isEmpty();
    }
}
