package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod of this node that has addresses of its own.
 *
 * @param name      {@code namespace/pod}; for an endpoint without a Pod object {@code endpoint/address}
 * @param pod       the object, when there is one
 * @param addresses its addresses; at least one
 */
public record LocalPod(String name, @Nullable Pod pod, List<IpAddress> addresses) {
    public LocalPod {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException(name + " has no address");
        }
    }
}
