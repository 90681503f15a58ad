package io.weir.tools.command;

import io.weir.dataplane.linux.AtExit;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Ctrl-C and SIGTERM start the end of the virtual machine, which waits until a command has ended as it should. */
public final class Ending implements AutoCloseable {
    private final AtomicBoolean askedFor = new AtomicBoolean();
    private final AtomicReference<Runnable> whenAsked = new AtomicReference<>(Ending::nothing);
    private final CountDownLatch done = new CountDownLatch(1);
    private final Duration limit;
    private final AtExit atExit = new AtExit("ending", this::end);

    /** Waits as long as it takes. */
    public Ending() {
        this(Duration.ofDays(1));
    }

    /** @param limit how long the virtual machine waits */
    public Ending(Duration limit) {
        this.limit = limit;
    }

    public boolean isAskedFor() {
        return askedFor.get();
    }

    /** Runs this when the end is asked for, on another thread; at once when it was. */
    public void whenAsked(Runnable action) {
        whenAsked.set(action);
        if (askedFor.get()) {
            whenAsked.getAndSet(Ending::nothing).run();
        }
    }

    private static void nothing() {}

    private void end() {
        askedFor.set(true);
        whenAsked.getAndSet(Ending::nothing).run();
        try {
            final boolean _ = done.await(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All is done: the virtual machine may end. */
    @Override
    public void close() {
        done.countDown();
        if (!atExit.cancel()) {
            askedFor.set(true);
        }
    }
}
