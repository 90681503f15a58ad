package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.SharedMap;
import io.weir.dataplane.wire.IpAddress;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that EndpointSlices place on a node, or on none. Remembers the slices that it saw last, so that the next
 * state costs what differs. Control thread only.
 */
public final class EndpointAddresses {
    private SortedMap<String, EndpointSlice> seen = SharedMap.empty();
    private String node = "";
    private final TreeMap<IpAddress, Integer> mentions = new TreeMap<>();

    /** In order of the addresses; what is no address is passed over. Valid until the next call. */
    SortedSet<IpAddress> on(String nodeName, ClusterState cluster) {
        if (!node.equals(nodeName)) {
            node = nodeName;
            seen = SharedMap.empty();
            mentions.clear();
        }
        SharedMap.differences(seen, cluster.endpointSlices(), (before, after) -> {
            mention(before, -1);
            mention(after, 1);
        });
        seen = cluster.endpointSlices();
        return Collections.unmodifiableSortedSet(mentions.navigableKeySet());
    }

    private void mention(@Nullable EndpointSlice slice, int count) {
        if (slice == null || "FQDN".equals(slice.getAddressType()) || slice.getEndpoints() == null) {
            return;
        }
        for (final Endpoint endpoint : slice.getEndpoints()) {
            if (endpoint.getNodeName() == null || node.equals(endpoint.getNodeName())) {
                endpoint.getAddresses().forEach(text -> mention(text, count));
            }
        }
    }

    private void mention(String text, int count) {
        final IpAddress address;
        try {
            address = IpAddress.parse(text);
        } catch (final IllegalArgumentException e) {
            return; // the translation of the Service says so
        }
        if (mentions.merge(address, count, Integer::sum) == 0) {
            mentions.remove(address);
        }
    }
}
