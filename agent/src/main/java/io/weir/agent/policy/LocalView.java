package io.weir.agent.policy;

import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this node knows better than the cluster's objects do.
 *
 * @param nodeName         Pods with this spec.nodeName are local; null makes every pod local, for tools
 * @param nodeAddresses    addresses of this node itself: they always reach its pods
 * @param podAddresses     addresses that this node gave to pods, by {@code namespace/name}; they count before the Pod's
 *                         status says so, which makes policy hold before a pod's first packet
 * @param unknownAddresses local endpoints to shut off because their Pod is not known yet
 * @param rejectEgress     answer denied egress with an ICMP error
 */
public record LocalView(
        @Nullable String nodeName,
        Set<IpAddress> nodeAddresses,
        Map<String, List<IpAddress>> podAddresses,
        Set<IpAddress> unknownAddresses,
        boolean rejectEgress) {
    /** Looks at the whole cluster as if every pod ran here. */
    public static final LocalView EVERYWHERE = new LocalView(null, Set.of(), Map.of(), Set.of(), false);

    public LocalView {
        nodeAddresses = Set.copyOf(nodeAddresses);
        podAddresses = Map.copyOf(podAddresses);
        unknownAddresses = Set.copyOf(unknownAddresses);
    }
}
