package io.weir.policy;

import io.weir.policy.Identities.Identity;
import io.weir.policy.spec.Direction;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A kind of local pod: the tiers that hold for it in both directions, and the endpoints of this kind. */
final class Subject {
    /** One direction. */
    static final class Side {
        final Direction direction;

        @Nullable
        TierClassifier admin;

        @Nullable
        TierClassifier network;

        @Nullable
        TierClassifier baseline;

        Isolation isolation = Isolation.NONE;
        DirectionRules rules = DirectionRules.OPEN;

        Side(Direction direction) {
            this.direction = direction;
        }

        /** Takes over what the tiers have compiled; says whether anything is new. */
        boolean refresh() {
            final DirectionRules fresh = new DirectionRules(rules(admin), isolation, rules(network), rules(baseline));
            if (fresh.isSame(rules)) {
                return false;
            }
            rules = fresh;
            return true;
        }

        private static TierRules rules(@Nullable TierClassifier tier) {
            return tier == null ? TierRules.EMPTY : tier.rules();
        }
    }

    final Identity identity;
    final Side ingress = new Side(Direction.INGRESS);
    final Side egress = new Side(Direction.EGRESS);
    final List<Endpoint> endpoints = new ArrayList<>();

    /** The policies that concern it may be others than before. */
    boolean stale = true;

    Subject(Identity identity) {
        this.identity = identity;
    }

    boolean refresh() {
        final boolean newIngress = ingress.refresh();
        final boolean newEgress = egress.refresh();
        return newIngress || newEgress;
    }

    boolean treatsAlike(int identityNumber, int otherIdentityNumber) {
        return ingress.rules.treatsAlike(identityNumber, otherIdentityNumber)
                && egress.rules.treatsAlike(identityNumber, otherIdentityNumber);
    }

    /** A pod of this node. */
    static final class Endpoint {
        final String name;
        final int number;
        final int slot;
        Subject subject;

        Endpoint(String name, int number, int slot, Subject subject) {
            this.name = name;
            this.number = number;
            this.slot = slot;
            this.subject = subject;
        }
    }
}
