package io.weir.policy;

/**
 * What a pod of this node may receive and send.
 *
 * @param name {@code namespace/name} of the pod
 * @param slot the version slot that is stamped when any of its verdicts may have changed
 */
public record EndpointRules(String name, int slot, DirectionRules ingress, DirectionRules egress) {}
