package io.weir.agent.api;

import io.fabric8.kubernetes.api.model.Pod;
import io.weir.agent.node.LocalNode;
import io.weir.agent.node.LocalPod;
import io.weir.agent.node.NodeDataplane;
import io.weir.dataplane.flow.Ingress;
import io.weir.policy.EndpointRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code pods}: a line for each pod of this node, with its port as it is now. */
final class PodList {
    private final NodeDataplane node;

    PodList(NodeDataplane node) {
        this.node = node;
    }

    /** Control thread. */
    List<Map<String, Object>> lines() {
        final List<Map<String, Object>> lines = new ArrayList<>();
        final LocalNode local = node.node();
        if (local == null) {
            return lines;
        }
        final Map<String, Ingress> ports = node.podPorts();
        local.pods().forEach((name, pod) -> lines.add(line(pod, ports.get(name))));
        node.failedPods()
                .forEach((name, reason) -> lines.add(Map.of("pod", name, "state", "failed", "reason", reason)));
        return lines;
    }

    private Map<String, Object> line(LocalPod pod, @Nullable Ingress port) {
        final Map<String, Object> line = new LinkedHashMap<>();
        line.put("pod", pod.name());
        line.put("addresses", pod.addresses().stream().map(Object::toString).toList());
        line.put("state", port == null ? "not attached" : "attached");
        line.put("by", pod.attachment() != null ? "runtime" : port == null ? "" : "annotation");
        if (port != null) {
            line.put("port", port.port());
            line.put("mac", String.valueOf(port.peerMac()));
            line.put("mtu", port.mtu());
        }
        final EndpointRules rules = node.policies().endpoint(pod.addresses().getFirst());
        line.put("isolated", isolated(rules));
        line.put("phase", phase(pod.pod()));
        return line;
    }

    /** The directions in which NetworkPolicies select the pod, so that what none of them allows is denied. */
    private static List<String> isolated(@Nullable EndpointRules rules) {
        final List<String> directions = new ArrayList<>();
        if (rules != null && !rules.ingress().isolating().isEmpty()) {
            directions.add("ingress");
        }
        if (rules != null && !rules.egress().isolating().isEmpty()) {
            directions.add("egress");
        }
        return directions;
    }

    private static String phase(@Nullable Pod pod) {
        return pod == null || pod.getStatus() == null || pod.getStatus().getPhase() == null
                ? ""
                : pod.getStatus().getPhase();
    }
}
