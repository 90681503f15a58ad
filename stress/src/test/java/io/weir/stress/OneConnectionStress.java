package io.weir.stress;

import io.weir.dataplane.pipeline.Verdict;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two workers get the first packet of a connection at the same time: it is one connection, and both packets go. */
@JCStressTest
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "both go, by the same connection")
@Outcome(expect = Expect.FORBIDDEN, desc = "a packet was lost, or there are two connections")
@State
public class OneConnectionStress {
    private static final SharedConnections SHARED = new SharedConnections(false);
    private static final int SERVER = 0xC000_0201;

    private final int iteration = SharedConnections.nextIteration();
    private long first;
    private long second;

    private long send() {
        final StressSender sender = SHARED.sender();
        final Verdict verdict = sender.send(
                SharedConnections.addressOf(iteration), 4000, SERVER, 53, SharedConnections.timeOf(iteration));
        return verdict == Verdict.FORWARD
                ? (long) sender.decision.connectionGeneration() << 32 | sender.decision.connection()
                : -1;
    }

    @Actor
    public void one() {
        first = send();
    }

    @Actor
    public void other() {
        second = send();
    }

    /** How many went, and by how many connections. */
    @Arbiter
    public void count(II_Result result) {
        result.r1 = (first == -1 ? 0 : 1) + (second == -1 ? 0 : 1);
        result.r2 = first == second ? 1 : 2;
    }
}
