package io.weir.dataplane.observe;

/** What an event tells of. */
public enum EventKind {
    /** A packet was dropped, or answered with an error. */
    DROPPED(1),
    /** The first packet of a flow that the flow cache now knows. */
    NEW_FLOW(2);

    private final int id;

    EventKind(int id) {
        this.id = id;
    }

    /** As in the file. */
    public int id() {
        return id;
    }
}
