package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.cluster.SharedMap;
import io.weir.agent.config.NodeConfig;
import io.weir.agent.flannel.FlannelPlan;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes the load balancer's spec of the cluster's Services, EndpointSlices and Nodes. Remembers the cluster that it saw
 * last and what it made of each Service, so that a change costs the Services that it concerns. Conductor thread only.
 */
public final class ServiceTranslator {
    /** When the endpoints changed that made a controller write the slice. */
    private static final String TRIGGER_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time";

    private static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";

    private final String nodeName;
    private ClusterState seen = ClusterState.EMPTY;
    private @Nullable Settings settings;
    private @Nullable ServiceSurroundings surroundings;

    /** The slices of each Service that has any, by their names. */
    private final Map<String, TreeMap<String, EndpointSlice>> slices = new HashMap<>();

    private final Translations translations = new Translations();
    private final ServiceMetrics metrics = new ServiceMetrics();

    /** What the surroundings are made of; the same objects say the same. */
    private record Settings(
            SortedMap<String, Node> nodes,
            NodeConfig config,
            @Nullable FlannelPlan plan) {
        @SuppressWarnings("ReferenceEquality")
        boolean isMadeOf(ClusterState cluster, NodeConfig config, @Nullable FlannelPlan plan) {
            return nodes == cluster.nodes() && this.config == config && this.plan == plan;
        }
    }

    /** @param nodeName this node, as endpoints name it */
    public ServiceTranslator(String nodeName) {
        this.nodeName = nodeName;
    }

    /** What the node should serve, given these objects and settings, without tunnels. */
    public TranslatedServices translate(ClusterState cluster, NodeConfig config) {
        return translate(cluster, config, null);
    }

    /**
     * What the node should serve, given these objects and settings.
     *
     * @param plan the tunnels to other nodes; null where there are none
     */
    public TranslatedServices translate(ClusterState cluster, NodeConfig config, @Nullable FlannelPlan plan) {
        final ServiceSurroundings now = surroundings(cluster, config, plan);
        final Set<String> concerned = new HashSet<>();
        SharedMap.differences(seen.endpointSlices(), cluster.endpointSlices(), (before, after) -> {
            metrics.endpointsChanged();
            if (before != null) {
                forget(before, concerned);
            }
            if (after != null) {
                learn(after, concerned);
                if (surroundings != null) { // what is there at the start changed long ago
                    metrics.triggered(trigger(after));
                }
            }
        });
        SharedMap.differences(seen.services(), cluster.services(), (before, after) -> {
            metrics.serviceChanged(before != null, after != null);
            if (before != null) {
                concerned.add(ClusterState.keyOf(before));
            }
            if (after != null) {
                concerned.add(ClusterState.keyOf(after));
            }
        });
        if (!now.equals(surroundings)) {
            concerned.addAll(cluster.services().keySet());
        }
        for (final String name : concerned) {
            translate(name, cluster, now);
        }
        seen = cluster;
        settings = new Settings(cluster.nodes(), config, plan);
        surroundings = now;
        return translations.together(now);
    }

    private static @Nullable String trigger(EndpointSlice slice) {
        final Map<String, String> annotations = slice.getMetadata().getAnnotations();
        return annotations == null ? null : annotations.get(TRIGGER_ANNOTATION);
    }

    /** What was translated so far, in numbers. */
    public ServiceMetrics metrics() {
        return metrics;
    }

    private ServiceSurroundings surroundings(ClusterState cluster, NodeConfig config, @Nullable FlannelPlan plan) {
        final ServiceSurroundings last = surroundings;
        return last != null && settings != null && settings.isMadeOf(cluster, config, plan)
                ? last
                : ServiceSurroundings.of(nodeName, cluster, config, plan);
    }

    private void translate(String name, ClusterState cluster, ServiceSurroundings now) {
        final var service = cluster.services().get(name);
        if (service == null || !ServicePortTranslation.isServed(service)) {
            translations.remove(name);
            return;
        }
        final TreeMap<String, EndpointSlice> own = slices.get(name);
        translations.put(
                name, ServicePortTranslation.of(service, own == null ? List.of() : List.copyOf(own.values()), now));
    }

    private void learn(EndpointSlice slice, Set<String> concerned) {
        final String service = serviceOf(slice);
        if (service != null) {
            slices.computeIfAbsent(service, _ -> new TreeMap<>())
                    .put(slice.getMetadata().getName(), slice);
            concerned.add(service);
        }
    }

    private void forget(EndpointSlice slice, Set<String> concerned) {
        final String service = serviceOf(slice);
        final TreeMap<String, EndpointSlice> own = service == null ? null : slices.get(service);
        if (service != null && own != null) {
            own.remove(slice.getMetadata().getName());
            if (own.isEmpty()) {
                slices.remove(service);
            }
            concerned.add(service);
        }
    }

    private static @Nullable String serviceOf(EndpointSlice slice) {
        if (!ServicePortTranslation.isServed(slice)) {
            return null;
        }
        final String service = slice.getMetadata().getLabels().get(SERVICE_NAME_LABEL);
        return service == null ? null : slice.getMetadata().getNamespace() + "/" + service;
    }
}
