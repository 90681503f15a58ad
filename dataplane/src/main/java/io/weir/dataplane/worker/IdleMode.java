package io.weir.dataplane.worker;

/** What a worker does when no packet waits. */
public enum IdleMode {
    /** Polls on: the core is never free. */
    SPIN,
    /** Polls on for a moment, then waits in the kernel until a packet or a command comes ({@link PortWait}). */
    WAIT
}
