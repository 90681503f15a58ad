package io.weir.dataplane.segmentation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.route.AdjacencyTable;
import java.util.ArrayList;
import java.util.List;

/** A transmitter with software offload and two memory ports: one that takes big packets and one that does not. */
final class OffloadRig implements AutoCloseable {
    static final int SMALL = 0;
    static final int BIG = 1;

    final PacketPool pool = new PacketPool(1024, 160);
    final AdjacencyTable adjacencies = new AdjacencyTable(8);
    final MemoryPort small = new MemoryPort("small");
    final MemoryPort big = new MemoryPort("big", true);
    private final long memory = OffHeap.allocate(PathCounters.length(4));
    final PathCounters counters = new PathCounters(memory, 4);
    final Transmitter transmitter = new Transmitter(pool, counters, 4, 256);

    OffloadRig() {
        transmitter.offload(new SoftwareOffload());
        transmitter.port(SMALL, small);
        transmitter.port(BIG, big);
    }

    /** Puts a frame into a slot. */
    int slot(byte[] frame) {
        final int handle = pool.acquireFor(frame.length);
        OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
        return handle;
    }

    /** Sends frames as one burst and returns what the port transmitted. */
    List<MemoryPort.Frame> send(int port, int notes, List<byte[]> frames) {
        for (final byte[] frame : frames) {
            final int handle = slot(frame);
            transmitter.send(port, handle, pool.frameAddress(handle), frame.length, notes);
        }
        return flush(port == BIG ? big : small);
    }

    List<MemoryPort.Frame> send(int port, int notes, byte[]... frames) {
        return send(port, notes, List.of(frames));
    }

    /** Sends a frame by an adjacency that tunnels it behind this header. */
    List<MemoryPort.Frame> tunnel(int port, boolean outerIpv6, byte[] outer, byte[] frame, int notes) {
        final int kind = outerIpv6 ? AdjacencyTable.TUNNEL_IPV6 : AdjacencyTable.TUNNEL_IPV4;
        final int index = adjacencies.add(port, kind, 1450, outer);
        final int handle = slot(frame);
        transmitter.sendVia(
                adjacencies.entry(index), handle, pool.frameAddress(handle) + 14, frame.length - 14, notes, 12345);
        final List<MemoryPort.Frame> sent = flush(port == BIG ? big : small);
        adjacencies.remove(index);
        return sent;
    }

    /** All that a port has sent since the last call; every slot must be free then. */
    List<MemoryPort.Frame> flush(MemoryPort port) {
        transmitter.flush();
        assertThat(pool.inUse()).as("slots in use").isZero();
        final List<MemoryPort.Frame> sent = new ArrayList<>(port.transmitted());
        while (port.poll() != null) {
            // they are in the list
        }
        return sent;
    }

    List<byte[]> bytes(List<MemoryPort.Frame> frames) {
        return frames.stream().map(MemoryPort.Frame::bytes).toList();
    }

    long value(PathCounter counter) {
        return counters.value(counter);
    }

    @Override
    public void close() {
        pool.close();
        adjacencies.close();
        OffHeap.free(memory);
    }
}
