package io.weir.agent.run;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.node.Attachment;
import io.weir.agent.node.AttachmentOverlay;
import io.weir.agent.node.LocalNode;
import io.weir.agent.source.ClusterSource;
import io.weir.dataplane.linux.LinuxException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the control thread does while a node runs: housekeeping, and making the node be what its source and its runtime
 * want. A change that can't be used is reported once; what it does not concern is applied if the source allows that, and
 * goes on as before if not.
 */
public final class NodeLoop {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeLoop.class);

    /** From one turn to the next while anything goes on. */
    private static final long BUSY_TURN_NS = 1_000_000L;

    /** The same when nothing has gone on for a while: every wake-up of an idle core costs. Workers ring when a packet waits. */
    private static final long IDLE_TURN_NS = 8_000_000L;

    /** What one change brings along comes within this. */
    private static final long CALM_NS = 100_000_000L;

    /** A pod whose interface could not be made is tried again. */
    private static final long RETRY_NS = 1_000_000_000L;

    private final RunningNode running;
    private final ClusterSource source;
    private final Attachments attachments;
    private final AttachmentOverlay overlay;
    private LoadedConfig loaded;
    private long triedNs = System.nanoTime();
    private long busyNs = System.nanoTime();
    private final AtomicInteger applied = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile long applyNs;
    private volatile int pods;

    /**
     * @param loaded  what the node was started with
     * @param overlay that made the started node; stays in use
     */
    public NodeLoop(
            RunningNode running,
            ClusterSource source,
            LoadedConfig loaded,
            Attachments attachments,
            AttachmentOverlay overlay) {
        this.running = running;
        this.source = source;
        this.loaded = loaded;
        this.attachments = attachments;
        this.overlay = overlay;
        pods = running.dataplane().podPorts().size();
    }

    /** What the node should be, of what its source and its runtime want. */
    static LocalNode wanted(LoadedConfig loaded, List<Attachment> attached, AttachmentOverlay overlay) {
        final String name = LocalNode.nameIn(loaded);
        return LocalNode.of(name, loaded, overlay.over(loaded.cluster(), name, attached), attached, overlay.objects());
    }

    /** Runs until it is told to end; calls back in every turn, with the time. */
    public void run(BooleanSupplier isEnding, LongConsumer everyTurn) throws IOException {
        final Thread control = Thread.currentThread();
        running.bell(() -> LockSupport.unpark(control));
        while (!isEnding.getAsBoolean()) {
            final long nowNs = System.nanoTime();
            turn(nowNs);
            everyTurn.accept(nowNs);
            LockSupport.parkNanos(nowNs - busyNs < CALM_NS ? BUSY_TURN_NS : IDLE_TURN_NS);
        }
    }

    /** One turn; for a caller with a loop of its own. */
    public void turn(long nowNs) throws IOException {
        if (running.poll(nowNs)) {
            busyNs = nowNs;
        }
        final boolean isEdited = source.hasSettledChange(nowNs);
        final Attachments.Batch asked = attachments.take();
        if (isEdited || asked != null) {
            busyNs = nowNs;
        }
        if (isEdited) {
            reload(asked == null ? attachments.everything() : asked);
        } else if (asked != null || isRetryDue(nowNs)) {
            final Attachments.Batch batch = asked == null ? attachments.everything() : asked;
            apply(loaded, batch, false);
        }
    }

    private boolean isRetryDue(long nowNs) {
        return nowNs - triedNs >= RETRY_NS && !running.dataplane().failedPods().isEmpty();
    }

    private void reload(Attachments.Batch batch) {
        final LoadedConfig now;
        try {
            now = source.load();
        } catch (final ConfigException e) {
            refuse(e);
            apply(loaded, batch, false);
            return;
        }
        apply(now, batch, true);
    }

    /** Applies as much of it as can be used. */
    private void apply(LoadedConfig first, Attachments.Batch batch, boolean isEdit) {
        LoadedConfig now = first;
        while (true) {
            try {
                applyAll(now, batch, isEdit);
                source.applied(now.cluster());
                running.dataplane().dataplane().awaitPassed(); // who asked is told when it is in force, not before
                batch.applied(running.dataplane().failedPods());
                return;
            } catch (final ConfigException e) {
                if (!source.leaveOut(e)) {
                    refuse(e);
                    break;
                }
                LOGGER.error("left out, the rest is applied: {}", e.getMessage());
                now = source.load();
            } catch (final LinuxException e) {
                refuse(e);
                break;
            }
        }
        if (isEdit) {
            apply(loaded, batch, false); // pods come and go whatever the edit was like
        } else {
            batch.refused("weir could not apply it; its log says why");
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // this thread alone writes
    private void applyAll(LoadedConfig now, Attachments.Batch batch, boolean isEdit) {
        final LocalNode before = running.dataplane().node();
        final LocalNode node = wanted(now, batch.all(), overlay);
        final long beginNs = System.nanoTime();
        triedNs = beginNs;
        running.apply(node);
        applyNs = System.nanoTime() - beginNs;
        pods = running.dataplane().podPorts().size();
        loaded = now;
        if (!isEdit) {
            return;
        }
        applied.incrementAndGet();
        LOGGER.info("configuration applied in {} ms: {} pods attached", applyNs / 1_000_000, pods);
        if (before != null && RunningNode.needsRestart(before, node)) {
            LOGGER.warn(
                    "changes of workers, tables, ports.podMtu and ports.pods take effect when weir is started again");
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // this thread alone writes
    private void refuse(RuntimeException reason) {
        refused.incrementAndGet();
        LOGGER.error("the edited configuration is not applied, weir goes on as before: {}", reason.getMessage());
    }

    /** Edits that were applied. */
    public int applied() {
        return applied.get();
    }

    /** Edits that were reported and changed nothing. */
    public int refused() {
        return refused.get();
    }

    /** How long the last change took to apply. */
    public long applyNs() {
        return applyNs;
    }

    /** Pods with a port. */
    public int pods() {
        return pods;
    }
}
