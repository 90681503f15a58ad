package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.conntrack.ConnectionFilter;
import io.weir.conntrack.ConnectionRecord;
import io.weir.dataplane.wire.IpPrefix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code connections}: {@code "do":"list"} has a line for each connection that the filter selects, {@code count} says how
 * many there are, {@code flush} ends them. The filter's fields: {@code protocol}, {@code source}, {@code destination} (a
 * prefix or an address), {@code sourcePort}, {@code destinationPort}, {@code zone}, {@code state}, {@code sourceTranslated}.
 */
final class ConnectionsRequest implements ApiRequest {
    private final NodeDataplane node;
    private final ControlQueue control;

    ConnectionsRequest(NodeDataplane node, ControlQueue control) {
        this.node = node;
        this.control = control;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final ConnectionFilter filter = filter(question);
        final String action = question.path("do").asText("list");
        switch (action) {
            case "list" -> list(filter, answer);
            case "count" -> {
                final long[] count = {0};
                node.conntrack().table().forEach(filter, System.nanoTime(), _ -> count[0]++);
                answer.line(Map.of(
                        "count", count[0], "capacity", node.conntrack().table().capacity()));
            }
            case "flush" -> {
                final int removed = control.call(() -> node.flushConnections(filter, System.nanoTime()));
                answer.line(Map.of("flushed", removed));
            }
            default -> throw new ApiException("connections can't do '" + action + "'; write list, count or flush");
        }
    }

    private void list(ConnectionFilter filter, ApiAnswer answer) throws IOException {
        final List<ConnectionRecord> selected = new ArrayList<>();
        node.conntrack().table().forEach(filter, System.nanoTime(), selected::add);
        for (final ConnectionRecord connection : selected) {
            if (!answer.isOpen()) {
                return;
            }
            answer.line(tree(connection));
        }
    }

    private static Map<String, @Nullable Object> tree(ConnectionRecord connection) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("protocol", Protocols.name(connection.protocol()));
        tree.put("state", connection.state());
        tree.put("source", Protocols.endpoint(connection.originalSource(), connection.originalSourcePort()));
        tree.put(
                "destination",
                Protocols.endpoint(connection.originalDestination(), connection.originalDestinationPort()));
        tree.put("replySource", Protocols.endpoint(connection.replySource(), connection.replySourcePort()));
        tree.put(
                "replyDestination",
                Protocols.endpoint(connection.replyDestination(), connection.replyDestinationPort()));
        tree.put("sourceTranslated", connection.isSourceTranslated());
        tree.put("destinationTranslated", connection.isDestinationTranslated());
        tree.put("zone", connection.zone());
        tree.put("replied", connection.replied());
        tree.put("ageSeconds", connection.ageNs() / 1_000_000_000L);
        tree.put("expiresInSeconds", connection.expiresInMs() / 1_000L);
        tree.put("packets", connection.packetsOriginal());
        tree.put("bytes", connection.bytesOriginal());
        tree.put("replyPackets", connection.packetsReply());
        tree.put("replyBytes", connection.bytesReply());
        return tree;
    }

    private static ConnectionFilter filter(JsonNode question) throws ApiException {
        return new ConnectionFilter(
                question.has("protocol")
                        ? Protocols.number(question.get("protocol").asText())
                        : -1,
                prefix(question, "source"),
                prefix(question, "destination"),
                question.path("sourcePort").asInt(-1),
                question.path("destinationPort").asInt(-1),
                question.path("zone").asInt(-1),
                question.has("state") ? question.get("state").asText() : null,
                question.has("sourceTranslated")
                        ? question.get("sourceTranslated").asBoolean()
                        : null);
    }

    private static @Nullable IpPrefix prefix(JsonNode question, String field) {
        return question.has(field) ? IpPrefix.parse(question.get(field).asText()) : null;
    }
}
