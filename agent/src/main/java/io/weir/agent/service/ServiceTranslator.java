package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.config.NodeConfig;
import io.weir.dataplane.wire.IpAddress;
import io.weir.lb.ServiceSpec;
import io.weir.lb.ServicesSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the load balancer's spec of the cluster's Services, EndpointSlices and Nodes. Remembers the cluster that it saw
 * last and what it made of each Service, so that a change costs the Services that it concerns and one walk over the rest.
 * Conductor thread only.
 */
public final class ServiceTranslator {
    private static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";

    private final String nodeName;
    private ClusterState seen = ClusterState.EMPTY;
    private @Nullable ServiceSurroundings surroundings;

    /** The slices of each Service that has any, by their names. */
    private final Map<String, TreeMap<String, EndpointSlice>> slices = new HashMap<>();

    private final TreeMap<String, ServicePortTranslation> translations = new TreeMap<>();

    /** The load-balancer and external addresses of each Service that has any. */
    private final TreeMap<String, List<IpAddress>> outsideAddresses = new TreeMap<>();

    /** @param nodeName this node, as endpoints name it */
    public ServiceTranslator(String nodeName) {
        this.nodeName = nodeName;
    }

    /** What the node should serve, given these objects and settings. */
    public TranslatedServices translate(ClusterState cluster, NodeConfig config) {
        final ServiceSurroundings now = ServiceSurroundings.of(nodeName, cluster, config);
        final Set<String> concerned = new HashSet<>();
        differences(seen.endpointSlices(), cluster.endpointSlices(), (before, after) -> {
            if (before != null) {
                forget(before, concerned);
            }
            if (after != null) {
                learn(after, concerned);
            }
        });
        differences(seen.services(), cluster.services(), (before, after) -> {
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
            translate(name, cluster.services().get(name), now);
        }
        seen = cluster;
        surroundings = now;
        return sum(now);
    }

    private void translate(String name, @Nullable Service service, ServiceSurroundings now) {
        if (service == null || !ServicePortTranslation.isServed(service)) {
            translations.remove(name);
            outsideAddresses.remove(name);
            return;
        }
        final TreeMap<String, EndpointSlice> own = slices.get(name);
        final ServicePortTranslation made =
                ServicePortTranslation.of(service, own == null ? List.of() : List.copyOf(own.values()), now);
        translations.put(name, made);
        final List<IpAddress> outside = made.outsideAddresses();
        if (outside.isEmpty()) {
            outsideAddresses.remove(name);
        } else {
            outsideAddresses.put(name, outside);
        }
    }

    private TranslatedServices sum(ServiceSurroundings now) {
        final List<ServiceSpec> specs = new ArrayList<>(translations.size());
        final List<HealthCheckNodePort> healthChecks = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();
        int noLocalInternal = 0;
        int noLocalExternal = 0;
        for (final ServicePortTranslation translation : translations.values()) {
            specs.addAll(translation.specs());
            healthChecks.addAll(translation.healthChecks());
            warnings.addAll(translation.warnings());
            noLocalInternal += translation.noLocalInternal();
            noLocalExternal += translation.noLocalExternal();
        }
        return new TranslatedServices(
                new ServicesSpec(now.rules(), specs),
                healthChecks,
                now.nodePortAddresses(),
                outsideAddresses(),
                noLocalInternal,
                noLocalExternal,
                warnings);
    }

    private Set<IpAddress> outsideAddresses() {
        final Set<IpAddress> addresses = new LinkedHashSet<>();
        outsideAddresses.values().forEach(addresses::addAll);
        return addresses;
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

    /**
     * Walks two sorted maps side by side and shows what differs: what was there, or null, and what is there now, or null.
     * Nobody changes an object of a {@link ClusterState}, so the same object says the same.
     */
    @SuppressWarnings("ReferenceEquality")
    private static <T> void differences(
            SortedMap<String, T> before, SortedMap<String, T> after, BiConsumer<@Nullable T, @Nullable T> difference) {
        final Iterator<Map.Entry<String, T>> olds = before.entrySet().iterator();
        final Iterator<Map.Entry<String, T>> news = after.entrySet().iterator();
        Map.Entry<String, T> old = olds.hasNext() ? olds.next() : null;
        Map.Entry<String, T> young = news.hasNext() ? news.next() : null;
        while (old != null || young != null) {
            final boolean isSame = old != null && young != null && old.getValue() == young.getValue();
            final int order = isSame
                    ? 0
                    : old == null ? 1 : young == null ? -1 : old.getKey().compareTo(young.getKey());
            if (!isSame) {
                difference.accept(
                        old != null && order <= 0 ? old.getValue() : null,
                        young != null && order >= 0 ? young.getValue() : null);
            }
            if (order <= 0) {
                old = olds.hasNext() ? olds.next() : null;
            }
            if (order >= 0) {
                young = news.hasNext() ? news.next() : null;
            }
        }
    }
}
