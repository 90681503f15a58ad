package io.weir.conntrack;

/** Which Service backends are gone; implemented by the load balancer, asked for packets of known connections. */
@FunctionalInterface
public interface BackendStates {
    /** For a dataplane without Services. */
    BackendStates ALL_PRESENT = backend -> false;

    /** The backend with this id serves no one any more: its connections must choose again. Lock-free. */
    boolean isGone(int backend);
}
