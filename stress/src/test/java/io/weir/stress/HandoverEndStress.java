package io.weir.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A connection is handed to the kernel and taken back while a worker gets its first FIN: neither forgets the other. Handed over or not,
 * whether it is closing, and whether segments from far ahead pass, which they do after a handover alone.
 */
@JCStressTest
@Outcome(id = "1, 1, 1", expect = Expect.ACCEPTABLE, desc = "handed over, then closing")
@Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "closing, so it was not handed over")
@Outcome(expect = Expect.FORBIDDEN, desc = "the FIN or the handover is lost")
@State
public class HandoverEndStress {
    private final StressConnection connection = new StressConnection();

    @Actor
    public void control(III_Result result) {
        final boolean isBegun = connection.begin();
        if (isBegun) {
            connection.end();
        }
        result.r1 = isBegun ? 1 : 0;
    }

    @Actor
    public void client() {
        connection.clientEnds();
    }

    @Arbiter
    public void after(III_Result result) {
        result.r2 = connection.isOpen() ? 0 : 1;
        final int end = StressConnection.CLIENT_NEXT + StressConnection.SEGMENT + 1;
        result.r3 = connection.segment(true, StressConnection.SERVER_NEXT + StressConnection.FAR, end) ? 1 : 0;
        connection.reset(end);
    }
}
