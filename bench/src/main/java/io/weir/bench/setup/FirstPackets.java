package io.weir.bench.setup;

import io.weir.bench.experiment.PinnedThread;
import io.weir.bench.throughput.Rig;
import io.weir.bench.throughput.Scenario;
import io.weir.bench.throughput.Traffic;

/** Times one pass over a capture by a dataplane that has never seen any of its flows. */
final class FirstPackets {
    private FirstPackets() {}

    /**
     * Flows a second: each has one packet, which takes the whole pipeline and leaves an entry behind.
     *
     * @throws IllegalStateException when not every flow is forwarded
     */
    static double perSecond(PinnedThread thread, Scenario scenario, Traffic traffic) throws InterruptedException {
        try (Rig rig = scenario.build(traffic)) {
            final int flows = traffic.flows();
            final long start = rig.received();
            final long forwarded = rig.forwarded();
            final double seconds = thread.call(() -> {
                final long begin = System.nanoTime();
                for (int received = 0; received < flows; ) {
                    received += rig.step();
                }
                return (System.nanoTime() - begin) / 1e9;
            });
            final long received = rig.received() - start;
            if (rig.forwarded() - forwarded != received) {
                throw new IllegalStateException(scenario.name() + " forwarded " + (rig.forwarded() - forwarded) + " of "
                        + received + " new flows");
            }
            return received / seconds;
        }
    }
}
