package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getLongAcquire;
import static io.weir.dataplane.memory.OffHeap.putLongRelease;

import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.port.FaultPort;

/**
 * The counters of one worker: an array of 64-bit numbers that the worker alone writes and anybody reads. The memory may be
 * a mapped file.
 *
 * <pre>
 *    0 .. 255   dropped packets by reason id
 *  256 .. 319   the counters of {@link PathCounter} by id
 *  320 ..       per port id: received packets, received bytes, sent packets, sent bytes, and four numbers of packets that
 *               the kernel carried past the worker, see {@link #offloaded}
 * </pre>
 */
public final class PathCounters implements FaultPort.Losses {
    /** Numbers per port. */
    public static final int PORT_STRIDE = 8;

    private static final int PATH_BASE = DropReason.ID_LIMIT;
    private static final int PORT_BASE = PATH_BASE + 64;

    private final long address;
    private final int ports;

    /**
     * @param address zeroed memory of {@link #length(int)} bytes
     * @param ports   port ids are below this
     */
    public PathCounters(long address, int ports) {
        this.address = address;
        this.ports = ports;
    }

    /** Bytes that counters for this many ports take. */
    public static long length(int ports) {
        return 8L * (PORT_BASE + PORT_STRIDE * ports);
    }

    /** Place of a reason's drops in the array. */
    public static int dropIndex(int reasonId) {
        return reasonId;
    }

    /** Place of a counter in the array. */
    public static int index(PathCounter counter) {
        return PATH_BASE + counter.id();
    }

    /** Place of the first of a port's numbers in the array. */
    public static int portIndex(int port) {
        return PORT_BASE + PORT_STRIDE * port;
    }

    /** The id gets a new owner, who starts from zero. */
    public void clearPort(int port) {
        for (int i = 0; i < PORT_STRIDE; i++) {
            putLongRelease(address + 8L * (PORT_BASE + PORT_STRIDE * port + i), 0);
        }
    }

    private void add(int index, long count) {
        final long at = address + 8L * index;
        putLongRelease(at, getLong(at) + count);
    }

    private long read(int index) {
        return getLongAcquire(address + 8L * index);
    }

    public void drop(int reasonId) {
        add(reasonId, 1);
    }

    public void drop(int reasonId, long count) {
        add(reasonId, count);
    }

    public void count(PathCounter counter) {
        add(PATH_BASE + counter.id(), 1);
    }

    public void count(PathCounter counter, long by) {
        add(PATH_BASE + counter.id(), by);
    }

    void cacheHits(int hits) {
        if (hits != 0) {
            count(PathCounter.CACHE_HITS, hits);
        }
    }

    void staleFlow() {
        count(PathCounter.STALE_FLOWS);
    }

    public void received(int port, long packets, long bytes) {
        add(PORT_BASE + PORT_STRIDE * port, packets);
        add(PORT_BASE + PORT_STRIDE * port + 1, bytes);
    }

    @Override
    public void lost(int port, int packets, long bytes) {
        received(port, packets, bytes);
        drop(DataplaneDrop.FAULT_INJECTED.id(), packets);
    }

    public void sent(int port, long packets, long bytes) {
        add(PORT_BASE + PORT_STRIDE * port + 2, packets);
        add(PORT_BASE + PORT_STRIDE * port + 3, bytes);
    }

    /** Control thread, and nobody else, in the counters of one worker: the kernel has carried packets by itself. */
    public void offloaded(int inPort, int outPort, long packets, long bytes) {
        add(PORT_BASE + PORT_STRIDE * inPort + 4, packets);
        add(PORT_BASE + PORT_STRIDE * inPort + 5, bytes);
        add(PORT_BASE + PORT_STRIDE * outPort + 6, packets);
        add(PORT_BASE + PORT_STRIDE * outPort + 7, bytes);
    }

    public long drops(int reasonId) {
        return read(reasonId);
    }

    public long value(PathCounter counter) {
        return read(PATH_BASE + counter.id());
    }

    /** All drops together. */
    public long totalDrops() {
        long sum = 0;
        for (int i = 0; i < DropReason.ID_LIMIT; i++) {
            sum += drops(i);
        }
        return sum;
    }

    public long receivedPackets(int port) {
        return read(PORT_BASE + PORT_STRIDE * port);
    }

    public long receivedBytes(int port) {
        return read(PORT_BASE + PORT_STRIDE * port + 1);
    }

    public long sentPackets(int port) {
        return read(PORT_BASE + PORT_STRIDE * port + 2);
    }

    public long sentBytes(int port) {
        return read(PORT_BASE + PORT_STRIDE * port + 3);
    }

    /** Port ids are below this. */
    public int ports() {
        return ports;
    }
}
