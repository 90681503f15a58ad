package io.weir.dataplane.worker;

import java.util.concurrent.atomic.AtomicBoolean;

/** What goes wrong on a worker's thread: rare, so it is logged. */
final class WorkerErrors {
    private static final System.Logger LOGGER = System.getLogger("io.weir.worker");

    private static final AtomicBoolean NOT_PREFERRED = new AtomicBoolean();

    private WorkerErrors() {}

    /** The burst is lost and the worker goes on: one bug must not take a node's network down. */
    static void uncaught(Throwable error) {
        LOGGER.log(System.Logger.Level.ERROR, "a worker's turn failed; its burst is lost", error);
    }

    /** Later than wanted, and still right. All workers of a process fail alike, so it is said once. */
    static void notPreferred(Exception error) {
        if (!NOT_PREFERRED.compareAndSet(false, true)) {
            return;
        }
        LOGGER.log(
                System.Logger.Level.WARNING,
                "workers run with ordinary priority, late on a busy machine: {0}",
                error.getMessage());
    }

    /** Slower than wanted, and still right. */
    static void notPinned(Exception error) {
        LOGGER.log(System.Logger.Level.WARNING, "a worker runs unpinned: {0}", error.getMessage());
    }
}
