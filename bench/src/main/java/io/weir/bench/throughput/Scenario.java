package io.weir.bench.throughput;

import java.util.List;

/** A pipeline with its tables and the packets that fit it. */
public interface Scenario {
    /** Lower-kebab: {@code l3}. */
    String name();

    /** One sentence: what a packet goes through. */
    String describe();

    /** The packets that it forwards. */
    List<byte[]> frames(Traffic traffic);

    /** Builds it for this traffic; the caller closes the rig. */
    Rig build(Traffic traffic, Workers workers);

    /** As above, with a single worker. */
    default Rig build(Traffic traffic) {
        return build(traffic, Workers.ONE);
    }
}
