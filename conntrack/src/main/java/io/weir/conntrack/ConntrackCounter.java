package io.weir.conntrack;

import io.weir.dataplane.pipeline.DropReasons;

/** What the connection table and source NAT count. */
public enum ConntrackCounter {
    CREATED("Connections created."),
    EXPIRED("Connections removed because they were silent for too long."),
    EVICTED("Half-open or closing connections removed to make room in a full table."),
    DELETED("Connections removed by a flush, a reopened port or a backend that is gone."),
    INSERT_RACES("Connections that two workers tried to create at the same time; one was kept."),
    INSERT_FAILURES("Connections that were not created because the table was full."),
    NAT_CREATED("Connections created with a translated source."),
    NAT_PORT_CHANGED("Connections whose source port was in use or not allowed and was replaced."),
    NAT_PORT_PROBES("Ports looked at to find free ones."),
    NAT_PORTS_EXHAUSTED("Searches that found no free port."),
    NAT_PORT_RECLAIMED("Closing connections removed because their port was the last one.");

    private final String label;
    private final String sentence;

    ConntrackCounter(String sentence) {
        this.label = DropReasons.labelOf(name());
        this.sentence = sentence;
    }

    /** Lower-kebab. */
    public String label() {
        return label;
    }

    public String sentence() {
        return sentence;
    }
}
