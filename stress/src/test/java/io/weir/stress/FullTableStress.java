package io.weir.stress;

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
@Outcome(id = PortRace.BOTH_GO, expect = Expect.ACCEPTABLE, desc = "both go, behind different ports")
@Outcome(expect = Expect.FORBIDDEN, desc = "a packet was lost, or both have the same port")
@State
public class FullTableStress {
    /** More than jcstress lets one actor fall behind the other. Time stands still, so that nothing ends by itself. */
    private static final int CAPACITY = 1 << 15;

    private static final int OTHER_THREADS = 64;
    private static final SharedConnections SHARED = new SharedConnections(true, CAPACITY).withThreads(OTHER_THREADS);

    private final PortRace race = new PortRace(SHARED, false);

    @Actor
    public void one() {
        race.one();
    }

    @Actor
    public void other() {
        race.other();
    }

    @Arbiter
    public void compare(II_Result result) {
        race.compare(result);
    }
}
