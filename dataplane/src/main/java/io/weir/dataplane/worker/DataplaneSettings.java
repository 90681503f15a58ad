package io.weir.dataplane.worker;

/**
 * Sizes and threads of a dataplane.
 *
 * @param workers     1 to 64
 * @param worker      sizes of each worker
 * @param threading   who runs the workers
 * @param idle        what a worker does without packets
 * @param priority    before whom workers run
 * @param firstCore   worker n is pinned to core {@code firstCore + n}; -1: not pinned
 * @param maxPorts    port ids are below this
 * @param adjacencies entries of the adjacency table
 * @param slots       version slots
 */
public record DataplaneSettings(
        int workers,
        WorkerSettings worker,
        ThreadingMode threading,
        IdleMode idle,
        WorkerPriority priority,
        int firstCore,
        int maxPorts,
        int adjacencies,
        int slots) {
    /** One single-stepped worker. */
    public static final DataplaneSettings SINGLE_STEP = new DataplaneSettings(
            1,
            WorkerSettings.DEFAULT,
            ThreadingMode.INVOKER,
            IdleMode.WAIT,
            WorkerPriority.NORMAL,
            -1,
            1024,
            65_536,
            1 << 20);

    public DataplaneSettings {
        if (workers < 1 || workers > 64) {
            throw new IllegalArgumentException("workers " + workers + " is outside 1..64");
        }
        if (maxPorts < 1 || maxPorts > 0x7FFF) {
            throw new IllegalArgumentException("maxPorts " + maxPorts + " is outside 1..32767");
        }
    }
}
