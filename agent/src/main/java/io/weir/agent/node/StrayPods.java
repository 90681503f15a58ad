package io.weir.agent.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.SharedMap;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Pods with addresses outside of the ranges that their Node object has: each needs a route of its own. Remembers the objects
 * that it saw last, so that the next state costs what differs. Control thread only.
 */
final class StrayPods {
    /**
     * One such pod.
     *
     * @param pod       {@code namespace/name}
     * @param node      where it runs; there is a Node object of this name
     * @param addresses those outside of the node's ranges
     */
    record Stray(String pod, String node, List<IpAddress> addresses) {}

    private SortedMap<String, Pod> pods = SharedMap.empty();
    private SortedMap<String, Node> nodes = SharedMap.empty();
    private final Map<String, List<IpPrefix>> ranges = new HashMap<>();
    private final TreeMap<String, Stray> strays = new TreeMap<>();

    /** In order of the pods' names; valid until the next call. */
    Collection<Stray> of(ClusterState cluster) {
        final Set<String> moved = movedNodes(cluster);
        SharedMap.differences(pods, cluster.pods(), (before, after) -> {
            if (before != null) {
                strays.remove(ClusterState.keyOf(before));
            }
            if (after != null) {
                look(after);
            }
        });
        pods = cluster.pods();
        if (!moved.isEmpty()) {
            pods.values().stream().filter(pod -> moved.contains(nodeOf(pod))).forEach(this::look);
        }
        return Collections.unmodifiableCollection(strays.values());
    }

    /** Nodes that came or went, or whose ranges are others now; most changes of a Node are of its conditions. */
    private Set<String> movedNodes(ClusterState cluster) {
        final Set<String> moved = new HashSet<>();
        SharedMap.differences(nodes, cluster.nodes(), (before, after) -> {
            final String name = ClusterState.keyOf(after != null ? after : Objects.requireNonNull(before));
            final List<IpPrefix> had = ranges.get(name);
            final List<IpPrefix> has = after == null ? null : LocalNode.podRangesOf(after);
            if (has == null) {
                ranges.remove(name);
            } else {
                ranges.put(name, has);
            }
            if (has == null || !has.equals(had)) {
                moved.add(name);
            }
        });
        nodes = cluster.nodes();
        return moved;
    }

    private static String nodeOf(Pod pod) {
        final String name = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
        return name == null ? "" : name;
    }

    private void look(Pod pod) {
        final String key = ClusterState.keyOf(pod);
        final String node = nodeOf(pod);
        final List<IpPrefix> within = ranges.get(node);
        final List<IpAddress> outside = within == null
                ? List.of()
                : LocalNode.podAddresses(pod).stream()
                        .filter(address -> within.stream().noneMatch(range -> range.contains(address)))
                        .toList();
        if (outside.isEmpty()) {
            strays.remove(key);
        } else {
            strays.put(key, new Stray(key, node, outside));
        }
    }
}
