package io.weir.dataplane.flow;

import java.util.Arrays;

/**
 * A stop watch that a worker takes through its turns, for who wants to know where a packet's time goes. Only one turn of many is
 * timed, so that reading the clock disturbs little; a worker without one, which is nearly always, pays a comparison for each
 * phase of a burst.
 */
public final class BurstClock {
    /** What a burst goes through, in this order. */
    public enum Phase {
        /** The port fills the burst. */
        RECEIVE(0),
        /** Shape of the packets, tunnels taken off, keys and hashes. */
        PARSE(1),
        /** Flow entries loaded, keys compared. */
        LOOKUP(2),
        /** What the entries say is done to each packet, which is then queued; or the pipeline decides. */
        ACT(3),
        /** What was queued leaves by its ports. */
        TRANSMIT(4),
        /** Until the next turn begins: counters, idle flows looked for, commands of other threads. */
        REST(5);

        private final int index;

        Phase(int index) {
            this.index = index;
        }
    }

    private static final int PHASES = Phase.values().length;

    /** Timed bursts that are remembered, a power of two; later ones take the places of the first. */
    private static final int REMEMBERED = 1 << 14;

    private final int every;
    private final int[] ns = new int[PHASES * REMEMBERED];
    private long packets;
    private int bursts;
    private int turns;
    private boolean runs;
    private boolean isFilled;
    private long last;

    /**
     * @param every one turn of so many is timed
     */
    public BurstClock(int every) {
        this.every = every;
    }

    /** A turn begins. */
    public void begin() {
        if (runs && isFilled) {
            over(Phase.REST);
        }
        isFilled = false;
        runs = ++turns >= every;
        if (runs) {
            turns = 0;
            last = System.nanoTime();
        }
    }

    /** The port has filled a burst with so many packets. */
    public void received(int count) {
        if (runs) {
            packets += count;
            bursts++;
            isFilled = true;
            over(Phase.RECEIVE);
        }
    }

    /** A phase of the burst is over, which began when the one before it was over. */
    public void over(Phase phase) {
        if (runs && isFilled) {
            final long now = System.nanoTime();
            ns[phase.index * REMEMBERED + (bursts & REMEMBERED - 1)] = (int) Math.min(now - last, Integer.MAX_VALUE);
            last = now;
        }
    }

    /**
     * Nanoseconds of a packet that a phase takes, the time to read the clock once included: the median of the timed bursts, which
     * does not count what else had the core for a moment. 0 when nothing was timed.
     */
    public double nsPerPacket(Phase phase) {
        final int count = Math.min(bursts, REMEMBERED - 1);
        if (count == 0) {
            return 0;
        }
        final int from = phase.index * REMEMBERED + (bursts < REMEMBERED ? 1 : 0);
        final int[] sorted = Arrays.copyOfRange(ns, from, from + count);
        Arrays.sort(sorted);
        return sorted[count / 2] / packetsPerBurst();
    }

    /** Packets of a timed burst on average. */
    public double packetsPerBurst() {
        return bursts == 0 ? 0 : (double) packets / bursts;
    }
}
