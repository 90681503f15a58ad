package io.weir.bench.throughput;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * What some timed runs of one scenario gave.
 *
 * @param scenario       its name
 * @param traffic        its packets
 * @param rates          millions of packets a second, one per run, in rising order
 * @param generatorMpps  the source and sink alone, with nothing between
 * @param burstNs        nanoseconds per burst of 64
 * @param bytesAllocated on the heap by the measuring thread in all runs
 * @param collections    garbage collections during the runs
 * @param cpuSeconds     that the measuring thread used in the runs
 * @param pipelineRuns   packets that missed the flow cache in the runs
 */
public record Measurement(
        String scenario,
        Traffic traffic,
        double[] rates,
        double generatorMpps,
        Histogram burstNs,
        long bytesAllocated,
        long collections,
        double cpuSeconds,
        long pipelineRuns) {
    /** The median of the runs. */
    public double mpps() {
        return rates[rates.length / 2];
    }

    public double lowest() {
        return rates[0];
    }

    public double highest() {
        return rates[rates.length - 1];
    }

    /** Nanoseconds per packet, the generator's included. */
    public double nsPerPacket() {
        return 1000 / mpps();
    }

    /** Millions of packets a second that the forwarding alone would do, with the generator's time taken off. */
    public double mppsWithoutGenerator() {
        return withoutGenerator(mpps());
    }

    /** As above, for each run. */
    public double[] ratesWithoutGenerator() {
        return Arrays.stream(rates).map(this::withoutGenerator).toArray();
    }

    private double withoutGenerator(double rate) {
        return 1 / (1 / rate - 1 / generatorMpps);
    }
}
