package io.weir.bench.experiment;

import io.weir.dataplane.linux.CpuAffinity;
import io.weir.dataplane.linux.LinuxException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A thread that measures, on one core; everything else, and whatever programs it starts, stays where the kernel puts it. */
public final class PinnedThread implements AutoCloseable {
    /** As reports of the virtual machine show it. */
    public static final String NAME = "weir-bench-core";

    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name(NAME).daemon().factory());

    /**
     * @param core to run on; -1 leaves it to the kernel
     * @throws IllegalStateException when there is no such core
     */
    public PinnedThread(int core) throws InterruptedException {
        if (core >= 0) {
            call(() -> {
                try {
                    CpuAffinity.pinCurrentThread(core);
                } catch (final LinuxException e) {
                    throw new IllegalStateException(e.getMessage() + "; --core -1 leaves it to the kernel", e);
                }
                return core;
            });
        }
    }

    /** Does something there, and waits for what it gives. */
    public <T> T call(Callable<T> work) throws InterruptedException {
        try {
            return executor.submit(work).get();
        } catch (final ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException unchecked -> throw unchecked;
                case Error error -> throw error;
                case InterruptedException interrupted -> throw interrupted;
                case null, default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
