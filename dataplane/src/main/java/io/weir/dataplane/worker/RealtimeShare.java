package io.weir.dataplane.worker;

/**
 * How long a real-time worker may stay one. Linux takes the core from real-time threads that used it for 0.95 s of a second
 * (sched(7), {@code sched_rt_runtime_us}), for the whole rest of that second at once: 50 ms in which packets are lost. A worker that
 * hardly sleeps therefore is an ordinary thread for some milliseconds before that, again and again, in which it goes on
 * when nobody else wants its core, and gives others short turns when somebody does. For the worker's thread.
 *
 * <p>A bucket of time: it fills all the while at 0.9 of the clock's speed, and being awake as a real-time thread empties it.
 */
final class RealtimeShare {
    /** Of each second, as a real-time thread; less than Linux allows. */
    private static final double SHARE = 0.9;

    /** What may be used beyond that at once; together less than Linux allows in any second. */
    private static final double FULL_NS = 4_000_000;

    private final Runnable becomeRealtime;
    private final Runnable becomeOrdinary;
    private double leftNs = FULL_NS;
    private long knownNs;
    private boolean realtime = true;

    /**
     * A worker that is a real-time thread now.
     *
     * @param becomeRealtime makes the calling thread one
     * @param becomeOrdinary makes it an ordinary one
     */
    RealtimeShare(Runnable becomeRealtime, Runnable becomeOrdinary, long nowNs) {
        this.becomeRealtime = becomeRealtime;
        this.becomeOrdinary = becomeOrdinary;
        knownNs = nowNs;
    }

    /** It was awake since the last call of either method. */
    void awake(long nowNs) {
        passed(nowNs, realtime);
    }

    /** It slept since the last call of either method. */
    void slept(long nowNs) {
        passed(nowNs, false);
    }

    private void passed(long nowNs, boolean used) {
        final long passedNs = nowNs - knownNs;
        knownNs = nowNs;
        leftNs = Math.min(FULL_NS, leftNs + passedNs * SHARE - (used ? passedNs : 0));
        if (realtime && leftNs <= 0) {
            realtime = false;
            becomeOrdinary.run();
        } else if (!realtime && leftNs >= FULL_NS) {
            realtime = true;
            becomeRealtime.run();
        }
    }
}
