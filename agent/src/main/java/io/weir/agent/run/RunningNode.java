package io.weir.agent.run;

import io.weir.agent.api.FileCounters;
import io.weir.agent.api.LocalApi;
import io.weir.agent.config.ConfigException;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.WeirDropReasons;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    private final NodeFiles files;
    private final DevicePorts ports;
    private final NodeDataplane dataplane;
    private final LocalApi api;

    /**
     * Makes all ports, starts to forward, and shows itself in the run directory.
     *
     * @param node         what the configuration says
     * @param namespace    the node's own network namespace; stays the caller's
     * @param runDirectory for counters, events, errors and the socket, and for what must be known after a kill
     * @throws IOException when the run directory can't be used
     */
    public RunningNode(LocalNode node, NetworkNamespace namespace, Path runDirectory) throws IOException {
        final DataplaneSettings settings = NodeDataplane.settings(node.config(), ThreadingMode.DEDICATED);
        files = NodeFiles.create(
                runDirectory,
                node.name(),
                settings.workers(),
                settings.maxPorts(),
                WeirDropReasons.ALL,
                SystemNanoClock.INSTANCE);
        @Nullable DevicePorts openPorts = null;
        @Nullable NodeDataplane openDataplane = null;
        @Nullable LocalApi openApi = null;
        try {
            openPorts = new DevicePorts(namespace, node.config(), runDirectory.resolve("taken-uplinks"));
            openDataplane =
                    new NodeDataplane(node, settings, SystemNanoClock.INSTANCE, new FileCounters(files), openPorts);
            openDataplane.dataplane().start();
            openDataplane.apply(node);
            openApi = new LocalApi(openDataplane, files);
        } catch (RuntimeException | IOException e) {
            close(openApi, openDataplane, openPorts, files);
            throw e;
        }
        ports = openPorts;
        dataplane = openDataplane;
        api = openApi;
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
        api.refresh();
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
        api.poll(nowNs);
    }

    public NodeDataplane dataplane() {
        return dataplane;
    }

    @Override
    public void close() {
        close(api, dataplane, ports, files);
    }

    /** Whoever uses something goes before it. */
    private static void close(
            @Nullable LocalApi api, @Nullable NodeDataplane dataplane, @Nullable DevicePorts ports, NodeFiles files) {
        try (NodeFiles _ = files;
                DevicePorts _ = ports;
                NodeDataplane _ = dataplane) {
            if (api != null) {
                api.close();
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
