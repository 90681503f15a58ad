package io.weir.stress;

import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * One worker finds no connection for a packet, and remembers that it is denied, while another worker creates the connection
 * that the packet answers: what was remembered must not hold any more.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "denied, and the creation shows")
@Outcome(id = "1, .*", expect = Expect.ACCEPTABLE, desc = "the connection was found")
@Outcome(expect = Expect.FORBIDDEN, desc = "the connection exists, and its answers would be dropped")
@State
public class DeniedFlowStress {
    private static final SharedConnections SHARED = new SharedConnections(false);
    private static final int PEER = 0xC000_0201;

    private final int iteration = SharedConnections.nextIteration();
    private boolean found;
    private int place;
    private int stamp;

    @Actor
    public void denied() {
        final StressSender sender = SHARED.sender();
        sender.ask(
                SHARED.stages().conntrack(),
                SharedConnections.addressOf(iteration),
                4000,
                PEER,
                53,
                SharedConnections.timeOf(iteration));
        final Decision decision = sender.decision;
        found = decision.connectionState() == ConnectionState.ESTABLISHED;
        place = decision.absencePlace();
        stamp = decision.absenceStamp();
    }

    @Actor
    public void creator() {
        SHARED.sender()
                .send(PEER, 53, SharedConnections.addressOf(iteration), 4000, SharedConnections.timeOf(iteration));
    }

    /** Whether the connection was found, and whether its absence would still be believed. */
    @Arbiter
    public void believe(II_Result result) {
        result.r1 = found ? 1 : 0;
        result.r2 = SHARED.table().isStillAbsent(place, stamp) ? 1 : 0;
    }
}
