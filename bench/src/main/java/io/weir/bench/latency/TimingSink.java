package io.weir.bench.latency;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.port.Port;
import org.HdrHistogram.Histogram;

/** Takes every packet, and notes how long ago it was due. */
final class TimingSink implements Port {
    private static final long LONGEST_NS = 10_000_000_000L;

    private final Arrivals arrivals;
    private final Histogram histogram = new Histogram(LONGEST_NS, 3);

    TimingSink(Arrivals arrivals) {
        this.arrivals = arrivals;
    }

    /** Delays since the last call of {@link Histogram#reset()}, in nanoseconds. */
    Histogram histogram() {
        return histogram;
    }

    @Override
    public String name() {
        return "sink";
    }

    @Override
    public int receive(Burst burst, PacketPool pool) {
        return 0;
    }

    @Override
    public int transmit(Burst burst) {
        final long now = System.nanoTime();
        final int count = burst.size();
        for (int i = 0; i < count; i++) {
            histogram.recordValue(Math.clamp(now - arrivals.take(), 0, LONGEST_NS));
        }
        return count;
    }

    @Override
    public boolean takesBigPackets() {
        return true;
    }

    @Override
    public void close() {
        // nothing is held
    }
}
