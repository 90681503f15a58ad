package io.weir.dataplane.worker;

/** What goes wrong on a worker's thread: rare, so it is logged. */
final class WorkerErrors {
    private static final System.Logger LOGGER = System.getLogger("io.weir.worker");

    private WorkerErrors() {}

    /** The burst is lost and the worker goes on: one bug must not take a node's network down. */
    static void uncaught(Throwable error) {
        LOGGER.log(System.Logger.Level.ERROR, "a worker's turn failed; its burst is lost", error);
    }

    /** Slower than wanted, and still right. */
    static void notPinned(Exception error) {
        LOGGER.log(System.Logger.Level.WARNING, "a worker runs unpinned: {0}", error.getMessage());
    }
}
