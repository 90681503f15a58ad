package io.weir.agent.service;

import io.weir.agent.cluster.ConfigDirectory;
import io.weir.agent.cluster.LoadedConfig;
import io.weir.agent.node.LocalNode;
import io.weir.agent.simulation.SimulatedNode;
import io.weir.agent.simulation.SimulatedPort;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A node without threads or devices: frames in, frames out. */
final class PacketNode implements AutoCloseable {
    final SimulatedNode node;
    private final String name;
    private final Path directory;
    private final List<Sent> sent = new ArrayList<>();
    private long nowNs = 1;

    /** A frame that left by a port. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Sent(Ingress port, byte[] frame) {}

    /** @param directory of the manifests; {@link #apply} reads it again */
    PacketNode(Path directory, String name) {
        this.directory = directory;
        this.name = name;
        node = new SimulatedNode(
                ConfigDirectory.load(directory),
                name,
                SimulatedNode.SMALL,
                () -> nowNs,
                (port, frame) -> sent.add(new Sent(port, frame)));
    }

    static void write(Path directory, String file, String text) {
        try {
            Files.writeString(directory.resolve(file), text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes over edited objects; the settings stay those of the start. */
    void apply() {
        final LoadedConfig loaded = ConfigDirectory.load(directory);
        final LocalNode first = node.node();
        node.dataplane()
                .apply(LocalNode.of(
                        name,
                        new LoadedConfig(loaded.cluster(), first.config(), first.configOrigin(), loaded.warnings())));
    }

    long nowNs() {
        return nowNs;
    }

    /** The start of a frame by which this sender, a local pod or somebody behind the uplink, reaches the node. */
    PacketBuilder from(String source, String destination) {
        final Ingress ingress = ingressOf(source);
        final MacAddress peer = ingress.peerMac();
        return PacketBuilder.packet()
                .ethernet(peer == null ? MacAddress.parse("02:00:00:00:00:77") : peer, ingress.mac())
                .ip(source, destination);
    }

    /** Lets a frame of {@link #from} in by the port of its sender, and returns what the node sends because of it. */
    List<Sent> in(String source, byte[] frame) {
        return in(ingressOf(source), frame);
    }

    /** The port of the local pod that has this address now, else the uplink. */
    private Ingress ingressOf(String source) {
        final IpAddress address = IpAddress.parse(source);
        final Map<String, Ingress> ports = node.dataplane().podPorts();
        return Objects.requireNonNull(node.dataplane().node()).pods().values().stream()
                .filter(pod -> pod.addresses().contains(address))
                .map(pod -> Objects.requireNonNull(ports.get(pod.name())))
                .findFirst()
                .orElseGet(() -> node.dataplane().uplinkPorts().getFirst());
    }

    /** Lets a frame of another node in, which is addressed to whatever that node took for this one's Ethernet address. */
    List<Sent> inByUplink(byte[] frame) {
        final Ingress uplink = node.dataplane().uplinkPorts().getFirst();
        final byte[] mine = frame.clone();
        System.arraycopy(uplink.mac().toBytes(), 0, mine, 0, MacAddress.LENGTH);
        return in(uplink, mine);
    }

    /** Packets that were dropped so far, for whatever reason. */
    long drops() {
        return node.dataplane().dataplane().workers().getFirst().counters().totalDrops();
    }

    long drops(DropReason reason) {
        return node.dataplane().dataplane().workers().getFirst().counters().drops(reason.id());
    }

    /** Packets that the flow cache did not decide about. */
    long pipelineRuns() {
        return node.dataplane().dataplane().workers().getFirst().counters().value(PathCounter.PIPELINE_RUNS);
    }

    /** The only connection of this client. */
    ConnectionRecord connection(String client) {
        final List<ConnectionRecord> found = new ArrayList<>();
        node.dataplane().conntrack().table().forEach(ConnectionFilter.ALL, nowNs, connection -> {
            if (connection.originalSource().equals(IpAddress.parse(client))) {
                found.add(connection);
            }
        });
        if (found.size() != 1) {
            throw new AssertionError("connections of " + client + ": " + found);
        }
        return found.getFirst();
    }

    List<Sent> in(Ingress ingress, byte[] frame) {
        final SimulatedPort port = Objects.requireNonNull(node.ports().port(ingress.port()));
        nowNs += 1_000_000;
        port.offer(frame);
        while (node.dataplane().dataplane().step() != 0) {
            // until nothing is left to do
        }
        final List<Sent> now = List.copyOf(sent);
        sent.clear();
        return now;
    }

    @Override
    public void close() {
        node.close();
    }
}
