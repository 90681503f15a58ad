package io.weir.policy.spec;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;

/** A node of the cluster, as a possible peer. */
public record NodeSpec(String name, Map<String, String> labels, List<IpAddress> addresses) {
    public NodeSpec {
        labels = Map.copyOf(labels);
        addresses = List.copyOf(addresses);
    }
}
