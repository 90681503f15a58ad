package io.weir.agent.api;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jctools.queues.MpscArrayQueue;

/** Lets any thread have something done by the control thread, between two of its turns. */
final class ControlQueue {
    private static final int CAPACITY = 256;
    private static final long PATIENCE_S = 10;

    private final Queue<Runnable> work = new MpscArrayQueue<>(CAPACITY);

    /** Control thread: does what is asked for, and says whether that was anything. */
    boolean poll() {
        int done = 0;
        for (Runnable next = work.poll(); next != null; next = work.poll()) {
            next.run();
            done++;
        }
        return done != 0;
    }

    /**
     * Any other thread: waits for the result.
     *
     * @throws ApiException when the control thread is too busy to do it
     */
    <T> T call(Supplier<T> task) throws ApiException {
        final CompletableFuture<T> result = new CompletableFuture<>();
        final boolean queued = work.offer(() -> {
            try {
                result.complete(task.get());
            } catch (final RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        if (!queued) {
            throw new ApiException("weir has too many requests to answer; try again");
        }
        try {
            return result.get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException("weir is ending");
        } catch (final TimeoutException e) {
            throw new ApiException("weir's control thread did not answer within " + PATIENCE_S + " s");
        } catch (final ExecutionException e) {
            throw new ApiException("the request failed: " + e.getCause());
        }
    }

    /** As {@link #call}, without a result. */
    void run(Runnable task) throws ApiException {
        call(() -> {
            task.run();
            return true;
        });
    }
}
