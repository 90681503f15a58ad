package io.weir.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two workers hide two senders with the same port behind one address at the same time: the ports must differ. */
@JCStressTest
@Outcome(id = PortRace.BOTH_GO, expect = Expect.ACCEPTABLE, desc = "both go, behind different ports")
@Outcome(expect = Expect.FORBIDDEN, desc = "a packet was lost, or both have the same port")
@State
public class SourcePortStress {
    private static final SharedConnections SHARED = new SharedConnections(true);

    private final PortRace race = new PortRace(SHARED, true);

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
