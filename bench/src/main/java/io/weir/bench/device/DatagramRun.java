package io.weir.bench.device;

import org.HdrHistogram.Histogram;

/**
 * What {@link DatagramPath} measured in one run.
 *
 * @param delays   nanoseconds from when each datagram was due to when it was received; what was lost is not in it
 * @param sent     datagrams that were to arrive
 * @param pausedNs how long the measuring thread was off its core at all, in pieces of at least {@link #PAUSE_NS}
 * @param lastedNs the whole run
 */
record DatagramRun(Histogram delays, long sent, long pausedNs, long lastedNs) {
    /** Sending or receiving one datagram takes less, also where the kernel forwards it within the call. */
    static final long PAUSE_NS = 50_000;

    long lost() {
        return sent - delays.getTotalCount();
    }
}
