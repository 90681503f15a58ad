package io.weir.dataplane.flow;

/** Takes up packets that were held: they go through the pipeline as if they came now. */
@FunctionalInterface
public interface Resumption {
    /**
     * Takes over the slot.
     *
     * @param handle slot of the worker's pool; the frame starts at its frame address
     * @param length bytes of the frame
     * @param notes  offload notes of {@link io.weir.dataplane.packet.Burst}
     * @param port   where it came from
     * @param scope  its ingress context
     */
    void resume(int handle, int length, int notes, int port, int scope);
}
