package io.weir.bench.policy;

import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.config.NodeConfigReader;
import io.weir.agent.config.Origin;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.NodeObjects;
import io.weir.agent.node.NodePorts;
import io.weir.agent.node.StationAddresses;
import io.weir.agent.simulation.PlainCounterMemory;
import io.weir.bench.throughput.Traffic;
import io.weir.conntrack.ConnectionFilter;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.NullPort;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.worker.ThreadingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.SystemNanoClock;

/** A whole node of a {@link PolicyCluster}: the same packets come in by its uplink over and over, and its pods take all. */
final class PolicyNode implements AutoCloseable {
    private static final String UPLINK = "uplink";
    private static final int MTU = 1500;

    private final PlainCounterMemory counters = new PlainCounterMemory();
    private final NodeObjects objects = new NodeObjects();
    private final NodeConfig config;
    private final NodeDataplane node;
    private final int flows;

    /**
     * Nothing is forwarded before {@link #apply}.
     *
     * @param core where a worker of its own thread runs; -1 leaves it to the kernel
     */
    PolicyNode(List<byte[]> frames, ThreadingMode threading, int core) {
        flows = frames.size();
        config = NodeConfigReader.read(
                NodeConfigReader.EMPTY,
                List.of(
                        "nodeName=" + PolicyCluster.NODE,
                        "nodeAddresses=192.168.0.1",
                        "clusterCidrs=10.0.0.0/8,fd00::/64",
                        "tables.connections=262144",
                        "workers.firstCore=" + core,
                        "workers.idle=spin",
                        "ports.uplinks[0].name=" + UPLINK,
                        "ports.uplinks[0].addresses=192.168.0.1/24"));
        node = new NodeDataplane(
                local(ClusterState.EMPTY),
                NodeDataplane.settings(config, threading),
                SystemNanoClock.INSTANCE,
                counters,
                new Ports(frames));
        node.dataplane().start();
    }

    /** TCP segments in the middle of connections that some policies admit, as many flows of each. */
    static List<byte[]> frames(List<PolicyCluster.Admitted> admitted, int flowsEach) {
        final List<byte[]> frames = new ArrayList<>();
        for (final PolicyCluster.Admitted each : admitted) {
            frames.addAll(new Traffic(flowsEach, 60, false, true)
                    .frames(new Traffic.Ends(
                            StationAddresses.stationOf("peer"),
                            StationAddresses.stationOf(UPLINK),
                            each.source().high(),
                            each.source().low(),
                            each.destination().high(),
                            each.destination().low(),
                            1,
                            each.port())));
        }
        return frames;
    }

    private LocalNode local(ClusterState state) {
        final LoadedConfig loaded = new LoadedConfig(state, config, Origin.of("bench"), List.of());
        return LocalNode.of(PolicyCluster.NODE, loaded, state, List.of(), objects);
    }

    /** From the cluster's objects to the tables of the next snapshot. */
    void apply(ClusterState state) {
        node.apply(local(state));
    }

    /** Until the worker, which has a thread of its own, goes by what was applied. */
    void awaitPassed() {
        node.dataplane().awaitPassed();
    }

    void poll() {
        node.poll(System.nanoTime());
    }

    /** One turn of a worker without a thread. */
    int step() {
        return node.dataplane().step();
    }

    /** Different packets that come in. */
    int flows() {
        return flows;
    }

    long received() {
        final int uplink = node.uplinkPorts().getFirst().port();
        return node.dataplane().total(worker -> worker.receivedPackets(uplink));
    }

    long dropped() {
        return node.dataplane().total(PathCounters::totalDrops);
    }

    long pipelineRuns() {
        return node.dataplane().total(worker -> worker.value(PathCounter.PIPELINE_RUNS));
    }

    /** Every flow's next packet begins a connection. */
    void endConnections() {
        node.flushConnections(ConnectionFilter.ALL, System.nanoTime());
    }

    @Override
    public void close() {
        node.close();
        counters.close();
    }

    private record Ports(List<byte[]> frames) implements NodePorts {
        @Override
        public Optional<Attached> pod(LocalPod pod, int id, int mtu) {
            return Optional.of(new Attached(
                    new Ingress(
                            id,
                            pod.name(),
                            Ingress.Role.POD,
                            StationAddresses.GATEWAY,
                            StationAddresses.stationOf(pod.name()),
                            mtu),
                    List.of(new NullPort(pod.name()))));
        }

        @Override
        public Attached uplink(UplinkConfig uplink, int id) {
            return new Attached(
                    new Ingress(
                            id,
                            uplink.name(),
                            Ingress.Role.UPLINK,
                            StationAddresses.stationOf(uplink.name()),
                            null,
                            MTU),
                    List.of(new LoopSource(uplink.name(), frames)));
        }

        @Override
        public Optional<Attached> host(HostPortConfig host, int id) {
            return Optional.empty();
        }

        @Override
        public Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop) {
            return Optional.of(StationAddresses.stationOf(nextHop.toString()));
        }
    }
}
