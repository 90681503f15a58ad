package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.lb.ServiceStatus;
import io.weir.lb.ServiceTable;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code services}: a line for each Service port, with its backends as they are now. */
final class ServicesRequest implements ApiRequest {
    private final NodeDataplane node;
    private final ControlQueue control;

    ServicesRequest(NodeDataplane node, ControlQueue control) {
        this.node = node;
        this.control = control;
    }

    @Override
    public void answer(JsonNode question, ApiAnswer answer) throws IOException, ApiException {
        final List<ServiceStatus> statuses = control.call(() -> {
            final ServiceTable table = node.services();
            return table == null ? List.of() : table.statuses();
        });
        for (final ServiceStatus status : statuses) {
            answer.line(tree(status));
        }
    }

    private static Map<String, @Nullable Object> tree(ServiceStatus status) {
        final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("namespace", status.key().namespace());
        tree.put("name", status.key().name());
        tree.put("port", status.key().port());
        tree.put("family", status.key().ipv6() ? "IPv6" : "IPv4");
        tree.put("protocol", Protocols.name(status.protocol()));
        tree.put("addresses", status.addresses().stream().map(Object::toString).toList());
        tree.put(
                "internalTrafficPolicy",
                DropReasons.labelOf(status.internalPolicy().name()));
        tree.put(
                "externalTrafficPolicy",
                DropReasons.labelOf(status.externalPolicy().name()));
        tree.put("internal", status.internalVerdict());
        tree.put("external", status.externalVerdict());
        tree.put("scheduler", DropReasons.labelOf(status.scheduler().name()));
        tree.put("affinitySeconds", status.affinityTimeoutNs() / 1_000_000_000L);
        tree.put(
                "backends",
                status.backends().stream().map(ServicesRequest::backend).toList());
        return tree;
    }

    private static Map<String, Object> backend(ServiceStatus.BackendStatus backend) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("address", Protocols.endpoint(backend.address(), backend.port()));
        tree.put("target", backend.target());
        tree.put("node", backend.node());
        tree.put("state", DropReasons.labelOf(backend.state().name()));
        tree.put("cluster", backend.cluster());
        tree.put("local", backend.local());
        tree.put("connections", backend.connections());
        tree.put("chosen", backend.chosen());
        tree.put("packets", backend.packets());
        tree.put("bytes", backend.bytes());
        return tree;
    }
}
