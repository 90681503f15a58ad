package io.weir.bench.throughput;

/**
 * Lets a dataplane meet all flows of a capture before anything is measured. Goes on beyond the time that is given until every
 * packet has come by once more and none missed the flow cache, or until passes over the capture no longer reduce the few that do:
 * some of a million flows have no place, because their neighbourhood in the cache is full.
 */
public final class Learning {
    private static final double LONGEST_SECONDS = 30;

    /** A share of packets that costs less than a measurement varies. */
    private static final double FEW = 1e-4;

    /** A pass that has this much of the misses of the one before it is no progress. */
    private static final double STILL_LESS = 0.5;

    private final Rig rig;
    private final int packets;

    /** Forwards for a while. */
    @FunctionalInterface
    public interface Forwarding {
        /** As long as it is told. */
        void run(double seconds) throws InterruptedException;
    }

    /**
     * @param packets of the capture, one for each flow
     */
    public Learning(Rig rig, int packets) {
        this.rig = rig;
        this.packets = packets;
    }

    /** Forwards for so long at least, and {@value #LONGEST_SECONDS} seconds longer at most. */
    public void await(double seconds, Forwarding forwarding) throws InterruptedException {
        forwarding.run(seconds);
        final long end = System.nanoTime() + (long) (LONGEST_SECONDS * 1e9);
        final double step = Math.max(0.05, seconds / 10);
        double before = Double.POSITIVE_INFINITY;
        while (System.nanoTime() < end) {
            final double share = missesOfAPass(step, end, forwarding);
            if (share == 0 || (share < FEW && share > before * STILL_LESS)) {
                break;
            }
            before = share;
        }
    }

    /** The share of packets that missed the flow cache while all of the capture came by at least once. */
    private double missesOfAPass(double seconds, long end, Forwarding forwarding) throws InterruptedException {
        final long missesBefore = rig.pipelineRuns();
        final long receivedBefore = rig.received();
        long received;
        do {
            forwarding.run(seconds);
            received = rig.received() - receivedBefore;
        } while (received < packets && System.nanoTime() < end);
        return (double) (rig.pipelineRuns() - missesBefore) / received;
    }
}
