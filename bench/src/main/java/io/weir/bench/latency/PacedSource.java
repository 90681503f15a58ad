package io.weir.bench.latency;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;
import java.util.List;

/**
 * Receives the frames of a capture in memory at a steady rate. A packet that the worker is late for keeps the time at which it
 * was due: what it waits counts (no coordinated omission).
 */
final class PacedSource implements Port {
    private final Arrivals arrivals;
    private final int count;
    private final int[] lengths;
    private final int stride;
    private final long bytes;
    private double intervalNs = Double.POSITIVE_INFINITY;
    private long start;
    private long sent;
    private int next;

    PacedSource(List<byte[]> frames, Arrivals arrivals) {
        this.arrivals = arrivals;
        count = frames.size();
        stride = (frames.stream().mapToInt(frame -> frame.length).max().orElseThrow() + 63) & -64;
        lengths = new int[count];
        bytes = OffHeap.allocate((long) count * stride);
        for (int i = 0; i < count; i++) {
            lengths[i] = frames.get(i).length;
            OffHeap.copy(frames.get(i), 0, bytes + (long) i * stride, lengths[i]);
        }
    }

    /** From now on, so many packets a second. */
    void rate(double packetsPerSecond) {
        intervalNs = 1e9 / packetsPerSecond;
        start = System.nanoTime();
        sent = 0;
    }

    @Override
    public String name() {
        return "source";
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        final long due = (long) ((System.nanoTime() - start) / intervalNs) - sent;
        int received = 0;
        while (received < due && !burst.isFull()) {
            final int length = lengths[next];
            final int handle = pool.acquireFor(length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            final long target = pool.frameAddress(handle);
            OffHeap.copy(bytes + (long) next * stride, target, length);
            burst.add(handle, target, length, 0);
            arrivals.add(start + (long) (++sent * intervalNs));
            next = next + 1 == count ? 0 : next + 1;
            received++;
        }
        return received;
    }

    @Override
    public int transmit(Burst burst) {
        return 0;
    }

    @Override
    public void close() {
        OffHeap.free(bytes);
    }
}
