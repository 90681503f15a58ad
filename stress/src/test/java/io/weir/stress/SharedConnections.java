package io.weir.stress;

import io.weir.conntrack.BackendStates;
import io.weir.conntrack.ConntrackCompiler;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackStages;
import io.weir.conntrack.ConntrackTable;
import io.weir.conntrack.SnatRule;
import io.weir.conntrack.SnatSpec;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection table for all iterations of a test. Each iteration has addresses of its own and a millisecond of virtual
 * time; senders sweep as workers do, so that the table never fills: a full one evicts connections that have just begun.
 *
 * <p>jcstress lets one actor run ahead of the other by all strides of an epoch, 10 240 iterations, so ten seconds of virtual
 * time. Workers' clocks are never so far apart. With longer strides the one behind finds entries that were freed in its
 * future, and takes them for resting: enough of them fill a smaller table (a {@code conntrack-table-full} at 34 to 98 %). Beyond 30
 * seconds the one ahead also ends connections that are young to the other, whose port it then gets.
 */
final class SharedConnections {
    private static final long START_NS = 1_000_000_000_000L;
    private static final AtomicInteger ITERATIONS = new AtomicInteger();

    private final ConntrackTable table;
    private final ThreadLocal<StressSender> senders;
    private final ConntrackStages stages;

    SharedConnections(boolean masquerade) {
        this(masquerade, 1 << 18);
    }

    /** A table of this size; a small one is always full, and each connection makes another one end. */
    SharedConnections(boolean masquerade, int capacity) {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(capacity);
        final ConntrackCompiler compiler =
                new ConntrackCompiler(spec, BackendStates.ALL_PRESENT, new VersionSlots(64), new SplittableRandom(3));
        table = compiler.table();
        stages = compiler.compile(spec, masquerade ? masquerade() : SnatSpec.NONE);
        senders = ThreadLocal.withInitial(() -> new StressSender(stages, table));
    }

    private static SnatSpec masquerade() {
        return new SnatSpec(
                List.of(SnatRule.masquerade(SnatRule.Match.ANY, SnatRule.Match.ANY)),
                Map.of(),
                List.of(IpAddress.parse("192.168.0.10")),
                SnatSpec.NODE_PORT_LOW,
                SnatSpec.NODE_PORT_HIGH,
                false);
    }

    /** So many other threads begin a connection each, and live on: whoever comes later finds no place among them. */
    SharedConnections withThreads(int count) {
        final CountDownLatch begun = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            final int number = i;
            Thread.ofPlatform().daemon().start(() -> {
                sender().send(0xAC11_0000 | number, 40_000, 0xC000_0201, 53, START_NS);
                begun.countDown();
                while (!Thread.interrupted()) {
                    LockSupport.park();
                }
            });
        }
        try {
            begun.await();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return this;
    }

    static int nextIteration() {
        return ITERATIONS.getAndIncrement();
    }

    static long timeOf(int iteration) {
        return START_NS + iteration * 1_000_000L;
    }

    /** An address that no other of 16 million iterations has. */
    static int addressOf(int iteration) {
        return 0x0A00_0000 | (iteration & 0xFF_FFFF);
    }

    ConntrackTable table() {
        return table;
    }

    ConntrackStages stages() {
        return stages;
    }

    /** The calling thread's. */
    StressSender sender() {
        return senders.get();
    }
}
