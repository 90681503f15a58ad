package io.weir.policy;

import io.weir.dataplane.pipeline.RuleNote;
import io.weir.policy.classify.Classifier;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.SubjectPolicy;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one kind of pod may receive, or what it may send: the three tiers in their order. Immutable. */
public final class DirectionRules {
    static final DirectionRules OPEN =
            new DirectionRules(TierRules.EMPTY, Isolation.NONE, TierRules.EMPTY, TierRules.EMPTY);

    private final TierRules admin;
    private final Isolation isolation;
    private final TierRules network;
    private final TierRules baseline;
    private final boolean isolated;

    DirectionRules(TierRules admin, Isolation isolation, TierRules network, TierRules baseline) {
        this.admin = admin;
        this.isolation = isolation;
        this.network = network;
        this.baseline = baseline;
        isolated = !isolation.policies().isEmpty();
    }

    /**
     * Judges a peer. Allocates nothing.
     *
     * @param exempt the peer is one that a NetworkPolicy cannot shut out
     * @return a {@link Judgement}
     */
    int judge(int identity, long peerHigh, long peerLow, int portKey, boolean exempt) {
        if (!admin.isEmpty()) {
            final int rule = admin.classifier().first(identity, peerHigh, peerLow, portKey);
            if (rule != Classifier.NO_MATCH && admin.action(rule) != Action.PASS) {
                return decided(Tier.ADMIN, rule, admin.action(rule));
            }
        }
        if (isolated) {
            if (exempt) {
                return Judgement.ALLOWED_EXEMPT;
            }
            final int rule = network.classifier().first(identity, peerHigh, peerLow, portKey);
            return rule == Classifier.NO_MATCH
                    ? Judgement.denied(Tier.NETWORK, Judgement.NO_RULE)
                    : Judgement.allowed(Tier.NETWORK, rule);
        }
        if (!baseline.isEmpty()) {
            final int rule = baseline.classifier().first(identity, peerHigh, peerLow, portKey);
            if (rule != Classifier.NO_MATCH && baseline.action(rule) != Action.PASS) {
                return decided(Tier.BASELINE, rule, baseline.action(rule));
            }
        }
        return Judgement.ALLOWED;
    }

    private static int decided(Tier tier, int rule, Action action) {
        return action == Action.ACCEPT ? Judgement.allowed(tier, rule) : Judgement.denied(tier, rule);
    }

    /** An address that changes from one identity to the other gets the same verdicts. */
    boolean treatsAlike(int identity, int otherIdentity) {
        return admin.classifier().treatsAlike(identity, otherIdentity)
                && network.classifier().treatsAlike(identity, otherIdentity)
                && baseline.classifier().treatsAlike(identity, otherIdentity);
    }

    /** Made of the same compiled parts. */
    @SuppressWarnings("ReferenceEquality") // the same object means: nothing was compiled anew
    boolean isSame(DirectionRules other) {
        return admin == other.admin
                && network == other.network
                && baseline == other.baseline
                && isolation.policies().equals(other.isolation.policies());
    }

    /** The NetworkPolicies that isolate the pod in this direction. */
    public List<SubjectPolicy> isolating() {
        return isolation.policies();
    }

    /** The rule behind a judgement, or null when no rule decided. */
    public @Nullable RuleOrigin origin(int judgement) {
        final int rule = Judgement.rule(judgement);
        return switch (Judgement.tier(judgement)) {
            case 1 -> admin.origins().get(rule);
            case 2 -> rule == Judgement.NO_RULE ? null : network.origins().get(rule);
            case 3 -> baseline.origins().get(rule);
            default -> null;
        };
    }

    /** A judgement in words; allocates. */
    public String explain(int judgement) {
        final RuleOrigin origin = origin(judgement);
        if (origin != null) {
            return origin.verdict();
        }
        if (judgement == Judgement.DENIED_UNKNOWN) {
            return "denied, because the pod of this endpoint is not known";
        }
        if (judgement == Judgement.ALLOWED_EXEMPT) {
            return "allowed, because policy cannot shut out a pod's own node or the pod itself";
        }
        if (Judgement.isDenied(judgement)) {
            return isolation.note().toString();
        }
        return "allowed by default: no policy decides";
    }

    /** What decided, for events; null when nothing did. Allocates nothing. */
    @Nullable
    RuleNote note(int judgement) {
        final int rule = Judgement.rule(judgement);
        return switch (Judgement.tier(judgement)) {
            case 1 -> admin.notes().get(rule);
            case 2 ->
                rule == Judgement.NO_RULE ? isolation.note() : network.notes().get(rule);
            case 3 -> baseline.notes().get(rule);
            default -> null;
        };
    }

    /** All that may decide. */
    List<RuleNote> notes() {
        final List<RuleNote> notes = new ArrayList<>(admin.notes());
        notes.addAll(network.notes());
        if (isolated) {
            notes.add(isolation.note());
        }
        notes.addAll(baseline.notes());
        return notes;
    }

    long sizeBytes() {
        return admin.classifier().sizeBytes()
                + network.classifier().sizeBytes()
                + baseline.classifier().sizeBytes();
    }
}
