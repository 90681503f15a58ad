package io.weir.dataplane.port;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A thread that carries frames between two ports as they are, and notes what it saw. */
final class Wire implements AutoCloseable {
    private final PacketPool pool;
    private final Burst burst = new Burst(64);
    private final Port one;
    private final Port other;
    private final Thread thread = new Thread(this::run, "wire");
    private volatile boolean stopped;
    private final AtomicInteger longest = new AtomicInteger();
    private final AtomicLong partial = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();

    Wire(Port one, Port other, int packets, int bigPackets) {
        this.one = one;
        this.other = other;
        pool = new PacketPool(packets, bigPackets);
        thread.start();
    }

    int longest() {
        return longest.get();
    }

    long partialChecksums() {
        return partial.get();
    }

    /** Frames that a port did not send. */
    long lost() {
        return lost.get();
    }

    private void run() {
        while (!stopped) {
            if (carry(one, other) + carry(other, one) == 0) {
                LockSupport.parkNanos(20_000);
            }
        }
    }

    private int carry(Port from, Port to) {
        int count = from.receive(burst, pool);
        for (int i = 0; i < count; i++) {
            longest.accumulateAndGet(burst.length(i), Math::max);
            if (burst.isChecksumPartial(i)) {
                partial.incrementAndGet();
            }
        }
        if (count != 0) {
            lost.addAndGet(count - to.transmit(burst));
            burst.releaseAll(pool);
        }
        return count;
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the wire stopped", e);
        }
        if (pool.inUse() != 0) {
            throw new AssertionError(pool.inUse() + " slots were not given back");
        }
        one.close();
        other.close();
        pool.close();
    }
}
