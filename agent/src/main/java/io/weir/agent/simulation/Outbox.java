package io.weir.agent.simulation;

import io.weir.dataplane.flow.Ingress;

/** Is given every frame that a simulated node sends, in order. */
@FunctionalInterface
public interface Outbox {
    /** Nobody looks. */
    Outbox NONE = (port, frame) -> {};

    /** A frame leaves by this port. */
    void sent(Ingress port, byte[] frame);
}
