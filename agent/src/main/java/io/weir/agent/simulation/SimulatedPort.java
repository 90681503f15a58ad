package io.weir.agent.simulation;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;
import java.util.ArrayDeque;

/** A port of a simulated node: frames are put in by hand, and what it sends goes to the node's {@link Outbox}. */
public final class SimulatedPort implements Port {
    private final Ingress ingress;
    private final Outbox outbox;
    private final ArrayDeque<byte[]> inbound = new ArrayDeque<>();

    SimulatedPort(Ingress ingress, Outbox outbox) {
        this.ingress = ingress;
        this.outbox = outbox;
    }

    @Override
    public String name() {
        return ingress.name();
    }

    /** The frame will be received with the next burst; it has at most {@link PacketPool#BIG_FRAME_CAPACITY} bytes. */
    public void offer(byte[] frame) {
        inbound.add(frame);
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int count = 0;
        while (!burst.isFull() && !inbound.isEmpty()) {
            final byte[] frame = inbound.element();
            final int handle = pool.acquireFor(frame.length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            inbound.remove();
            final long address = pool.frameAddress(handle);
            OffHeap.copy(frame, 0, address, frame.length);
            burst.add(handle, address, frame.length, 0);
            count++;
        }
        return count;
    }

    @Override
    public int transmit(Burst burst) {
        for (int i = 0; i < burst.size(); i++) {
            final byte[] frame = new byte[burst.length(i)];
            OffHeap.copy(burst.address(i), frame, 0, frame.length);
            outbox.sent(ingress, frame);
        }
        return burst.size();
    }

    @Override
    public void close() {
        inbound.clear();
    }
}
