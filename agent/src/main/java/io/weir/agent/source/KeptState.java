package io.weir.agent.source;

import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.StateText;
import io.weir.agent.file.SafeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state that was in force last, in a file: what a restarted weir begins with while its API server is away.
 *
 * <p>A thread of its own writes the newest state, at most once a second and a twentieth of the time: a large cluster that changes
 * all the time costs no core. A kill loses the changes of that pause.
 */
final class KeptState implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(KeptState.class);
    private static final int VERSION = 1;
    private static final long PAUSE_NS = 1_000_000_000L;
    private static final int SHARE = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Path path;
    private final SafeFile file;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition isNew = lock.newCondition();
    private @Nullable ClusterState newest;
    private boolean isEnding;
    private @Nullable Thread writer;

    /** A state, and when it was written. */
    record Kept(ClusterState state, Instant written) {}

    KeptState(Path path) {
        this.path = path;
        file = new SafeFile(path, "weir-cluster-state", VERSION);
    }

    /** What an earlier weir kept; null when there is none, or it can't be trusted, which is said. */
    @Nullable
    Kept read() {
        try {
            final byte[] bytes = file.readBytes();
            return bytes == null
                    ? null
                    : new Kept(
                            StateText.read(bytes),
                            Files.getLastModifiedTime(path).toInstant());
        } catch (final IOException e) {
            LOGGER.warn("the state that an earlier weir kept is not used: {}", e.getMessage());
            return null;
        }
    }

    /** This is in force now. Does not wait. */
    void keep(ClusterState state) {
        lock.lock();
        try {
            newest = state;
            if (writer == null && !isEnding) {
                writer = Thread.ofPlatform().name("weir-state").daemon().start(this::write);
            }
            isNew.signal();
        } finally {
            lock.unlock();
        }
    }

    private void write() {
        String told = "";
        while (true) {
            final ClusterState state;
            lock.lock();
            try {
                while (newest == null && !isEnding) {
                    isNew.awaitUninterruptibly();
                }
                state = newest;
                newest = null;
            } finally {
                lock.unlock();
            }
            if (state == null) {
                return;
            }
            final long beginNs = System.nanoTime();
            try {
                file.write(StateText.write(state));
                told = "";
            } catch (final IOException e) {
                if (!told.equals(e.toString())) {
                    told = e.toString();
                    LOGGER.warn("the state can't be kept for a restart: {}", told);
                }
            }
            pause(Math.max(PAUSE_NS, SHARE * (System.nanoTime() - beginNs)));
        }
    }

    private void pause(long lengthNs) {
        lock.lock();
        try {
            long leftNs = lengthNs;
            while (leftNs > 0 && !isEnding) {
                leftNs = isNew.awaitNanos(leftNs);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** The newest state is written when this returns. */
    @Override
    public void close() {
        final @Nullable Thread last;
        lock.lock();
        try {
            isEnding = true;
            isNew.signal();
            last = writer;
        } finally {
            lock.unlock();
        }
        try {
            if (last != null && !last.join(PATIENCE)) {
                LOGGER.warn("the state was not kept within {} s", TimeUnit.NANOSECONDS.toSeconds(PATIENCE.toNanos()));
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
