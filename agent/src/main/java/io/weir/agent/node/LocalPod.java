package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Pod;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod of this node that has addresses of its own.
 *
 * @param name       {@code namespace/pod}; for an endpoint without a Pod object {@code endpoint/address}
 * @param pod        the object, when there is one
 * @param addresses  its addresses; at least one
 * @param attachment its interface, when the runtime asked for it
 */
public record LocalPod(
        String name,
        @Nullable Pod pod,
        List<IpAddress> addresses,
        @Nullable Attachment attachment) {
    private static final String BARE_ENDPOINT = "endpoint/";

    public LocalPod {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException(name + " has no address");
        }
    }

    /** An address that an EndpointSlice places here; nobody says that there is a pod behind it. */
    static LocalPod endpoint(IpAddress address) {
        return new LocalPod(BARE_ENDPOINT + address, null, List.of(address), null);
    }

    /** The runtime attached it; its Pod object, and so its labels, are not known yet. */
    boolean isPlaceholder() {
        return pod != null && AttachmentOverlay.isPlaceholder(pod);
    }

    /** Its Kubernetes namespace. */
    String namespace() {
        return name.substring(0, name.indexOf('/'));
    }
}
