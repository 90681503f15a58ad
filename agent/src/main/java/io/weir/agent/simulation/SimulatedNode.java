package io.weir.agent.simulation;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigDocument;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.NodeConfigWriter;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.worker.Dataplane;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/** A node with its real pipeline between memory ports, single-stepped, under a given clock. */
public final class SimulatedNode implements AutoCloseable {
    private final LocalNode node;
    private final SimulatedPorts ports;
    private final NodeDataplane dataplane;
    private final Map<IpAddress, Ingress> podIngresses = new HashMap<>();

    /**
     * Builds the node and publishes its configuration. A configuration without an uplink gets one, which leads to everything
     * that is not on the node.
     *
     * @param nodeName which node; see {@link LocalNode#of}
     * @param clock    what the stages take for the time
     * @param parts    answers, software offloads and memory for counters
     */
    public SimulatedNode(LoadedConfig loaded, String nodeName, NanoClock clock, Dataplane.WorkerParts parts) {
        node = LocalNode.of(nodeName, withUplink(loaded));
        ports = new SimulatedPorts(node.config().ports());
        dataplane = new NodeDataplane(settings(node), clock, parts, ports);
        dataplane.apply(node);
        final Map<String, Ingress> podPorts = dataplane.podPorts();
        node.pods().forEach((name, pod) -> {
            final Ingress ingress = podPorts.get(name);
            if (ingress != null) {
                pod.addresses().forEach(address -> podIngresses.put(address, ingress));
            }
        });
    }

    /** Small tables for one worker; as many ports, routes and slots as the configuration needs. */
    private static DataplaneSettings settings(LocalNode node) {
        final int objects = node.cluster().pods().size()
                + node.cluster().nodes().size()
                + node.cluster().endpointSlices().size()
                + node.cluster().services().size();
        return new DataplaneSettings(
                1,
                new WorkerSettings(64, 512, 16, 1024),
                ThreadingMode.INVOKER,
                IdleMode.PARK,
                -1,
                Math.min(node.pods().size() + node.config().ports().uplinks().size() + 8, 0x7FFF),
                1024 + 2 * objects,
                Math.max(1 << 16, 64 * objects));
    }

    private static LoadedConfig withUplink(LoadedConfig loaded) {
        final NodeConfig config = loaded.node();
        if (!config.ports().uplinks().isEmpty()) {
            return loaded;
        }
        final ConfigDocument document = new ConfigDocument(NodeConfigWriter.tree(config), loaded.nodeOrigin());
        return new LoadedConfig(
                loaded.cluster(),
                NodeConfigReader.read(document, List.of("ports.uplinks[0].name=uplink")),
                loaded.nodeOrigin(),
                loaded.warnings());
    }

    /** Where a packet with this source comes in: the port of the local pod that owns it, else the first uplink. */
    public Ingress ingressOf(IpAddress source) {
        final Ingress pod = podIngresses.get(source);
        return pod != null ? pod : dataplane.uplinkPorts().getFirst();
    }

    /** The port of this name; null when there is none. */
    public @Nullable Ingress ingressNamed(String name) {
        return dataplane.dataplane().ingresses().stream()
                .filter(ingress -> ingress != null && ingress.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    public LocalNode node() {
        return node;
    }

    public SimulatedPorts ports() {
        return ports;
    }

    public NodeDataplane dataplane() {
        return dataplane;
    }

    @Override
    public void close() {
        dataplane.close();
    }
}
