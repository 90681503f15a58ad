package io.weir.lb;

import io.weir.dataplane.pipeline.DropReasons;

/** How a backend is chosen for a new connection. All but {@link #ROUND_ROBIN} obey weights. */
public enum Scheduler {
    /** Consistent hash over the 5-tuple; with session affinity over the client's address. */
    MAGLEV,
    /** Each backend in turn; the turn is shared by all workers. */
    ROUND_ROBIN,
    /** In turn, as often as the weight says, spread evenly. */
    WEIGHTED_ROUND_ROBIN,
    /** The backend with the fewest connections per weight. */
    LEAST_CONNECTIONS,
    /** Consistent hash over the client's address. */
    SOURCE_HASH;

    /** {@code weighted-round-robin}. */
    public String label() {
        return DropReasons.labelOf(name());
    }
}
