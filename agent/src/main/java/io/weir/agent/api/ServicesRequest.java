package io.weir.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.agent.node.NodeDataplane;
import io.weir.conntrack.ConnectionFilter;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.lb.ServiceStatus;
import io.weir.lb.ServiceTable;
import java.io.IOException;
import java.util.HashMap;
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
        final Map<Integer, Traffic> living = living();
        for (final ServiceStatus status : statuses) {
            answer.line(tree(status, living));
        }
    }

    /** What connections that still live have carried, by backend; a backend counts those that have ended. */
    private Map<Integer, Traffic> living() {
        final Map<Integer, Traffic> byBackend = new HashMap<>();
        node.conntrack().table().forEach(ConnectionFilter.ALL, System.nanoTime(), connection -> {
            if (connection.backend() != Decision.NONE) {
                byBackend.merge(
                        connection.backend(),
                        new Traffic(
                                connection.packetsOriginal() + connection.packetsReply(),
                                connection.bytesOriginal() + connection.bytesReply()),
                        Traffic::plus);
            }
        });
        return byBackend;
    }

    private record Traffic(long packets, long bytes) {
        private static final Traffic NONE = new Traffic(0, 0);

        private Traffic plus(Traffic other) {
            return new Traffic(packets + other.packets, bytes + other.bytes);
        }
    }

    private static Map<String, @Nullable Object> tree(ServiceStatus status, Map<Integer, Traffic> living) {
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
                status.backends().stream()
                        .map(backend -> backend(backend, living.getOrDefault(backend.id(), Traffic.NONE)))
                        .toList());
        return tree;
    }

    private static Map<String, Object> backend(ServiceStatus.BackendStatus backend, Traffic living) {
        final Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("address", Protocols.endpoint(backend.address(), backend.port()));
        tree.put("target", backend.target());
        tree.put("node", backend.node());
        tree.put("state", DropReasons.labelOf(backend.state().name()));
        tree.put("weight", backend.weight());
        tree.put("cluster", backend.cluster());
        tree.put("local", backend.local());
        tree.put("connections", backend.connections());
        tree.put("chosen", backend.chosen());
        tree.put("packets", backend.packets() + living.packets());
        tree.put("bytes", backend.bytes() + living.bytes());
        return tree;
    }
}
