package io.weir.bench.device;

import io.weir.dataplane.linux.CpuAffinity;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A thread on a core of its own that sends frames until it is ended. */
final class SendingThread {
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private final Thread thread;

    /**
     * Starts it.
     *
     * @param core that it is bound to
     * @param work returns soon after its argument says true
     */
    SendingThread(int core, Consumer<BooleanSupplier> work) {
        thread = Thread.ofPlatform().daemon().name("frame-sender").start(() -> {
            CpuAffinity.pinCurrentThread(core);
            work.accept(isEnding::get);
        });
    }

    /** Returns when nothing is sent any more, also to a caller that is interrupted: what frames are made of is freed then. */
    void end() {
        isEnding.set(true);
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
