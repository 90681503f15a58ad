package io.weir.policy;

import io.weir.policy.spec.Direction;
import io.weir.policy.spec.Tier;

/**
 * What policy says about one direction, as an int: negative means denied.
 *
 * <pre>
 *  31      30..28                       27..0
 *  denied  tier's number, or a special case  rule in the tier's order, or {@link #NO_RULE}
 * </pre>
 */
public final class Judgement {
    /** No policy has anything to say: Kubernetes' default. */
    public static final int ALLOWED = 0;

    /** A NetworkPolicy would isolate the pod, but it cannot shut out its own node or the pod itself. */
    public static final int ALLOWED_EXEMPT = 4 << 28;

    /** The endpoint's pod is not known. */
    public static final int DENIED_UNKNOWN = Integer.MIN_VALUE | 5 << 28;

    static final int NO_RULE = 0x0FFF_FFFF;

    private Judgement() {}

    static int allowed(Tier tier, int rule) {
        return tier.number() << 28 | rule;
    }

    static int denied(Tier tier, int rule) {
        return Integer.MIN_VALUE | allowed(tier, rule);
    }

    public static boolean isDenied(int judgement) {
        return judgement < 0;
    }

    /** 1 to 3 for a {@link Tier}; 0, 4, 5 for what no tier decided. */
    static int tier(int judgement) {
        return judgement >>> 28 & 7;
    }

    static int rule(int judgement) {
        return judgement & NO_RULE;
    }

    /** Why a denied packet is dropped. */
    static PolicyDrop reason(int judgement, Direction direction) {
        final boolean egress = direction == Direction.EGRESS;
        return switch (tier(judgement)) {
            case 1 -> egress ? PolicyDrop.ADMIN_EGRESS_DENIED : PolicyDrop.ADMIN_INGRESS_DENIED;
            case 2 -> egress ? PolicyDrop.EGRESS_DENIED : PolicyDrop.INGRESS_DENIED;
            case 3 -> egress ? PolicyDrop.BASELINE_EGRESS_DENIED : PolicyDrop.BASELINE_INGRESS_DENIED;
            default -> PolicyDrop.POLICY_SUBJECT_UNKNOWN;
        };
    }
}
