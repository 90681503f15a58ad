package io.weir.conntrack;

/**
 * Which Service backends are gone, and how many connections each has; implemented by the load balancer, asked for packets
 * of known connections. Any thread.
 */
@FunctionalInterface
public interface BackendStates {
    /** For a dataplane without Services. */
    BackendStates ALL_PRESENT = backend -> false;

    /** The backend with this id serves no one any more: its connections must choose again. Lock-free. */
    boolean isGone(int backend);

    /**
     * The backend's node takes packets that keep the Service's address, and answers their senders itself: as long as that is
     * so, the connections that began this way go on. Lock-free.
     */
    default boolean isDirect(int backend) {
        return false;
    }

    /** A connection to this backend was created. Lock-free. */
    default void opened(int backend) {}

    /** A connection to this backend has ended; it carried this much in both directions. Lock-free. */
    default void closed(int backend, long packets, long bytes) {}
}
