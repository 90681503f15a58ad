package io.weir.dataplane.worker;

import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/** What a worker does when no packet waits: from lowest latency to lowest consumption. */
public enum IdleMode {
    /** Polls on: the core is never free. */
    SPIN,
    /** Polls on for a while, then yields, then sleeps up to 200 microseconds. */
    BACKOFF,
    /** Sleeps 100 microseconds between polls. */
    PARK;

    /** A new strategy; each worker needs its own. */
    public IdleStrategy newStrategy() {
        return switch (this) {
            case SPIN -> BusySpinIdleStrategy.INSTANCE;
            case BACKOFF -> new BackoffIdleStrategy(200, 50, 1_000, TimeUnit.MICROSECONDS.toNanos(200));
            case PARK -> new SleepingIdleStrategy(TimeUnit.MICROSECONDS.toNanos(100));
        };
    }
}
