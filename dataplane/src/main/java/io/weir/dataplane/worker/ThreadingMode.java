package io.weir.dataplane.worker;

/** Who runs the workers. */
public enum ThreadingMode {
    /** Nobody: the caller steps them with {@link Dataplane#step()}, as tests and replays do. */
    INVOKER,
    /** A thread each. */
    DEDICATED
}
