package io.weir.stress;

import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.memory.OffHeap;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** A worker counts bytes past 32 bits while a reader looks twice: numbers are whole and never run backwards. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before")
@Outcome(id = "(0|4294967295), (4294967295|8589934590)", expect = Expect.ACCEPTABLE, desc = "between")
@Outcome(id = "8589934590, 8589934590", expect = Expect.ACCEPTABLE, desc = "after")
@Outcome(expect = Expect.FORBIDDEN, desc = "a torn number, or one that ran backwards")
@State
public class CounterStress {
    private static final int PLACES = 1 << 16;
    private static final long BYTES = PathCounters.length(1);
    private static final long MEMORY = OffHeap.allocate(BYTES * PLACES);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final PathCounters counters = new PathCounters(MEMORY + BYTES * (NEXT.getAndIncrement() & PLACES - 1), 1);

    public CounterStress() {
        counters.clearPort(0);
    }

    @Actor
    public void worker() {
        counters.received(0, 1, 0xFFFF_FFFFL);
        counters.received(0, 1, 0xFFFF_FFFFL);
    }

    @Actor
    public void reader(LL_Result result) {
        result.r1 = counters.receivedBytes(0);
        result.r2 = counters.receivedBytes(0);
    }
}
