package io.weir.dataplane.pipeline;

import io.weir.dataplane.packet.Packet;

/**
 * One decision about a packet: a route, a policy, a translation.
 *
 * <p>A stage is immutable and shared by all workers: its table is a final field, and a new configuration is a new
 * stage in a new pipeline. It never changes the packet; it reads the packet and what earlier stages decided, and adds
 * to the decision. It allocates nothing unless the decision is explained.
 */
public interface Stage {
    /** Lower-kebab: {@code source-check}. */
    String name();

    /** Adds to the decision; returns {@link Verdict#CONTINUE} to let the next stage go on. */
    Verdict decide(Packet packet, Decision decision);

    /** One line about the table behind this stage, for people: {@code 12 routes}. */
    String describe();
}
