package io.weir.conntrack;

import io.weir.dataplane.pipeline.DropReasons;

/** What the connection table and source NAT count. */
public enum ConntrackCounter {
    CREATED(0, "Connections created."),
    EXPIRED(1, "Connections removed because they were silent for too long."),
    EVICTED(2, "Half-open or closing connections removed to make room in a full table."),
    DELETED(3, "Connections removed by a flush, a reopened port or a backend that is gone."),
    INSERT_RACES(4, "Connections that two workers tried to create at the same time; one was kept."),
    INSERT_FAILURES(5, "Connections that were not created because the table was full."),
    NAT_CREATED(6, "Connections created with a translated source."),
    NAT_PORT_CHANGED(7, "Connections whose source port was in use or not allowed and was replaced."),
    NAT_PORT_PROBES(8, "Ports looked at to find free ones."),
    NAT_PORTS_EXHAUSTED(9, "Searches that found no free port."),
    NAT_PORT_RECLAIMED(10, "Closing connections removed because their port was the last one."),
    NAT_ENDED(11, "Connections with a translated source that ended; those created less these hold ports now.");

    private final int id;
    private final String label;
    private final String sentence;

    ConntrackCounter(int id, String sentence) {
        this.id = id;
        this.label = DropReasons.labelOf(name());
        this.sentence = sentence;
    }

    /** 0 to 15: the place among a thread's counters. */
    int id() {
        return id;
    }

    /** Lower-kebab. */
    public String label() {
        return label;
    }

    public String sentence() {
        return sentence;
    }
}
