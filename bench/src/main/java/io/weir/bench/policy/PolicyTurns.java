package io.weir.bench.policy;

import io.weir.agent.cluster.ClusterState;
import java.util.concurrent.locks.LockSupport;

/** Counts a node's packets while nothing changes, while its policies change, and while another node's do. */
final class PolicyTurns {
    private static final long PAUSE_NS = 1_000_000;

    private final PolicyCluster cluster;
    private final PolicyNode counted;
    private final PolicyNode other;
    private ClusterState state;
    private int made;
    private double changesPerSecond;

    PolicyTurns(PolicyCluster cluster, ClusterState state, PolicyNode counted, PolicyNode other) {
        this.cluster = cluster;
        this.state = state;
        this.counted = counted;
        this.other = other;
        other.apply(state);
    }

    /** Millions of packets a second. */
    double alone(double seconds) {
        return rate(seconds, () -> LockSupport.parkNanos(PAUSE_NS));
    }

    /** The same while changes are made without a pause. */
    double here(double seconds) {
        counted.apply(state);
        final int before = made;
        final double rate = rate(seconds, () -> {
            counted.apply(next());
            counted.awaitPassed();
        });
        changesPerSecond = (made - before) / seconds;
        return rate;
    }

    /** The same while changes are made to another node, whose packets nobody counts. */
    double elsewhere(double seconds) {
        other.apply(state);
        return rate(seconds, () -> {
            other.apply(next());
            other.step();
            other.poll();
        });
    }

    /** Changes during the last {@link #here}. */
    double changesPerSecond() {
        return changesPerSecond;
    }

    private ClusterState next() {
        final PolicyChange[] kinds = PolicyChange.values();
        state = kinds[made % kinds.length].of(cluster, state, made / kinds.length);
        made++;
        return state;
    }

    private double rate(double seconds, Runnable meanwhile) {
        final long begin = System.nanoTime();
        final long received = counted.received();
        final long end = begin + (long) (seconds * 1e9);
        while (System.nanoTime() < end) {
            meanwhile.run();
            counted.poll();
        }
        return (counted.received() - received) * 1e3 / (System.nanoTime() - begin);
    }
}
