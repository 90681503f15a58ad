package io.weir.tools.replay;

import org.agrona.concurrent.NanoClock;

/** The capture's time. It begins an hour after zero and never runs backwards, whatever the stamps do. */
final class ReplayClock implements NanoClock {
    private static final long START_NS = 3_600_000_000_000L;

    private long firstNs = Long.MIN_VALUE;
    private long nowNs = START_NS;

    /** It is now this capture time. */
    void advanceTo(long captureNs) {
        if (firstNs == Long.MIN_VALUE) {
            firstNs = captureNs;
        }
        nowNs = Math.max(nowNs, START_NS + captureNs - firstNs);
    }

    void advanceBy(long durationNs) {
        nowNs += durationNs;
    }

    @Override
    public long nanoTime() {
        return nowNs;
    }
}
