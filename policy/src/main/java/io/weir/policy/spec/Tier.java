package io.weir.policy.spec;

/** The order in which policies are asked. */
public enum Tier {
    /** ClusterNetworkPolicy, before everything else. */
    ADMIN(1),
    /** NetworkPolicy: final for every pod that one of them isolates. */
    NETWORK(2),
    /** ClusterNetworkPolicy, for pods that no NetworkPolicy isolates. */
    BASELINE(3);

    private final int number;

    Tier(int number) {
        this.number = number;
    }

    /** 1 for the tier that is asked first. */
    public int number() {
        return number;
    }
}
