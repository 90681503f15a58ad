package io.weir.dataplane.port;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.List;

/**
 * Receives the frames of a capture held in memory over and over, copying each into a packet slot, as a network card's ring
 * or {@code dpdk-testpmd}'s {@code net_pcap,infinite_rx=1} would: the near end of a benchmark. Sends nothing.
 */
public final class LoopSource implements Port {
    private final String name;
    private final int count;
    private final long bytes;
    private final int[] lengths;
    private final int stride;
    private int next;

    /**
     * @param frames at least one; each occupies the longest one's length, rounded up to 64
     */
    public LoopSource(String name, List<byte[]> frames) {
        this.name = name;
        count = frames.size();
        stride = (frames.stream().mapToInt(frame -> frame.length).max().orElseThrow() + 63) & -64;
        lengths = new int[count];
        bytes = OffHeap.allocate((long) count * stride);
        for (int i = 0; i < count; i++) {
            final byte[] frame = frames.get(i);
            lengths[i] = frame.length;
            OffHeap.copy(frame, 0, bytes + (long) i * stride, frame.length);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int index = next;
        int received = 0;
        while (!burst.isFull()) {
            final int length = lengths[index];
            final int handle = pool.acquireFor(length);
            if (handle == PacketPool.NULL_HANDLE) {
                break;
            }
            final long target = pool.frameAddress(handle);
            final long source = bytes + (long) index * stride;
            // four words a turn: both sides have room up to the next multiple of 64
            for (int at = 0; at < length; at += 32) {
                OffHeap.putLong(target + at, OffHeap.getLong(source + at));
                OffHeap.putLong(target + at + 8, OffHeap.getLong(source + at + 8));
                OffHeap.putLong(target + at + 16, OffHeap.getLong(source + at + 16));
                OffHeap.putLong(target + at + 24, OffHeap.getLong(source + at + 24));
            }
            burst.add(handle, target, length, 0);
            index = index + 1 == count ? 0 : index + 1;
            received++;
        }
        next = index;
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
