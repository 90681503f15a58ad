package io.weir.bench.throughput;

import org.HdrHistogram.Histogram;

/**
 * What some timed runs of one scenario gave.
 *
 * @param scenario       its name
 * @param traffic        its packets
 * @param mpps           millions of packets a second, the median of the runs
 * @param lowest         of the runs
 * @param highest        of the runs
 * @param generatorMpps  the source and sink alone, with nothing between
 * @param burstNs        nanoseconds per burst of 64
 * @param bytesAllocated on the heap by the measuring thread in all runs
 * @param pipelineRuns   packets that missed the flow cache in the runs
 */
public record Measurement(
        String scenario,
        Traffic traffic,
        double mpps,
        double lowest,
        double highest,
        double generatorMpps,
        Histogram burstNs,
        long bytesAllocated,
        long pipelineRuns) {
    /** Nanoseconds per packet, the generator's included. */
    public double nsPerPacket() {
        return 1000 / mpps;
    }

    /** Millions of packets a second that the forwarding alone would do, with the generator's time taken off. */
    public double mppsWithoutGenerator() {
        return 1000 / (nsPerPacket() - 1000 / generatorMpps);
    }
}
