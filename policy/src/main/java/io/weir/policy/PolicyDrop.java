package io.weir.policy;

import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;

/** Why policy refuses a connection; ids 128 to 143. */
public enum PolicyDrop implements DropReason {
    EGRESS_DENIED(128, "NetworkPolicies isolate the sending pod for egress, and none of them lets this out."),
    INGRESS_DENIED(129, "NetworkPolicies isolate the receiving pod for ingress, and none of them lets this in."),
    ADMIN_EGRESS_DENIED(130, "A ClusterNetworkPolicy of the Admin tier denies what the pod sends."),
    ADMIN_INGRESS_DENIED(131, "A ClusterNetworkPolicy of the Admin tier denies what the pod would receive."),
    BASELINE_EGRESS_DENIED(132, "A ClusterNetworkPolicy of the Baseline tier denies what the pod sends."),
    BASELINE_INGRESS_DENIED(133, "A ClusterNetworkPolicy of the Baseline tier denies what the pod would receive."),
    POLICY_SUBJECT_UNKNOWN(134, "No pod is known behind the local endpoint, so no policy can vouch for it.");

    private final int id;
    private final String label;
    private final String sentence;

    PolicyDrop(int id, String sentence) {
        this.id = id;
        this.label = DropReasons.labelOf(name());
        this.sentence = sentence;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String sentence() {
        return sentence;
    }
}
