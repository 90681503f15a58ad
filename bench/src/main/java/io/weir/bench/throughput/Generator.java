package io.weir.bench.throughput;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.LoopSource;
import java.util.List;

/** Source and sink with nothing between: what copying the packets in and discarding them costs alone. */
final class Generator implements AutoCloseable {
    private static final int PACKETS = 1024;

    private final LoopSource source;
    private final PacketPool pool = new PacketPool(PACKETS, 0);
    private final Burst burst = new Burst(Rig.BURST);

    Generator(List<byte[]> frames) {
        source = new LoopSource("source", frames);
    }

    /** One burst in and away. */
    int step() {
        final int count = source.receive(burst, pool);
        burst.releaseAll(pool);
        return count;
    }

    @Override
    public void close() {
        source.close();
        pool.close();
    }
}
