package io.weir.agent.offload;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.config.HostPortConfig;
import io.weir.agent.config.UplinkConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.NodePorts;
import io.weir.agent.simulation.Outbox;
import io.weir.agent.simulation.PlainCounterMemory;
import io.weir.agent.simulation.SimulatedPorts;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.offload.FlowOffload;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.ThreadingMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A node without threads or devices, with three pods and a kernel that the test plays. */
final class OffloadNode implements AutoCloseable {
    static final long SECOND = 1_000_000_000L;
    static final String NODE = """
            apiVersion: weir.io/v1alpha1
            kind: NodeConfig
            nodeName: node-1
            nodeAddresses: [192.168.0.1, "fd00:192::1"]
            podCidrs: [10.244.1.0/24, "fd00:244:0:1::/64"]
            clusterCidrs: [10.244.0.0/16, "fd00:244::/48"]
            serviceCidrs: [10.96.0.0/16, "fd00:96::/112"]
            tables:
              {connections: 2048, fragments: 16, flows: 4096, packets: 512, bigPackets: 16, ports: 16, neighbours: 1024,
               versionSlots: 65536}
            ports:
              uplinks: [{name: uplink}]
              pods: {device: veth, offload: true, offloadAfterBytes: 5000}
            """;

    final FakeKernel kernel = new FakeKernel();
    final NodeDataplane node;
    private final Path directory;
    private final PlainCounterMemory counters = new PlainCounterMemory();
    private final SimulatedPorts ports;
    private final List<String> sentTo = new ArrayList<>();
    long nowNs = 1_000 * SECOND;

    OffloadNode(Path directory) {
        this.directory = directory;
        write("node.yaml", NODE);
        pod("client", 10);
        pod("server", 11);
        pod("other", 12);
        final LocalNode local = LocalNode.of(ConfigDirectory.load(directory));
        final Outbox outbox = (port, frame) -> sentTo.add(port.name());
        ports = new SimulatedPorts(local.config().ports(), outbox);
        node = new NodeDataplane(
                local,
                NodeDataplane.settings(local.config(), ThreadingMode.INVOKER),
                () -> nowNs,
                counters,
                new Ports(ports, kernel));
        node.apply(local);
    }

    private record Ports(SimulatedPorts ports, FlowOffload offload) implements NodePorts {
        @Override
        public Optional<Attached> pod(LocalPod pod, int id, int mtu) {
            return ports.pod(pod, id, mtu);
        }

        @Override
        public Attached uplink(UplinkConfig uplink, int id) {
            return ports.uplink(uplink, id);
        }

        @Override
        public Optional<Attached> host(HostPortConfig host, int id) {
            return ports.host(host, id);
        }

        @Override
        public Optional<MacAddress> knownNeighbour(UplinkConfig uplink, IpAddress nextHop) {
            return ports.knownNeighbour(uplink, nextHop);
        }
    }

    void write(String file, String text) {
        try {
            Files.writeString(directory.resolve(file), text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void pod(String name, int number) {
        write("pod-" + name + ".yaml", """
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: default, labels: {app: %1$s}}
                spec: {nodeName: node-1}
                status: {podIPs: [{ip: 10.244.1.%2$d}, {ip: "fd00:244:0:1::%2$d"}]}
                """.formatted(name, number));
    }

    void remove(String file) {
        try {
            Files.delete(directory.resolve(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void apply() {
        node.apply(LocalNode.of(ConfigDirectory.load(directory)));
    }

    /** A Service with the addresses 10.96.0.9 and fd00:96::9 whose port 80 leads to port 8080 of these pods. */
    void service(String spec, int... pods) {
        final StringBuilder text = new StringBuilder("""
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: default}
                spec:
                  clusterIP: 10.96.0.9
                  clusterIPs: [10.96.0.9, "fd00:96::9"]
                  ports: [{name: p, port: 80, targetPort: 8080}]
                  %s
                """.formatted(spec));
        for (final boolean ipv6 : new boolean[] {false, true}) {
            text.append("""
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: web-%1$s, namespace: default, labels: {kubernetes.io/service-name: web}}
                    addressType: %1$s
                    ports: [{name: p, protocol: TCP, port: 8080}]
                    endpoints:
                    """.formatted(ipv6 ? "IPv6" : "IPv4"));
            for (final int pod : pods) {
                text.append("- {addresses: [\"%s%d\"], nodeName: node-1, conditions: {ready: true}}%n"
                        .formatted(ipv6 ? "fd00:244:0:1::" : "10.244.1.", pod));
            }
        }
        write("service.yaml", text.toString());
        apply();
    }

    Ingress port(String pod) {
        return Objects.requireNonNull(node.podPorts().get("default/" + pod), pod);
    }

    static MacAddress station(Ingress pod) {
        return Objects.requireNonNull(pod.peerMac());
    }

    /** Where the packet goes: the name of the port, or nothing. */
    String send(Ingress from, PacketBuilder packet) {
        Objects.requireNonNull(ports.port(from.port())).offer(packet.build());
        nowNs += 100_000;
        sentTo.clear();
        while (node.dataplane().step() != 0) {
            // until nothing is left to do
        }
        return String.join(" ", sentTo);
    }

    /** The control thread's turn, so many times, with a clock that goes on by this much each. */
    void turns(int count, long eachNs) {
        for (int i = 0; i < count; i++) {
            nowNs += eachNs;
            node.poll(nowNs);
        }
    }

    PathCounters counters() {
        return node.dataplane().workers().getFirst().counters();
    }

    List<ConnectionRecord> connections() {
        final List<ConnectionRecord> all = new ArrayList<>();
        node.conntrack().table().forEach(ConnectionFilter.ALL, nowNs, all::add);
        return all;
    }

    long value(OffloadCounter counter) {
        return node.offloader().value(counter);
    }

    @Override
    public void close() {
        node.close();
        counters.close();
    }
}
