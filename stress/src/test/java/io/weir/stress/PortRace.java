package io.weir.stress;

import io.weir.dataplane.pipeline.Verdict;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two senders that are hidden behind one address begin a connection to the same server from the same port, at once. */
final class PortRace {
    /** Of {@link #compare}, for outcomes. */
    static final String BOTH_GO = "2, 1";

    private static final int SENDERS = 0xAC10_0000;

    private final SharedConnections shared;
    private final int server;
    private final long nowNs;
    private int first;
    private int second;

    /** @param timePasses each race has a millisecond of its own; otherwise time stands still, so that nothing ends by itself */
    PortRace(SharedConnections shared, boolean timePasses) {
        final int iteration = SharedConnections.nextIteration();
        this.shared = shared;
        server = SharedConnections.addressOf(iteration);
        nowNs = SharedConnections.timeOf(timePasses ? iteration : 0);
    }

    void one() {
        first = send(1);
    }

    void other() {
        second = send(2);
    }

    /** How many went, and whether their ports differ. */
    void compare(II_Result result) {
        result.r1 = (first == 0 ? 0 : 1) + (second == 0 ? 0 : 1);
        result.r2 = first == second ? 0 : 1;
    }

    /** The port that the packet leaves with, or 0 when it does not. */
    private int send(int sender) {
        final StressSender worker = shared.sender();
        final Verdict verdict = worker.send(SENDERS | sender, 40_000, server, 53, nowNs);
        return verdict == Verdict.FORWARD ? worker.decision.sourcePort() : 0;
    }
}
