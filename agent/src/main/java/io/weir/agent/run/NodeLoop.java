package io.weir.agent.run;

import io.weir.agent.config.ConfigException;
import io.weir.agent.node.LocalNode;
import io.weir.dataplane.linux.LinuxException;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the control thread does while a node runs: housekeeping, and taking over an edited configuration. An edit that can't
 * be used is reported once and changes nothing.
 */
public final class NodeLoop {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeLoop.class);

    /** A packet that waits for a neighbour waits this much longer than the neighbour needs to answer. */
    private static final long TURN_NS = 1_000_000L;

    private final RunningNode running;
    private final ConfigWatch watch;
    private final Supplier<LocalNode> load;
    private int applied;
    private int refused;

    /**
     * @param watch tells of edits
     * @param load  reads the configuration again
     */
    public NodeLoop(RunningNode running, ConfigWatch watch, Supplier<LocalNode> load) {
        this.running = running;
        this.watch = watch;
        this.load = load;
    }

    /** Runs until it is told to end. */
    public void run(BooleanSupplier isEnding) throws IOException {
        while (!isEnding.getAsBoolean()) {
            turn(System.nanoTime());
            LockSupport.parkNanos(TURN_NS);
        }
    }

    /** One turn; for a caller with a loop of its own. */
    public void turn(long nowNs) throws IOException {
        running.poll(nowNs);
        if (watch.hasSettledChange(nowNs)) {
            reload();
        }
    }

    private void reload() {
        try {
            final LocalNode before = running.dataplane().node();
            final LocalNode now = load.get();
            final long beginNs = System.nanoTime();
            running.apply(now);
            applied++;
            LOGGER.info(
                    "configuration applied in {} ms: {} pods attached",
                    (System.nanoTime() - beginNs) / 1_000_000,
                    running.dataplane().podPorts().size());
            if (before != null && RunningNode.needsRestart(before, now)) {
                LOGGER.warn("changes of workers, tables and ports.podMtu take effect when weir is started again");
            }
        } catch (final ConfigException | LinuxException e) {
            refused++;
            LOGGER.error("the edited configuration is not applied, weir goes on as before: {}", e.getMessage());
        }
    }

    /** Edits that were applied. */
    public int applied() {
        return applied;
    }

    /** Edits that were reported and changed nothing. */
    public int refused() {
        return refused;
    }
}
