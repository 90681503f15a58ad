package io.weir.dataplane.flow;

import io.weir.dataplane.pipeline.Decision;
import org.jspecify.annotations.Nullable;

/** Takes down what happens to some packets, for people who look later; on the worker's thread, without allocation. */
public interface PacketEvents {
    /** Nothing is taken down. */
    PacketEvents NONE = new PacketEvents() {
        @Override
        public void dropped(int reasonId, int port, long frame, int length, @Nullable Decision decision, long nowNs) {
            // nobody wants to know
        }

        @Override
        public void newFlow(int port, long frame, int length, Decision decision, long nowNs) {
            // nobody wants to know
        }
    };

    /**
     * A packet was dropped, or answered with an error, by the slow path.
     *
     * @param port     where it came from
     * @param frame    address of its first byte
     * @param decision what had been decided by then; null when it was dropped before any stage saw it
     */
    void dropped(int reasonId, int port, long frame, int length, @Nullable Decision decision, long nowNs);

    /** A flow is let through from now on; this is its packet as it came. */
    void newFlow(int port, long frame, int length, Decision decision, long nowNs);
}
