package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Pod;
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
 * What a cluster's objects say of one node: its pods, and the addresses that EndpointSlices place there, or on none. Remembers
 * the objects that it saw last, so that the next state costs what differs. Control thread only.
 */
public final class NodeObjects {
    private SortedMap<String, EndpointSlice> slices = SharedMap.empty();
    private SortedMap<String, Pod> clusterPods = SharedMap.empty();
    private String node = "";
    private final TreeMap<IpAddress, Integer> mentions = new TreeMap<>();
    private final TreeMap<String, Pod> pods = new TreeMap<>();

    /** Looks at the next state of the cluster, from a node of this name. */
    void see(String nodeName, ClusterState cluster) {
        if (!node.equals(nodeName)) {
            node = nodeName;
            slices = SharedMap.empty();
            clusterPods = SharedMap.empty();
            mentions.clear();
            pods.clear();
        }
        SharedMap.differences(slices, cluster.endpointSlices(), (before, after) -> {
            mention(before, -1);
            mention(after, 1);
        });
        slices = cluster.endpointSlices();
        SharedMap.differences(clusterPods, cluster.pods(), (before, after) -> {
            if (before != null) {
                pods.remove(ClusterState.keyOf(before));
            }
            if (after != null
                    && after.getSpec() != null
                    && node.equals(after.getSpec().getNodeName())) {
                pods.put(ClusterState.keyOf(after), after);
            }
        });
        clusterPods = cluster.pods();
    }

    /** Addresses in EndpointSlices, in order; what is no address is passed over. */
    SortedSet<IpAddress> endpoints() {
        return Collections.unmodifiableSortedSet(mentions.navigableKeySet());
    }

    /** Pods with the node's name, in order of theirs. */
    SortedMap<String, Pod> pods() {
        return Collections.unmodifiableSortedMap(pods);
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
