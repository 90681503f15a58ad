package io.weir.dataplane.observe;

import io.weir.dataplane.pipeline.DropReasons;

/** What is counted for each port, in the order in which a worker's region has it. */
public enum PortNumber {
    RECEIVED_PACKETS(0, "Packets that came from the port."),
    RECEIVED_BYTES(1, "Bytes of these packets, Ethernet headers included."),
    SENT_PACKETS(2, "Packets that the port took."),
    SENT_BYTES(3, "Bytes of these packets, Ethernet headers included."),
    OFFLOADED_RECEIVED_PACKETS(4, "Packets from the port that the kernel carried past weir."),
    OFFLOADED_RECEIVED_BYTES(5, "Bytes of these packets, without Ethernet headers."),
    OFFLOADED_SENT_PACKETS(6, "Packets to the port that the kernel carried past weir."),
    OFFLOADED_SENT_BYTES(7, "Bytes of these packets, without Ethernet headers.");

    private final int index;
    private final String sentence;

    PortNumber(int index, String sentence) {
        this.index = index;
        this.sentence = sentence;
    }

    /** Place among the numbers of a port. */
    public int index() {
        return index;
    }

    public String label() {
        return DropReasons.labelOf(name());
    }

    public String sentence() {
        return sentence;
    }
}
