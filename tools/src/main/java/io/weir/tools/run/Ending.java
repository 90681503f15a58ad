package io.weir.tools.run;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** Ctrl-C and SIGTERM start the end of the virtual machine, which waits until everything is removed. */
final class Ending implements AutoCloseable {
    private final AtomicBoolean askedFor = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread atExit = new Thread(this::end, "ending");

    Ending() {
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    boolean isAskedFor() {
        return askedFor.get();
    }

    private void end() {
        askedFor.set(true);
        try {
            done.await();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (final IllegalStateException e) {
            askedFor.set(true); // the virtual machine is ending already
        }
    }
}
