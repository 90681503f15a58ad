package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.simulation.ExplainedStage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code trace}: a line {@code {"ready":true}}, then one for each packet that the {@code filter} wants, until the client hangs up;
 * {@code {"lost":N}} in between says how many packets so far the client was too slow for.
 */
final class TraceRequest implements ApiRequest {
    private final TraceHub hub;

    TraceRequest(TraceHub hub) {
        this.hub = hub;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final TraceHub.Subscription subscription = hub.subscribe(() -> FilterReader.of(question));
        try {
            answer.line(Map.of("ready", true));
            subscription.queue().pump(answer, TraceRequest::tree);
        } finally {
            hub.unsubscribe(subscription);
        }
    }

    private static Map<String, @Nullable Object> tree(TracedPacket packet) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("timeNs", packet.timeNs());
        tree.put("worker", packet.worker());
        tree.put("from", packet.port());
        tree.put("length", packet.length());
        tree.put("verdict", packet.verdict());
        tree.put("reason", packet.reason());
        tree.put("to", packet.to());
        tree.put("source", packet.source());
        tree.put("destination", packet.destination());
        tree.put("stages", packet.stages().stream().map(TraceRequest::stage).toList());
        tree.put("bytes", packet.bytes());
        return tree;
    }

    private static Map<String, Object> stage(ExplainedStage stage) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("stage", stage.stage());
        tree.put("verdict", stage.verdict());
        tree.put("because", stage.because());
        return tree;
    }
}
