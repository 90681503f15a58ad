package io.weir.dataplane.flow;

import io.weir.dataplane.pipeline.DropReasons;

/** What a worker counts besides drops and port traffic. The id is the place in the file and is never used again for something else. */
public enum PathCounter {
    CACHE_HITS(0, "Packets that the flow cache answered."),
    PIPELINE_RUNS(1, "Packets that went through the stages."),
    STALE_FLOWS(2, "Cached decisions that no longer held when a packet came."),
    INSTALLED_FLOWS(3, "Decisions put into the flow cache."),
    ANSWERED(4, "Packets that weir answered by itself: echo, ARP, neighbour discovery, rejects."),
    ANSWERS_SENT(5, "Packets that weir sent by itself."),
    HELD(6, "Packets put aside until a neighbour or a first fragment is known."),
    RESUMED(7, "Packets taken up again after they were held."),
    SEGMENTS(8, "Packets cut from big ones in software."),
    FRAGMENTS(9, "Fragments made of packets that were too long for their way out."),
    CYCLES(10, "Turns of the worker's loop."),
    BUSY_CYCLES(11, "Turns of the worker's loop that had packets."),
    BURSTS(12, "Bursts received.");

    private final int id;
    private final String sentence;

    PathCounter(int id, String sentence) {
        this.id = id;
        this.sentence = sentence;
    }

    /** 0 to 63. */
    public int id() {
        return id;
    }

    /** Lower-kebab name. */
    public String label() {
        return DropReasons.labelOf(name());
    }

    public String sentence() {
        return sentence;
    }
}
