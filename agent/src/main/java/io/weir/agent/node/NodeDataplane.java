package io.weir.agent.node;

import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.RouteConfig;
import io.weir.agent.config.TablesConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.config.WorkersConfig;
import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.EndpointSpec;
import io.weir.dataplane.endpoint.EndpointTable;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A node's dataplane, and the one place where the pipeline is wired. {@link #apply} makes it be what a configuration says:
 * ports come and go, every compiler turns its part into a table, and all of it is published at once. Called by one control
 * thread.
 */
public final class NodeDataplane implements AutoCloseable {
    private final Dataplane dataplane;
    private final NodePorts ports;

    private final RouteCompiler routes;
    private final EndpointCompiler endpoints;

    private final Map<String, Ingress> podPorts = new TreeMap<>();
    private final Map<String, LocalPod> attachedPods = new HashMap<>();
    private final Map<UplinkConfig, Ingress> uplinks = new LinkedHashMap<>();
    private @Nullable Ingress host;
    private @Nullable LocalNode current;

    /** Nothing is forwarded before {@link #apply}. */
    public NodeDataplane(DataplaneSettings settings, NanoClock clock, Dataplane.WorkerParts parts, NodePorts ports) {
        this.ports = ports;
        dataplane = new Dataplane(settings, clock, parts);
        routes = new RouteCompiler(dataplane.adjacencies(), dataplane.slots());
        endpoints = new EndpointCompiler(dataplane.slots());
    }

    /**
     * Makes the dataplane do what the node's configuration says, from each worker's next burst on. Flows that the difference
     * does not concern go on undisturbed.
     *
     * @throws ConfigException when the configuration contradicts itself; nothing has changed then
     */
    public void apply(LocalNode node) {
        check(node);
        final Changes changes = new Changes();
        reconcilePorts(node, changes);

        final EndpointTable local = endpoints.compile(endpointSpecs(node), changes);
        final RouteTable table =
                routes.compile(new NodeRoutes(node, ports, podPorts, uplinks, host).all(), changes);

        final Pipeline pipeline = new Pipeline(List.of(
                new SourceCheckStage(local, dataplane.ingresses()), new HopLimitStage(table), new RouteStage(table)));
        dataplane.publish(pipeline, table, null, ConnectionTracker.NONE, changes);
        current = node;
    }

    /** What can only be told once several settings are seen together. */
    private static void check(LocalNode node) {
        final List<RouteConfig> statics = node.config().routes();
        final List<UplinkConfig> known = node.config().ports().uplinks();
        for (int i = 0; i < statics.size(); i++) {
            final String port = statics.get(i).port();
            if (port != null && known.stream().noneMatch(uplink -> uplink.name().equals(port))) {
                throw new ConfigException(
                        node.configOrigin(),
                        "routes[" + i + "].port",
                        port,
                        "is no uplink; write one of " + known.stream().map(UplinkConfig::name).toList());
            }
        }
    }

    private void reconcilePorts(LocalNode node, Changes changes) {
        final List<UplinkConfig> wantedUplinks = node.config().ports().uplinks();
        uplinks.entrySet().removeIf(attached -> {
            final boolean gone = !wantedUplinks.contains(attached.getKey());
            if (gone) {
                dataplane.detach(attached.getValue().port(), changes);
            }
            return gone;
        });
        for (final UplinkConfig uplink : wantedUplinks) {
            if (!uplinks.containsKey(uplink)) {
                uplinks.put(uplink, attach(ports.uplink(uplink, dataplane.freePortId())));
            }
        }
        if (host == null && node.config().ports().host().enabled()) {
            host = ports.host(node.config().ports().host(), dataplane.freePortId())
                    .map(this::attach)
                    .orElse(null);
        }
        podPorts.entrySet().removeIf(attached -> {
            final LocalPod wanted = node.pods().get(attached.getKey());
            final LocalPod before = attachedPods.get(attached.getKey());
            final boolean gone = wanted == null || before == null || !wanted.addresses().equals(before.addresses());
            if (gone) {
                dataplane.detach(attached.getValue().port(), changes);
                attachedPods.remove(attached.getKey());
            }
            return gone;
        });
        node.pods().forEach((name, pod) -> {
            if (!podPorts.containsKey(name)) {
                final Optional<NodePorts.Attached> port = ports.pod(pod, dataplane.freePortId());
                if (port.isPresent()) {
                    podPorts.put(name, attach(port.get()));
                    attachedPods.put(name, pod);
                }
            }
        });
    }

    private Ingress attach(NodePorts.Attached port) {
        dataplane.attach(port.ingress(), port.queues());
        return port.ingress();
    }

    private List<EndpointSpec> endpointSpecs(LocalNode node) {
        final List<EndpointSpec> specs = new ArrayList<>();
        podPorts.forEach((name, ingress) -> {
            final LocalPod pod = node.pods().get(name);
            if (pod != null) {
                pod.addresses().forEach(address -> specs.add(new EndpointSpec(address, ingress.port(), name)));
            }
        });
        return specs;
    }

    /** Sizes and threads as the configuration has them. */
    public static DataplaneSettings settings(NodeConfig config, ThreadingMode threading) {
        final TablesConfig tables = config.tables();
        final WorkersConfig workers = config.workers();
        return new DataplaneSettings(
                workers.count(),
                new WorkerSettings(workers.burst(), tables.packets(), tables.bigPackets(), tables.flows()),
                threading,
                workers.idle(),
                workers.firstCore(),
                tables.ports(),
                tables.neighbours(),
                tables.versionSlots());
    }

    public Dataplane dataplane() {
        return dataplane;
    }

    /** The node as last applied; null before the first time. */
    public @Nullable LocalNode node() {
        return current;
    }

    /** Attached pods: their ports by their names. */
    public Map<String, Ingress> podPorts() {
        return Collections.unmodifiableMap(podPorts);
    }

    /** Attached uplinks, in the order of the configuration. */
    public List<Ingress> uplinkPorts() {
        return List.copyOf(uplinks.values());
    }

    @Override
    public void close() {
        dataplane.close();
    }
}
