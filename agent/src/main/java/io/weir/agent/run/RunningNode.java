package io.weir.agent.run;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.weir.agent.api.ApiRequest;
import io.weir.agent.api.FileCounters;
import io.weir.agent.api.LocalApi;
import io.weir.agent.config.ConfigException;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.WeirDropReasons;
import io.weir.agent.service.HealthCheckServer;
import io.weir.agent.service.TranslatedServices;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.observe.NodeFiles;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node that forwards: devices, workers on threads of their own, and the tables of its configuration. Everything that it
 * makes in the kernel goes with {@link #close()}, and nothing stays when it can't be made.
 *
 * <p>Called by one control thread, which calls {@link #poll} every few milliseconds, and at once when the bell rings.
 */
public final class RunningNode implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RunningNode.class);
    /** A control thread that has not turned for so long is stuck: load balancers should look elsewhere. */
    private static final long STALLED_NS = 10_000_000_000L;

    private static final String FLANNEL_LEASES = "flannel-leases";

    private final NodeFiles files;
    private final DevicePorts ports;
    private final NodeDataplane dataplane;
    private final LocalApi api;
    private final FlannelJoin flannel;
    private final PeerAnnouncement announcement;

    /**
     * Without a client of the Kubernetes API; see the other constructor.
     *
     * @throws IOException when the run directory can't be used
     */
    public RunningNode(LocalNode node, NetworkNamespace namespace, Path runDirectory) throws IOException {
        this(node, namespace, runDirectory, null);
    }

    private final HealthCheckServer healthChecks;
    private volatile long polledNs;

    /**
     * Makes all ports, starts to forward, and shows itself in the run directory.
     *
     * @param node         what the configuration says
     * @param namespace    the node's own network namespace; stays the caller's
     * @param runDirectory for counters, events, errors and the socket, and for what must be known after a kill
     * @param kubernetes   for flannel's registry of that name and for what this node tells the others, the caller's; null: made
     *                     from the surroundings when flannel needs it
     * @throws IOException when the run directory can't be used
     */
    public RunningNode(
            LocalNode node, NetworkNamespace namespace, Path runDirectory, @Nullable KubernetesClient kubernetes)
            throws IOException {
        this(node, namespace, runDirectory, kubernetes, Map.of());
    }

    /**
     * As above, and answers more requests at its socket.
     *
     * @param requests by their names
     */
    public RunningNode(
            LocalNode node,
            NetworkNamespace namespace,
            Path runDirectory,
            @Nullable KubernetesClient kubernetes,
            Map<String, ApiRequest> requests)
            throws IOException {
        final DataplaneSettings settings = NodeDataplane.settings(node.config(), ThreadingMode.DEDICATED);
        files = NodeFiles.create(
                runDirectory,
                node.name(),
                settings.workers(),
                settings.maxPorts(),
                WeirDropReasons.ALL,
                SystemNanoClock.INSTANCE);
        flannel = new FlannelJoin(kubernetes, runDirectory.resolve(FLANNEL_LEASES));
        announcement = new PeerAnnouncement(kubernetes);
        @Nullable DevicePorts openPorts = null;
        @Nullable NodeDataplane openDataplane = null;
        @Nullable LocalApi openApi = null;
        try {
            openPorts = new DevicePorts(namespace, node, runDirectory.resolve("taken-uplinks"));
            openDataplane =
                    new NodeDataplane(node, settings, SystemNanoClock.INSTANCE, new FileCounters(files), openPorts);
            openDataplane.dataplane().start();
            openDataplane.apply(FlannelJoin.remembered(node));
            openApi = new LocalApi(openDataplane, files, requests, flannel::state);
        } catch (RuntimeException | IOException e) {
            close(openApi, openDataplane, openPorts, files);
            throw e;
        }
        ports = openPorts;
        dataplane = openDataplane;
        api = openApi;
        flannel.configure(node);
        polledNs = System.nanoTime();
        healthChecks = new HealthCheckServer(namespace, this::isAlive);
        showServices();
    }

    /** The control thread turns, so that changes of endpoints arrive. */
    private boolean isAlive() {
        return System.nanoTime() - polledNs < STALLED_NS;
    }

    /** What others see of the Services besides packets: load balancers and other nodes. */
    private void showServices() {
        final TranslatedServices services = dataplane.translatedServices();
        final LocalNode node = dataplane.configured();
        if (services != null && node != null) {
            healthChecks.serve(services.healthChecks(), services.nodePortAddresses());
            announcement.announce(node, services);
        }
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
        if (!flannel.configure(node)) {
            dataplane.flannel(null);
        }
        dataplane.apply(FlannelJoin.remembered(node));
        showServices();
        api.refresh();
    }

    /** What flannel's leases say now, applied; what can't be applied is reported, and the leases before stay in force. */
    private void follow(FlannelPlan plan) {
        final LocalNode configured = dataplane.configured();
        if (configured == null) {
            return;
        }
        final FlannelPlan before = dataplane.flannel();
        dataplane.flannel(plan);
        try {
            dataplane.apply(configured);
            showServices();
            LOGGER.info("flannel: {} ways to other nodes' pods", plan.routes().size());
        } catch (final ConfigException | LinuxException e) {
            LOGGER.error("flannel: its leases can't be applied, weir goes on as before: {}", e.getMessage());
            dataplane.flannel(before);
        }
        api.refresh();
    }

    /** How the node stands in its flannel network, in words; empty without flannel. */
    public String flannelState() {
        return flannel.state();
    }

    /** Whether a setting differs that is looked at when weir starts only. */
    public static boolean needsRestart(LocalNode before, LocalNode now) {
        return !before.config().workers().equals(now.config().workers())
                || !before.config().tables().equals(now.config().tables())
                || before.config().ports().podMtu() != now.config().ports().podMtu()
                || !before.config().ports().pods().equals(now.config().ports().pods());
    }

    /**
     * What is due by time: neighbours that answered, connections that ended, memory that nobody uses any more.
     *
     * @return whether there was or soon will be something to do, so that the next call should come in a millisecond
     */
    public boolean poll(long nowNs) {
        final FlannelPlan plan = flannel.poll();
        if (plan != null) {
            follow(plan);
        }
        polledNs = nowNs;
        final boolean isBusy = dataplane.poll(nowNs);
        healthChecks.poll(nowNs);
        return api.poll(nowNs) || isBusy || plan != null;
    }

    /** What workers do when {@link #poll} should come at once. */
    void bell(Runnable ring) {
        dataplane.bell(ring);
    }

    public NodeDataplane dataplane() {
        return dataplane;
    }

    @Override
    public void close() {
        announcement.close();
        flannel.close();
        healthChecks.close();
        close(api, dataplane, ports, files);
    }

    /** Whoever uses something goes before it. */
    private static void close(
            @Nullable LocalApi api, @Nullable NodeDataplane dataplane, @Nullable DevicePorts ports, NodeFiles files) {
        if (ports != null) {
            ports.leaveAttachments();
        }
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
