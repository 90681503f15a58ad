package io.weir.policy.spec;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;

/**
 * A pod with addresses of its own (not one that uses its node's network).
 *
 * @param addresses  of either family; a pod without any is as good as absent
 * @param namedPorts of its containers
 * @param local      it runs on this node, so this node judges what it sends and receives
 */
public record PodSpec(
        String namespace,
        String name,
        Map<String, String> labels,
        List<IpAddress> addresses,
        List<NamedPort> namedPorts,
        boolean local) {
    public PodSpec {
        labels = Map.copyOf(labels);
        addresses = List.copyOf(addresses);
        namedPorts = List.copyOf(namedPorts);
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }
}
