package io.weir.agent.api;

import io.fabric8.kubernetes.api.model.Node;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code nodes}: a line for each node of the cluster, as this one sees it, and for each range of pods that flannel alone
 * knows: its addresses, and the way that leads to its pods.
 */
final class NodeList {
    private final NodeDataplane node;

    NodeList(NodeDataplane node) {
        this.node = node;
    }

    /** Control thread. */
    List<Map<String, Object>> lines() {
        final List<Map<String, Object>> lines = new ArrayList<>();
        final LocalNode local = node.node();
        if (local == null) {
            return lines;
        }
        lines.add(line(local.name(), true, texts(local.addresses()), local.podRanges(), "here"));
        final Map<String, Node> others = new TreeMap<>(local.cluster().nodes());
        others.remove(local.name());
        others.forEach((name, other) -> {
            final List<IpPrefix> ranges = LocalNode.podRangesOf(other);
            lines.add(line(
                    name,
                    false,
                    texts(LocalNode.addressesOf(other, local.config())),
                    ranges,
                    ranges.isEmpty() ? "" : way(ranges.getFirst())));
        });
        return lines;
    }

    private String way(IpPrefix range) {
        final Route exact = node.routes().get(range);
        final IpAddress first = range.address();
        final Route route = exact != null ? exact : node.routes().find(first.high(), first.low());
        return route == null ? "no route" : route.prefix() + " " + route.origin();
    }

    private static List<String> texts(List<?> values) {
        return values.stream().map(Object::toString).toList();
    }

    private static Map<String, Object> line(
            String name, boolean isLocal, List<String> addresses, List<IpPrefix> ranges, String way) {
        final Map<String, Object> line = new LinkedHashMap<>();
        line.put("node", name);
        line.put("local", isLocal);
        line.put("addresses", addresses);
        line.put("podRanges", texts(ranges));
        line.put("way", way);
        return line;
    }
}
