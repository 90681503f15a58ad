package io.weir.tools.bench;

import io.weir.bench.experiment.PinnedThread;

/** The option {@code --core}. */
final class Core {
    /** More than any kernel is built for. */
    private static final int MOST = 65_535;

    private Core() {}

    /**
     * Tries it, because some of the machine's cores may be forbidden to this process.
     *
     * @throws IllegalArgumentException when nothing can run there
     */
    static void check(int core) {
        if (core < -1 || core > MOST) {
            throw new IllegalArgumentException("core " + core + " is no core; -1 leaves it to the kernel");
        }
        try {
            new PinnedThread(core).close();
        } catch (final IllegalStateException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
