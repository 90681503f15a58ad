package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.pipeline.RuleNote;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code policies}: a line for each policy rule that may decide about this node's pods, with how often it did. */
final class PoliciesRequest implements ApiRequest {
    private final NodeDataplane node;
    private final ControlQueue control;

    PoliciesRequest(NodeDataplane node, ControlQueue control) {
        this.node = node;
        this.control = control;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final List<Map.Entry<RuleNote, List<String>>> rules =
                control.call(() -> List.copyOf(node.policies().notes().entrySet()));
        // a rule may decide while the list is sorted
        record Line(long decisions, String verdict, List<String> pods) {}
        final List<Line> lines = rules.stream()
                .map(rule -> new Line(
                        rule.getKey().decisions(),
                        rule.getKey().toString(),
                        rule.getValue().stream().distinct().sorted().toList()))
                .sorted(Comparator.comparingLong((Line line) -> -line.decisions).thenComparing(Line::verdict))
                .toList();
        for (final Line line : lines) {
            final Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("decisions", line.decisions);
            tree.put("verdict", line.verdict);
            tree.put("pods", line.pods);
            answer.line(tree);
        }
    }
}
