package io.weir.bench.throughput;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;

/** A burst of one source, then one of the other, and so on. */
final class AlternatingSource implements Port {
    private final Port one;
    private final Port other;
    private boolean isOthersTurn;

    AlternatingSource(Port one, Port other) {
        this.one = one;
        this.other = other;
    }

    @Override
    public String name() {
        return "alternating";
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        final int received = (isOthersTurn ? other : one).receive(burst, pool);
        isOthersTurn = !isOthersTurn;
        return received;
    }

    @Override
    public int transmit(Burst burst) {
        return 0;
    }

    @Override
    public void close() {
        one.close();
        other.close();
    }
}
