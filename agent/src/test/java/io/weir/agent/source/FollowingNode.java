package io.weir.agent.source;

import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigException;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.PlainCounterMemory;
import io.weir.agent.simulation.SimulatedPorts;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.SystemNanoClock;

/** A node between memory ports whose dataplane follows a source, with the steps of the agent's loop. */
final class FollowingNode implements AutoCloseable {
    private final ClusterSource source;
    private final PlainCounterMemory counters = new PlainCounterMemory();
    private final NodeDataplane dataplane;
    private int applied;

    FollowingNode(ClusterSource source) throws IOException {
        this.source = source;
        awaitFirst(source);
        final LocalNode node = LocalNode.of(source.load());
        dataplane = new NodeDataplane(
                node,
                NodeDataplane.settings(node.config(), ThreadingMode.INVOKER),
                SystemNanoClock.INSTANCE,
                counters,
                new SimulatedPorts(node.config().ports(), Outbox.NONE));
        apply();
    }

    /** The objects as they are in force. */
    ClusterState cluster() {
        return Objects.requireNonNull(dataplane.node()).cluster();
    }

    private static void awaitFirst(ClusterSource source) {
        await("the first state", () -> source.isComplete() || source.beginsWithKept());
    }

    static void await(String what, BooleanSupplier condition) {
        final long end = System.nanoTime() + 40_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    private void apply() {
        while (true) {
            final LoadedConfig loaded = source.load();
            try {
                dataplane.apply(LocalNode.of(loaded));
                source.applied(loaded.cluster());
                applied++;
                return;
            } catch (final ConfigException e) {
                if (!source.leaveOut(e)) {
                    throw e;
                }
            }
        }
    }

    /** Follows until the condition holds. */
    void follow(String what, BooleanSupplier condition) {
        await(what, () -> {
            try {
                if (source.hasSettledChange(System.nanoTime())) {
                    apply();
                }
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
            dataplane.dataplane().step();
            dataplane.poll(System.nanoTime());
            return condition.getAsBoolean();
        });
    }

    NodeDataplane dataplane() {
        return dataplane;
    }

    /** How often something was applied. */
    int applied() {
        return applied;
    }

    @Override
    public void close() {
        dataplane.close();
        counters.close();
    }
}
