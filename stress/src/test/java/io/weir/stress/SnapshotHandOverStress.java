package io.weir.stress;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.SpscArrayQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The conductor fills a table outside the heap, stamps the version slot and hands the snapshot to a worker through its queue
 * of commands. A worker that has the snapshot sees the stamp and the whole table.
 */
@JCStressTest
@Outcome(id = "0, .*, .*", expect = Expect.ACCEPTABLE, desc = "the snapshot has not come yet")
@Outcome(id = "1, 1, 42", expect = Expect.ACCEPTABLE, desc = "snapshot, stamp and table")
@Outcome(expect = Expect.FORBIDDEN, desc = "a snapshot without its stamp or its table")
@State
public class SnapshotHandOverStress {
    private static final int SLOTS = 1 << 20;
    private static final VersionSlots VERSIONS = new VersionSlots(SLOTS);
    private static final long TABLES = OffHeap.allocate(8L * SLOTS);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final int number = NEXT.getAndIncrement() & SLOTS - 1;
    private final Queue<Integer> commands = new SpscArrayQueue<>(2);

    public SnapshotHandOverStress() {
        VERSIONS.stamp(number, 0);
        OffHeap.putLong(TABLES + 8L * number, 0);
    }

    @Actor
    public void conductor() {
        OffHeap.putLong(TABLES + 8L * number, 42);
        VERSIONS.stamp(number, 1);
        commands.offer(1);
    }

    @Actor
    public void worker(III_Result result) {
        final Integer epoch = commands.poll();
        result.r1 = epoch == null ? 0 : epoch;
        result.r2 = VERSIONS.changedAt(number);
        result.r3 = (int) OffHeap.getLong(TABLES + 8L * number);
    }
}
