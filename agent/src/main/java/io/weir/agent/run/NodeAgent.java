package io.weir.agent.run;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.cni.AttachmentSweep;
import io.weir.agent.cni.CniRequest;
import io.weir.agent.cni.CniService;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.StatusConfig;
import io.weir.agent.node.AttachmentOverlay;
import io.weir.agent.node.LocalNode;
import io.weir.agent.source.ClusterSource;
import io.weir.agent.status.AgentStatus;
import io.weir.agent.status.StatusServer;
import io.weir.dataplane.linux.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon, and the one place where its parts are put together: where the desired state comes from, the node that it
 * describes, who asks for pods, and who looks at it from outside. The thread that calls {@link #run} becomes the control
 * thread.
 *
 * <pre>
 *   ClusterSource ──► LoadedConfig ─┐
 *   (directory, API)                ├─► LocalNode ──► RunningNode.apply ──► NodeDataplane: difference ──► workers
 *   Attachments ────► overlay ──────┘        ▲
 *   (container runtime)                 NodeLoop, one turn each 1 ms (8 when idle)
 * </pre>
 */
public final class NodeAgent {
    private static final Logger LOGGER = LoggerFactory.getLogger(NodeAgent.class);
    private static final long PATIENCE_NS = 5_000_000_000L;

    /** In the node's run directory, which a reboot empties: no network namespace outlives one either. */
    private static final String ATTACHMENTS = "attachments";

    private static final String CLUSTER_STATE = "cluster-state";

    private final ClusterSource source;
    private final Path runRoot;
    private final AgentStatus status = new AgentStatus();
    private final Attachments attachments = new Attachments();
    private final AttachmentOverlay overlay = new AttachmentOverlay();

    /**
     * @param source  what is wanted; stays the caller's
     * @param runRoot the node's lock, counters and socket are in a directory of the node's name in it
     */
    public NodeAgent(ClusterSource source, Path runRoot) {
        this.source = source;
        this.runRoot = runRoot;
    }

    /**
     * Forwards until it is told to end, and removes what it made.
     *
     * @param onStarted called once, when everything that is configured is in force
     * @throws NodeLock.RefusedException when another weir runs this node
     * @throws ConfigException when what is wanted first can't be used
     * @throws io.weir.dataplane.linux.LinuxException when the kernel refuses a port
     */
    public void run(BooleanSupplier isEnding, Consumer<RunningNode> onStarted)
            throws IOException, NodeLock.RefusedException {
        final LoadedConfig first = source.load();
        final StatusConfig http = first.node().status();
        final String name = first.node().nodeName();
        if (name != null) {
            source.keepIn(runRoot.resolve(name).resolve(CLUSTER_STATE));
        }
        try (StatusServer _ = http.enabled()
                ? new StatusServer(status, new InetSocketAddress(http.address().toInetAddress(), http.port()))
                : null) {
            if (awaitState(isEnding)) {
                forward(isEnding, onStarted);
            }
        }
    }

    private void forward(BooleanSupplier isEnding, Consumer<RunningNode> onStarted)
            throws IOException, NodeLock.RefusedException {
        final String name = LocalNode.nameIn(source.load());
        try (NodeLock _ = NodeLock.acquire(name, runRoot.resolve(name));
                NetworkNamespace namespace = NetworkNamespace.current()) {
            final CniService cni =
                    new CniService(attachments, runRoot.resolve(name).resolve(ATTACHMENTS), source.knowsEveryPod());
            attachments.restore(cni.restored());
            final Started started = start(namespace, runRoot.resolve(name), cni);
            try (RunningNode running = started.running;
                    AgentStatus.Section _ = status.section(running.dataplane()::appendServiceMetrics);
                    AttachmentSweep _ = new AttachmentSweep(cni)) {
                cni.started(running.dataplane()::node);
                final NodeLoop loop = new NodeLoop(running, source, started.loaded, attachments, overlay);
                measure(loop);
                status.leaving(() -> isLeaving(running));
                status.ready(runRoot.resolve(name));
                onStarted.accept(running);
                source.applied(started.loaded.cluster());
                loop.run(isEnding, status::turned);
                LOGGER.info("ending, removing what was made");
            } finally {
                attachments.close();
            }
        }
    }

    private static boolean isLeaving(RunningNode running) {
        final LocalNode node = running.dataplane().node();
        return node != null && node.isLeaving();
    }

    private void measure(NodeLoop loop) {
        status.counter("weir_changes_applied_total", "Changes of the desired state that were applied.", loop::applied);
        status.counter("weir_changes_refused_total", "Changes that could not be used.", loop::refused);
        status.gauge("weir_change_seconds", "How long the last change took to apply.", () -> loop.applyNs() / 1e9);
        status.gauge(
                "weir_source_following",
                "1 while changes of the desired state are heard of.",
                () -> source.isFollowing() ? 1 : 0);
        status.gauge("weir_source_objects_left_out", "Objects whose last version can't be used.", source::leftOut);
        status.gauge(
                "weir_source_objects_unconfirmed",
                "Objects of an earlier run that the API server has not confirmed since the start.",
                source::unconfirmed);
        status.gauge("weir_pods_attached", "Pods with a port of weir's.", loop::pods);
    }

    private record Started(RunningNode running, LoadedConfig loaded) {}

    /** Starts with as much of what is wanted as can be used. */
    private Started start(NetworkNamespace namespace, Path directory, CniService cni) throws IOException {
        while (true) {
            final LoadedConfig loaded = source.load();
            try {
                final LocalNode node = NodeLoop.wanted(loaded, attachments.all(), overlay);
                final RunningNode running = new RunningNode(
                        node, namespace, directory, source.client(), Map.of("cni", new CniRequest(cni)));
                return new Started(running, loaded);
            } catch (final ConfigException e) {
                if (!source.leaveOut(e)) {
                    throw e;
                }
                LOGGER.error("left out, the rest is applied: {}", e.getMessage());
            }
        }
    }

    /** Without a state there is nothing to do: to forward before the policies are known would open what they close. */
    private boolean awaitState(BooleanSupplier isEnding) {
        long saidNs = System.nanoTime();
        while (!source.isComplete() && !source.beginsWithKept()) {
            if (isEnding.getAsBoolean()) {
                return false;
            }
            status.turned(System.nanoTime());
            status.waiting(source.description());
            if (System.nanoTime() - saidNs >= PATIENCE_NS) {
                saidNs = System.nanoTime();
                LOGGER.warn("still waiting for {}", source.description());
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }
}
