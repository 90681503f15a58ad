package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.WeirDropReasons;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.flow.FlowRecord;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.worker.Worker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** {@code flows}: a line for each remembered decision of each worker, with its connection's totals. */
final class FlowsRequest implements ApiRequest {
    private static final int FIRST_TUNNEL = 0x8000;

    private final NodeDataplane node;
    private final ControlQueue control;

    FlowsRequest(NodeDataplane node, ControlQueue control) {
        this.node = node;
        this.control = control;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final Snapshot snapshot = control.call(() -> node.dataplane().snapshot());
        final long nowNs = System.nanoTime();
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
                answer.line(tree(worker.id(), flow, snapshot, connections));
            }
        }
    }

    private static Map<String, @Nullable Object> tree(
            int worker, FlowRecord flow, Snapshot snapshot, Int2ObjectHashMap<ConnectionRecord> connections) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("worker", worker);
        tree.put("protocol", Protocols.name(flow.protocol()));
        tree.put("source", Protocols.endpoint(flow.source(), flow.sourcePort()));
        tree.put("destination", Protocols.endpoint(flow.destination(), flow.destinationPort()));
        tree.put(
                "from",
                flow.scope() >= FIRST_TUNNEL
                        ? "tunnel " + (flow.scope() - FIRST_TUNNEL)
                        : port(snapshot, flow.scope()));
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
        tree.put("idleSeconds", flow.idleTicks());
        tree.put("recentPackets", flow.recentPackets());
        tree.put("recentBytes", flow.recentBytes());
        final ConnectionRecord connection = connections.get(flow.connection());
        if (connection != null && connection.generation() == flow.generation()) {
            tree.put("state", connection.state());
            tree.put("packets", flow.isReply() ? connection.packetsReply() : connection.packetsOriginal());
            tree.put("bytes", flow.isReply() ? connection.bytesReply() : connection.bytesOriginal());
        }
        return tree;
    }

    private static String port(Snapshot snapshot, int id) {
        final List<@Nullable Ingress> ports = snapshot.ingresses();
        final Ingress port = id < ports.size() ? ports.get(id) : null;
        return port == null ? "port " + id : port.name();
    }
}
