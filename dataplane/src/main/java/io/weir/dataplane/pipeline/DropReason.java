package io.weir.dataplane.pipeline;

/**
 * Why a packet was dropped: public API, read by people and by programs.
 *
 * <p>Each module has one enum of its reasons with ids of its own range: dataplane 1–63, vxlan 64–79, conntrack 80–111,
 * lb 112–127, policy 128–143, ipvlan 144–159. An id is never used again for something else.
 */
public interface DropReason {
    /** Ids are below this. */
    int ID_LIMIT = 256;

    /** 1 to {@link #ID_LIMIT} - 1. */
    int id();

    /** Lower-kebab text, unique among all modules: {@code no-route}. */
    String label();

    /** One sentence for a person: what happened, and what to look at. */
    String sentence();
}
