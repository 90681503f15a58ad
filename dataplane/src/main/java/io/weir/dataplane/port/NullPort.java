package io.weir.dataplane.port;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.function.IntConsumer;

/** Gives nothing and takes everything: the far end of a benchmark. */
public final class NullPort implements Port {
    private final String name;
    private long packets;
    private long bytes;

    public NullPort(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        return 0;
    }

    @Override
    public int transmit(Burst burst) {
        final int count = burst.size();
        packets += count;
        bytes += burst.bytes(count);
        return count;
    }

    /** Packets discarded so far. */
    public long packets() {
        return packets;
    }

    /** Bytes discarded so far. */
    public long bytes() {
        return bytes;
    }

    @Override
    public boolean takesBigPackets() {
        return true;
    }

    @Override
    public boolean files(IntConsumer file) {
        return true;
    }

    @Override
    public void close() {
        // nothing is held
    }
}
