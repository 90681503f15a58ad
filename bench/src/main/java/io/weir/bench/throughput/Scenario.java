package io.weir.bench.throughput;

/** A pipeline with its tables and the packets that fit it. */
public interface Scenario {
    /** Lower-kebab: {@code l3}. */
    String name();

    /** One sentence: what a packet goes through. */
    String describe();

    /** Builds it for this traffic; the caller closes the rig. */
    Rig build(Traffic traffic);
}
