package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.flannel.FlannelPlan;
import io.weir.agent.node.NodeDataplane;
import io.weir.agent.node.TunnelState;
import io.weir.dataplane.pipeline.DropReasons;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code tunnels}: a line about the node's place in its flannel network, when it is to be in one; then one for each other
 * end of a tunnel.
 */
final class TunnelsRequest implements ApiRequest {
    private final NodeDataplane node;
    private final ControlQueue control;
    private final Supplier<String> membership;

    /** @param membership how the node stands in its flannel network; empty without flannel */
    TunnelsRequest(NodeDataplane node, ControlQueue control, Supplier<String> membership) {
        this.node = node;
        this.control = control;
        this.membership = membership;
    }

    private record Answer(@Nullable FlannelPlan plan, List<TunnelState> states) {}

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final Answer now = control.call(() -> new Answer(node.flannel(), node.tunnelStates()));
        final String standing = membership.get();
        if (!standing.isEmpty()) {
            answer.line(own(standing, now.plan));
        }
        for (final TunnelState state : now.states) {
            answer.line(tree(state));
        }
    }

    private static Map<String, @Nullable Object> own(String standing, @Nullable FlannelPlan plan) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("flannel", standing);
        if (plan != null) {
            tree.put("subnets", plan.podRanges().stream().map(Object::toString).toList());
            tree.put("podMtu", plan.podMtu());
            tree.put("ways", plan.routes().size());
            tree.put("warnings", plan.warnings());
        }
        return tree;
    }

    private static Map<String, @Nullable Object> tree(TunnelState state) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("network", state.network().name());
        tree.put("vni", state.network().vni());
        tree.put("port", state.network().port());
        tree.put("localAddress", state.network().localAddress().toString());
        tree.put("localMac", state.network().localMac().toString());
        tree.put("mtu", state.network().mtu());
        tree.put("subnet", state.remote().subnet().toString());
        tree.put("address", state.remote().underlay().toString());
        tree.put("mac", state.remote().mac().toString());
        tree.put("way", DropReasons.labelOf(state.way().name()));
        tree.put("hop", state.hop() == null ? null : Objects.toString(state.hop()));
        tree.put("receivedPackets", state.totals().receivedPackets());
        tree.put("receivedBytes", state.totals().receivedBytes());
        tree.put("sentPackets", state.totals().sentPackets());
        tree.put("sentBytes", state.totals().sentBytes());
        tree.put("refused", state.totals().refused());
        return tree;
    }
}
