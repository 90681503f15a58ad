package io.weir.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A connection is handed to the kernel and taken back, and then the server sends from far ahead, because the kernel has carried what was
 * in between, while another worker gets what the client has sent before. No segment is dropped, and the windows are learnt anew.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "all segments pass, and the windows are right")
@Outcome(expect = Expect.FORBIDDEN, desc = "a segment was dropped, or the windows are wrong")
@State
public class HandoverStress {
    private static final int FAR_SERVER = StressConnection.SERVER_NEXT + StressConnection.FAR;
    private static final int FAR_CLIENT = StressConnection.CLIENT_NEXT + 2 * StressConnection.FAR;

    private final StressConnection connection = new StressConnection();
    private boolean isPassed;

    @Actor
    public void controlAndServer() {
        final boolean isBegun = connection.begin();
        connection.end();
        isPassed = isBegun && connection.segment(true, FAR_SERVER, StressConnection.CLIENT_NEXT);
    }

    @Actor
    public void client(II_Result result) {
        final int sequence = StressConnection.CLIENT_NEXT;
        final boolean isFirst = connection.slowSegment(false, sequence, StressConnection.SERVER_NEXT);
        final boolean isSecond =
                connection.segment(false, sequence + StressConnection.SEGMENT, StressConnection.SERVER_NEXT);
        result.r1 = isFirst && isSecond ? 1 : 0;
    }

    /** Both sides send from where nobody has seen them; twice, because the first of a direction may have been just before. */
    @Arbiter
    public void after(II_Result result) {
        final int sent = 2 * StressConnection.SEGMENT;
        final int server = FAR_SERVER + StressConnection.FAR;
        boolean isRight = isPassed;
        for (int offset = 0; offset < sent; offset += StressConnection.SEGMENT) {
            isRight &= connection.segment(false, FAR_CLIENT + offset, server + offset);
            isRight &= connection.segment(true, server + offset, FAR_CLIENT + offset + StressConnection.SEGMENT);
        }
        isRight &= connection.isOpen() && connection.isAt(FAR_CLIENT + sent, server + sent);
        result.r2 = isRight ? 1 : 0;
        connection.reset(FAR_CLIENT + sent);
    }
}
