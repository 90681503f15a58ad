package io.weir.agent.simulation;

import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.ConfigDocument;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.NodeConfigWriter;
import io.weir.agent.config.TablesConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.worker.DataplaneSettings;
import io.weir.dataplane.worker.IdleMode;
import io.weir.dataplane.worker.ThreadingMode;
import io.weir.dataplane.worker.WorkerPriority;
import io.weir.dataplane.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/** A node with its real pipeline between memory ports, single-stepped, under a given clock. */
public final class SimulatedNode implements AutoCloseable {
    /** Tables for a node that only decides about single packets. */
    public static final List<String> SMALL = List.of(
            "tables.connections=1024",
            "tables.fragments=16",
            "tables.flows=1024",
            "tables.packets=512",
            "tables.bigPackets=16",
            "services.affinityClients=64");

    private final LocalNode node;
    private final PlainCounterMemory counters = new PlainCounterMemory();
    private final SimulatedPorts ports;
    private final NodeDataplane dataplane;
    private final Map<IpAddress, Ingress> podIngresses = new HashMap<>();

    /**
     * Builds the node and publishes its configuration. A configuration without an uplink gets one, which leads to everything
     * that is not on the node.
     *
     * @param nodeName which node; see {@link LocalNode#of}
     * @param sizes    overrides of NodeConfig, as {@code --set} takes them; see {@link #SMALL}
     * @param clock    what the stages take for the time
     * @param outbox   where sent frames go
     */
    public SimulatedNode(LoadedConfig loaded, String nodeName, List<String> sizes, NanoClock clock, Outbox outbox) {
        node = LocalNode.of(nodeName, adapted(loaded, sizes));
        ports = new SimulatedPorts(node.config().ports(), outbox);
        dataplane = new NodeDataplane(node, settings(node), clock, counters, ports);
        dataplane.flannel(SimulatedFlannel.of(node));
        dataplane.apply(node);
        final Map<String, Ingress> podPorts = dataplane.podPorts();
        node.pods().forEach((name, pod) -> {
            final Ingress ingress = podPorts.get(name);
            if (ingress != null) {
                pod.addresses().forEach(address -> podIngresses.put(address, ingress));
            }
        });
    }

    /** One single-stepped worker; as many ports, routes and slots as the configuration needs. */
    private static DataplaneSettings settings(LocalNode node) {
        final int objects = node.cluster().pods().size()
                + node.cluster().nodes().size()
                + node.cluster().endpointSlices().size()
                + node.cluster().services().size();
        final int endpoints = node.cluster().endpointSlices().values().stream()
                .mapToInt(slice -> slice.getEndpoints().size()
                        * Math.max(1, slice.getPorts().size()))
                .sum();
        final TablesConfig tables = node.config().tables();
        return new DataplaneSettings(
                1,
                new WorkerSettings(
                        node.config().workers().burst(), tables.packets(), tables.bigPackets(), tables.flows()),
                ThreadingMode.INVOKER,
                IdleMode.WAIT,
                WorkerPriority.NORMAL,
                -1,
                Math.min(node.pods().size() + node.config().ports().uplinks().size() + 8, 0x7FFF),
                1024 + 2 * objects,
                (1 << 16) + 16 * objects + 4 * endpoints);
    }

    private static LoadedConfig adapted(LoadedConfig loaded, List<String> sizes) {
        final List<String> overrides = new ArrayList<>(sizes);
        if (loaded.node().ports().uplinks().isEmpty()) {
            overrides.add("ports.uplinks[0].name=uplink");
        }
        final ConfigDocument document = new ConfigDocument(NodeConfigWriter.tree(loaded.node()), loaded.nodeOrigin());
        return new LoadedConfig(
                loaded.cluster(), NodeConfigReader.read(document, overrides), loaded.nodeOrigin(), loaded.warnings());
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
        counters.close();
    }
}
