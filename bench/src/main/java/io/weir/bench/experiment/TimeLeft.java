package io.weir.bench.experiment;

import java.util.function.LongSupplier;

/**
 * How long a run of several experiments still takes: their estimates, corrected by how long those that are over took against
 * theirs.
 */
public final class TimeLeft {
    /** One experiment that failed at once, or hung, shall not make nonsense of the rest. */
    private static final double LEAST_FACTOR = 0.25;

    private static final double MOST_FACTOR = 4;

    private final LongSupplier nanoTime;
    private double estimatedOver;
    private double tookOver;
    private double current;
    private double behind;
    private long begin;

    /**
     * @param nanoTime a clock, such as {@link System#nanoTime}
     */
    public TimeLeft(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
    }

    /**
     * The next experiment begins; the one before it is over.
     *
     * @param seconds that it is estimated to take
     * @param later   seconds of all that come behind it
     */
    public void begin(double seconds, double later) {
        if (current > 0) {
            estimatedOver += current;
            tookOver += elapsed();
        }
        current = seconds;
        behind = later;
        begin = nanoTime.getAsLong();
    }

    /** Seconds until all are over. */
    public double seconds() {
        final double factor = estimatedOver == 0 ? 1 : Math.clamp(tookOver / estimatedOver, LEAST_FACTOR, MOST_FACTOR);
        return Math.max(0, factor * current - elapsed()) + factor * behind;
    }

    /** The same in words: {@code 12 min left}. */
    public String text() {
        final long left = Math.round(seconds());
        return left < 100 ? left + " s left" : Math.round(left / 60.0) + " min left";
    }

    private double elapsed() {
        return (nanoTime.getAsLong() - begin) / 1e9;
    }
}
