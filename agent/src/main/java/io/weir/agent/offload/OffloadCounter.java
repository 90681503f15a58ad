package io.weir.agent.offload;

import io.weir.dataplane.pipeline.DropReasons;

/** What is counted of flow offload for the whole node. */
public enum OffloadCounter {
    ADDED("Connections that the kernel was given."),
    REFUSED("Flows that carried much and that only weir can carry: of ports without offload."),
    FULL("Connections that found the kernel's table full."),
    SUSPENDED("Connections that weir kept or took back because somebody traces or captures."),
    REVOKED("Connections taken back because something changed that they depend on."),
    CLOSED("Connections taken back because they were closed or ended."),
    IDLE("Connections taken back because they were silent."),
    PACKETS("Packets that the kernel carried."),
    BYTES("Bytes of these packets, without Ethernet headers.");

    private final String sentence;

    OffloadCounter(String sentence) {
        this.sentence = sentence;
    }

    /** Lower-kebab name. */
    public String label() {
        return DropReasons.labelOf(name());
    }

    public String sentence() {
        return sentence;
    }
}
