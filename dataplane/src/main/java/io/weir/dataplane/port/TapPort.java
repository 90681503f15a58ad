package io.weir.dataplane.port;

import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapQueue;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.function.IntConsumer;

/**
 * One queue of a TAP device. Frames are read straight into slots of the pool and written from them; a system call each,
 * as TAP knows no batches (measured: 1.3 µs to write, 1.6 µs to read a 64-byte frame).
 *
 * <p>A frame's length is known only after it was read, so frames are read into big slots as long as there are any, and
 * otherwise into an ordinary slot with spill-over room behind it.
 */
public final class TapPort implements Port {
    private static final int VECTOR_LENGTH = 16;

    private final String name;
    private final TapDevice device;
    private final TapQueue queue;
    private final boolean takesBigPackets;

    /** Two {@code struct iovec}s, and behind them the room for the part of a frame that an ordinary slot cannot hold. */
    private final long vectors = OffHeap.allocate(2 * VECTOR_LENGTH + PacketPool.BIG_FRAME_CAPACITY);

    private final long spill = vectors + 2 * VECTOR_LENGTH;
    private PortDrops drops = PortDrops.NONE;

    /**
     * A port on a queue.
     *
     * @param device a device with the 10-byte header; the last of its ports to be closed must close it
     */
    public TapPort(String name, TapDevice device, int queue) {
        if (device.spec().vnetHeaderLength() != OffloadHeader.LENGTH) {
            throw new IllegalArgumentException("TAP " + name + " has headers of "
                    + device.spec().vnetHeaderLength() + " bytes, " + OffloadHeader.LENGTH + " are needed");
        }
        this.name = name;
        this.device = device;
        this.queue = device.queue(queue);
        takesBigPackets = device.segmentsTcp() && device.segmentsUdp();
    }

    @Override
    public String name() {
        return name;
    }

    /** The device, of which this is one queue. */
    public TapDevice device() {
        return device;
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        int count = 0;
        while (!burst.isFull()) {
            int handle = pool.acquireBig();
            boolean big = handle != PacketPool.NULL_HANDLE;
            if (!big) {
                handle = pool.acquire();
                if (handle == PacketPool.NULL_HANDLE) {
                    break;
                }
            }
            long frame = pool.frameAddress(handle);
            int length = (big ? read(frame) : readWithSpill(frame)) - OffloadHeader.LENGTH;
            if (length <= 0) {
                pool.release(handle);
                break;
            }
            if (length > pool.capacity(handle)) {
                drops.received(DataplaneDrop.FRAME_TOO_BIG, 1, length);
                pool.release(handle);
                continue;
            }
            int notes = OffloadHeader.notes(frame - OffloadHeader.LENGTH, frame, length);
            if (notes == OffloadHeader.UNUSABLE) {
                drops.received(DataplaneDrop.OFFLOAD_HEADER_INVALID, 1, length);
                pool.release(handle);
                continue;
            }
            burst.add(handle, frame, length, notes);
            count++;
        }
        return count;
    }

    @Override
    public int transmit(Burst burst) {
        int sent = 0;
        int size = burst.size();
        for (int i = 0; i < size; i++) {
            long frame = burst.address(i);
            int length = burst.length(i);
            long header = frame - OffloadHeader.LENGTH;
            if (OffloadHeader.write(header, frame, length, burst.notes(i))
                    && queue.write(header, OffloadHeader.LENGTH + length) > 0) {
                sent++;
            } else {
                drops.unsent(DataplaneDrop.DEVICE_REFUSED, length);
            }
        }
        return sent;
    }

    @Override
    public void drops(PortDrops target) {
        drops = target;
    }

    @Override
    public boolean takesBigPackets() {
        return takesBigPackets;
    }

    @Override
    public boolean files(IntConsumer file) {
        file.accept(queue.fd());
        return true;
    }

    /** Gives up this queue's memory; the device stays open for its other queues. */
    @Override
    public void close() {
        OffHeap.free(vectors);
    }

    private int read(long frame) {
        return queue.read(frame - OffloadHeader.LENGTH, OffloadHeader.LENGTH + PacketPool.BIG_FRAME_CAPACITY);
    }

    private int readWithSpill(long frame) {
        OffHeap.putLong(vectors, frame - OffloadHeader.LENGTH);
        OffHeap.putLong(vectors + 8, OffloadHeader.LENGTH + PacketPool.FRAME_CAPACITY);
        OffHeap.putLong(vectors + VECTOR_LENGTH, spill);
        OffHeap.putLong(vectors + VECTOR_LENGTH + 8, PacketPool.BIG_FRAME_CAPACITY);
        return queue.readv(vectors, 2);
    }
}
