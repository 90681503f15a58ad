package io.weir.agent.run;

import io.weir.agent.config.ConfigException;
import io.weir.agent.node.CounterMemory;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.worker.ThreadingMode;
import java.nio.file.Path;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A node that forwards: devices, workers on threads of their own, and the tables of its configuration. Everything that it
 * makes in the kernel goes with {@link #close()}, and nothing stays when it can't be made.
 *
 * <p>Called by one control thread, which calls {@link #poll} every few milliseconds.
 */
public final class RunningNode implements AutoCloseable {
    private final DevicePorts ports;
    private final NodeDataplane dataplane;

    /**
     * Makes all ports and starts to forward.
     *
     * @param node         what the configuration says
     * @param namespace    the node's own network namespace; stays the caller's
     * @param counters     memory for the workers' counters, which outlives this
     * @param runDirectory for what must be known after a kill
     */
    public RunningNode(LocalNode node, NetworkNamespace namespace, CounterMemory counters, Path runDirectory) {
        @Nullable DevicePorts openPorts = null;
        @Nullable NodeDataplane openDataplane = null;
        try {
            openPorts = new DevicePorts(namespace, node.config(), runDirectory.resolve("taken-uplinks"));
            openDataplane = new NodeDataplane(
                    node,
                    NodeDataplane.settings(node.config(), ThreadingMode.DEDICATED),
                    SystemNanoClock.INSTANCE,
                    counters,
                    openPorts);
            openDataplane.dataplane().start();
            openDataplane.apply(node);
        } catch (RuntimeException e) {
            close(openDataplane, openPorts);
            throw e;
        }
        ports = openPorts;
        dataplane = openDataplane;
    }

    /**
     * Makes the node be what a changed configuration says; flows that the difference does not concern go on undisturbed.
     *
     * @throws ConfigException when it can't be that; nothing has changed then
     */
    public void apply(LocalNode node) {
        final LocalNode before = dataplane.node();
        if (before != null && !before.name().equals(node.name())) {
            throw new ConfigException(
                    node.configOrigin(),
                    "nodeName",
                    node.name(),
                    "this weir runs " + before.name() + "; start another");
        }
        dataplane.apply(node);
    }

    /** Whether a setting differs that is looked at when weir starts only. */
    public static boolean needsRestart(LocalNode before, LocalNode now) {
        return !before.config().workers().equals(now.config().workers())
                || !before.config().tables().equals(now.config().tables())
                || before.config().ports().podMtu() != now.config().ports().podMtu();
    }

    /** What is due by time: neighbours that answered, connections that ended, memory that nobody uses any more. */
    public void poll(long nowNs) {
        dataplane.poll(nowNs);
    }

    public NodeDataplane dataplane() {
        return dataplane;
    }

    @Override
    public void close() {
        close(dataplane, ports);
    }

    private static void close(@Nullable NodeDataplane dataplane, @Nullable DevicePorts ports) {
        try {
            if (dataplane != null) {
                dataplane.close();
            }
        } finally {
            if (ports != null) {
                ports.close();
            }
        }
    }
}
