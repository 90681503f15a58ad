package io.weir.tools.bench;

import java.util.concurrent.TimeUnit;

/** Ends a process that does not end by itself in time: first politely, so that it can remove what it made. */
final class Deadline implements AutoCloseable {
    private static final long LAST_SECONDS = 20;

    private final Thread watch;
    private volatile boolean missed;

    /**
     * @param seconds from now
     */
    Deadline(Process process, long seconds) {
        watch = Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    missed = true;
                    process.destroy();
                    if (!process.waitFor(LAST_SECONDS, TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                    }
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt(); // it is over
            }
        });
    }

    /** Whether the process had to be ended. */
    boolean isMissed() {
        return missed;
    }

    @Override
    public void close() {
        watch.interrupt();
    }
}
