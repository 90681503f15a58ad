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
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One connection table for all iterations of a test. Each iteration has addresses of its own and a millisecond of virtual
 * time; senders sweep as workers do, so that the table never fills: a full one evicts connections that have just begun.
 */
final class SharedConnections {
    private static final long START_NS = 1_000_000_000_000L;
    private static final AtomicInteger ITERATIONS = new AtomicInteger();

    private final ConntrackTable table;
    private final ThreadLocal<StressSender> senders;
    private final ConntrackStages stages;

    SharedConnections(boolean masquerade) {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1 << 16);
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
