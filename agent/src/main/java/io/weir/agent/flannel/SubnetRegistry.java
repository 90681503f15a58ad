package io.weir.agent.flannel;

/**
 * Where nodes agree on their subnets. Flannel calls it a subnet manager; there are two: etcd and the Kubernetes API.
 *
 * <p>When the registry's server is away, the leases last heard of stay in force: forwarding never depends on it.
 */
public interface SubnetRegistry extends AutoCloseable {
    /** What a registry tells; called by the registry's own thread. */
    interface Listener {
        /** All leases, after a change of any. */
        void onLeases(Leases leases);

        /**
         * Another node holds this node's subnet now: two nodes give the same addresses to pods. Called once for each
         * time that it is noticed; weir goes on forwarding, and a person has to decide.
         *
         * @param message what happened and what to do
         */
        void onOwnLeaseTaken(String message);
    }

    /**
     * Gets a subnet for this node, the one that it had before if possible.
     *
     * @param attributes what to tell the others
     * @throws FlannelException when there is none, or the server does not answer
     */
    SubnetLease acquire(LeaseAttributes attributes);

    /** Starts telling the listener about leases, at first all; and keeps the own lease from expiring. Called once. */
    void watch(Listener listener);

    /** Stops watching and renewing. The own lease stays, so that a restarted node finds its subnet again. */
    @Override
    void close();
}
