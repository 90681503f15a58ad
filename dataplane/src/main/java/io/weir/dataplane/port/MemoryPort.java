package io.weir.dataplane.port;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Two queues of frames on the heap: what a test puts in is received, what is transmitted can be looked at. */
public final class MemoryPort implements Port {
    /**
     * A frame with its offload notes, as in {@link Burst#notes(int)}.
     *
     * @param bytes the frame from its Ethernet header on
     * @param notes offload notes; 0 for an ordinary packet
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Frame(byte[] bytes, int notes) {}

    private final String name;
    private final boolean takesBigPackets;
    private final ArrayDeque<Frame> inbound = new ArrayDeque<>();
    private final List<Frame> outbound = new ArrayList<>();

    public MemoryPort(String name) {
        this(name, false);
    }

    public MemoryPort(String name, boolean takesBigPackets) {
        this.name = name;
        this.takesBigPackets = takesBigPackets;
    }

    @Override
    public String name() {
        return name;
    }

    /** The frame will be received with the next bursts. */
    public void offer(byte[] frame) {
        offer(frame, 0);
    }

    public void offer(byte[] frame, int notes) {
        inbound.add(new Frame(frame, notes));
    }

    /** Takes the oldest transmitted frame, or null when there is none. */
    public byte @Nullable [] poll() {
        return outbound.isEmpty() ? null : outbound.removeFirst().bytes();
    }

    /**
     * Takes the oldest transmitted frame.
     *
     * @throws NoSuchElementException when there is none
     */
    public byte[] next() {
        return outbound.removeFirst().bytes();
    }

    /** Transmitted frames that were not polled, oldest first. */
    public List<Frame> transmitted() {
        return List.copyOf(outbound);
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int count = 0;
        while (!burst.isFull()) {
            final Frame frame = inbound.peek();
            if (frame == null) {
                break;
            }
            final int handle = pool.acquireFor(frame.bytes.length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            inbound.remove();
            final long address = pool.frameAddress(handle);
            OffHeap.copy(frame.bytes, 0, address, frame.bytes.length);
            burst.add(handle, address, frame.bytes.length, frame.notes);
            count++;
        }
        return count;
    }

    @Override
    public int transmit(Burst burst) {
        for (int i = 0; i < burst.size(); i++) {
            final byte[] bytes = new byte[burst.length(i)];
            OffHeap.copy(burst.address(i), bytes, 0, bytes.length);
            outbound.add(new Frame(bytes, burst.notes(i)));
        }
        return burst.size();
    }

    @Override
    public boolean takesBigPackets() {
        return takesBigPackets;
    }

    @Override
    public void close() {
        inbound.clear();
    }
}
