package io.weir.dataplane.answer;

import java.util.Arrays;

/**
 * Limits ICMP errors per destination and in total (RFC 4443 section 2.4 (f), RFC 1812 section 4.3.2.8): token buckets, each
 * one number, the time at which the bucket would be full again. Destinations share {@link #BUCKETS} buckets by hash. Owned
 * by one worker.
 */
final class ErrorLimit {
    private static final int BUCKETS = 1024;

    private final long intervalNs;
    private final long toleranceNs;
    private final long destinationIntervalNs;
    private final long destinationToleranceNs;
    private final long[] fullAtNs = new long[BUCKETS];
    private long allFullAtNs = Long.MIN_VALUE;

    ErrorLimit(AnswerSettings settings) {
        intervalNs = 1_000_000_000L / settings.errorsPerSecond();
        toleranceNs = intervalNs * (settings.errorBurst() - 1);
        destinationIntervalNs = settings.destinationIntervalMillis() * 1_000_000L;
        destinationToleranceNs = destinationIntervalNs * (settings.destinationBurst() - 1);
        Arrays.fill(fullAtNs, Long.MIN_VALUE);
    }

    /** Takes a token for an error to this destination; false when there is none. */
    boolean take(long high, long low, long nowNs) {
        final int bucket = bucketOf(high, low);
        final long destination = Math.max(fullAtNs[bucket], nowNs);
        final long all = Math.max(allFullAtNs, nowNs);
        if (destination - nowNs > destinationToleranceNs || all - nowNs > toleranceNs) {
            return false;
        }
        fullAtNs[bucket] = destination + destinationIntervalNs;
        allFullAtNs = all + intervalNs;
        return true;
    }

    private static int bucketOf(long high, long low) {
        final long mixed = (high * 31 + low) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 54);
    }
}
