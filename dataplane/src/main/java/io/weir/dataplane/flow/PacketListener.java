package io.weir.dataplane.flow;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Explanation;
import org.jspecify.annotations.Nullable;

/**
 * Is told what becomes of each packet that takes the slow path, on the worker's thread. A replay or a trace switches the
 * flow cache off, so that all packets take it.
 */
public interface PacketListener {
    /** Nobody listens. */
    PacketListener NONE = new PacketListener() {};

    /** Takes down why each stage decided as it did; null: not wanted. */
    default @Nullable Explanation explanation() {
        return null;
    }

    /** The stages begin. */
    default void deciding(Packet packet) {}

    /** It is rewritten and will leave by the decision's port. */
    default void forwarded(Packet packet, Decision decision) {}

    default void dropped(Packet packet, DropReason reason) {}

    /** A tunnel packet was refused before its inner packet was looked at. */
    default void droppedInTunnel(Packet packet, int reasonId) {}

    /** weir answers; the reason is null when the packet was meant for weir itself. */
    default void answered(Packet packet, Answer answer, @Nullable DropReason reason) {}

    /** ARP or neighbour discovery. */
    default void neighbourPacket(Packet packet) {}

    /** It waits for a neighbour or for its first fragment. */
    default void held(Packet packet) {}
}
