package io.weir.stress;

import io.weir.dataplane.pipeline.Verdict;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As {@link SourcePortStress}, in a table that is full, so that each connection makes an older one end, and by two of more
 * threads than have a place of their own in it: neither may end what the other has just begun, and take its port.
 */
@JCStressTest
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "both go, behind different ports")
@Outcome(expect = Expect.FORBIDDEN, desc = "a packet was lost, or both have the same port")
@State
public class FullTableStress {
    /** More than jcstress lets one actor fall behind the other. Time stands still, so that nothing ends by itself. */
    private static final int CAPACITY = 1 << 15;

    private static final int OTHER_THREADS = 64;
    private static final SharedConnections SHARED = new SharedConnections(true, CAPACITY).withThreads(OTHER_THREADS);

    private final int iteration = SharedConnections.nextIteration();
    private int first;
    private int second;

    /** The port that the packet leaves with, or 0 when it does not. */
    private int send(int sender) {
        final StressSender worker = SHARED.sender();
        final int server = SharedConnections.addressOf(iteration);
        final Verdict verdict = worker.send(0xAC10_0000 | sender, 40_000, server, 53, SharedConnections.timeOf(0));
        return verdict == Verdict.FORWARD ? worker.decision.sourcePort() : 0;
    }

    @Actor
    public void one() {
        first = send(1);
    }

    @Actor
    public void other() {
        second = send(2);
    }

    /** How many went, and whether their ports differ. */
    @Arbiter
    public void compare(II_Result result) {
        result.r1 = (first == 0 ? 0 : 1) + (second == 0 ? 0 : 1);
        result.r2 = first == second ? 0 : 1;
    }
}
