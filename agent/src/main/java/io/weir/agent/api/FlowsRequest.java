package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.WeirDropReasons;
import io.weir.agent.offload.OffloadedDirection;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.flow.FlowRecord;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.offload.OffloadKey;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.worker.Worker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code flows}: a line for each remembered decision of each worker, with its connection's totals, and for each direction that
 * the kernel carries and no worker remembers. What the kernel carries now has {@code "offloaded":true}.
 */
final class FlowsRequest implements ApiRequest {

    private final NodeDataplane node;
    private final ControlQueue control;

    FlowsRequest(NodeDataplane node, ControlQueue control) {
        this.node = node;
        this.control = control;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final long nowNs = System.nanoTime();
        final Map<Direction, OffloadedDirection> offloaded = new LinkedHashMap<>();
        final Snapshot snapshot = control.call(() -> {
            node.offloader().forEach(nowNs, each -> offloaded.put(Direction.of(each), each));
            return node.dataplane().snapshot();
        });
        final Int2ObjectHashMap<ConnectionRecord> connections = new Int2ObjectHashMap<>();
        node.conntrack()
                .table()
                .forEach(ConnectionFilter.ALL, nowNs, record -> connections.put(record.entry(), record));
        for (final Worker worker : node.dataplane().workers()) {
            final List<FlowRecord> flows = new ArrayList<>();
            worker.flowCache().forEach(nowNs, flows::add);
            for (final FlowRecord flow : flows) {
                if (!answer.isOpen()) {
                    return;
                }
                answer.line(tree(worker.id(), flow, snapshot, connections, offloaded.remove(Direction.of(flow))));
            }
        }
        for (final OffloadedDirection direction : offloaded.values()) {
            answer.line(tree(direction, snapshot, connections.get(direction.connection())));
        }
    }

    /** One direction of a connection. */
    private record Direction(int connection, int generation, boolean isReply) {
        static Direction of(OffloadedDirection direction) {
            return new Direction(direction.connection(), direction.generation(), direction.isReply());
        }

        static Direction of(FlowRecord flow) {
            return new Direction(flow.connection(), flow.generation(), flow.isReply());
        }
    }

    private static Map<String, @Nullable Object> tree(
            OffloadedDirection direction, Snapshot snapshot, @Nullable ConnectionRecord connection) {
        final OffloadKey key = direction.flow().key();
        final String source = Protocols.endpoint(key.source(), key.sourcePort());
        final String destination = Protocols.endpoint(key.destination(), key.destinationPort());
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("protocol", Protocols.name(PacketParser.PROTOCOL_TCP));
        tree.put("source", source);
        tree.put("destination", destination);
        tree.put("from", from(snapshot, key.ingressPort()));
        tree.put("verdict", "forward");
        tree.put("to", port(snapshot, direction.flow().egressPort()));
        final OffloadKey answers = direction.flow().answers();
        tree.put("newSource", Protocols.endpoint(answers.destination(), answers.destinationPort()));
        tree.put("newDestination", Protocols.endpoint(answers.source(), answers.sourcePort()));
        tree.put("reply", direction.isReply());
        tree.put("idleSeconds", direction.idleSeconds());
        tree.put("recentPackets", direction.recentPackets());
        tree.put("recentBytes", direction.recentBytes());
        tree.put("offloaded", true);
        totals(tree, connection, direction.generation(), direction.isReply());
        return tree;
    }

    private static Map<String, @Nullable Object> tree(
            int worker,
            FlowRecord flow,
            Snapshot snapshot,
            Int2ObjectHashMap<ConnectionRecord> connections,
            @Nullable OffloadedDirection carried) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("worker", worker);
        tree.put("protocol", Protocols.name(flow.protocol()));
        tree.put("source", Protocols.endpoint(flow.source(), flow.sourcePort()));
        tree.put("destination", Protocols.endpoint(flow.destination(), flow.destinationPort()));
        tree.put("from", from(snapshot, flow.scope()));
        if (flow.dropReason() != 0) {
            final DropReason reason = WeirDropReasons.ALL.byId(flow.dropReason());
            tree.put("verdict", "drop");
            tree.put("reason", reason == null ? "reason " + flow.dropReason() : reason.label());
        } else {
            tree.put("verdict", "forward");
            tree.put("to", port(snapshot, snapshot.adjacencies().outputPort(flow.adjacency())));
            tree.put("newSource", Protocols.endpoint(flow.newSource(), flow.newSourcePort()));
            tree.put("newDestination", Protocols.endpoint(flow.newDestination(), flow.newDestinationPort()));
        }
        tree.put("reply", flow.isReply());
        tree.put("idleSeconds", carried == null ? flow.idleTicks() : carried.idleSeconds());
        tree.put("recentPackets", carried == null ? flow.recentPackets() : carried.recentPackets());
        tree.put("recentBytes", carried == null ? flow.recentBytes() : carried.recentBytes());
        tree.put("offloaded", carried != null);
        totals(tree, connections.get(flow.connection()), flow.generation(), flow.isReply());
        return tree;
    }

    private static void totals(
            Map<String, @Nullable Object> tree,
            @Nullable ConnectionRecord connection,
            int generation,
            boolean isReply) {
        if (connection != null && connection.generation() == generation) {
            tree.put("state", connection.state());
            tree.put("packets", isReply ? connection.packetsReply() : connection.packetsOriginal());
            tree.put("bytes", isReply ? connection.bytesReply() : connection.bytesOriginal());
        }
    }

    /** Where packets came in. */
    private static String from(Snapshot snapshot, int scope) {
        return scope >= OffloadKey.FIRST_TUNNEL ? "tunnel " + (scope - OffloadKey.FIRST_TUNNEL) : port(snapshot, scope);
    }

    private static String port(Snapshot snapshot, int id) {
        final List<@Nullable Ingress> ports = snapshot.ingresses();
        final Ingress port = id < ports.size() ? ports.get(id) : null;
        return port == null ? "port " + id : port.name();
    }
}
