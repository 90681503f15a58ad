package io.weir.agent.cni;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every few seconds for attachments whose namespace is gone, on a thread of its own, as long as it is open. */
public final class AttachmentSweep implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(AttachmentSweep.class);
    private static final long PERIOD_S = 10;

    private final CniService service;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weir-attachment-sweep").factory());

    public AttachmentSweep(CniService service) {
        this.service = service;
        final ScheduledFuture<?> _ = timer.scheduleWithFixedDelay(this::sweep, PERIOD_S, PERIOD_S, TimeUnit.SECONDS);
    }

    private void sweep() {
        try {
            service.sweep();
        } catch (final RuntimeException e) {
            LOGGER.error("looking for lost attachments failed; it is tried again", e); // a timer ends at an exception
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
