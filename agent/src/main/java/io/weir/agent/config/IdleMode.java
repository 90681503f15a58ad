package io.weir.agent.config;

/** What a worker does when it finds no packet. */
public enum IdleMode {
    /** Ask again at once: lowest latency, a core is always busy. */
    SPIN,
    /** Ask again at once for a while, then yield, then sleep for up to a millisecond. */
    BACKOFF,
    /** Sleep between looks: a laptop stays cool, latency is worse. */
    PARK
}
