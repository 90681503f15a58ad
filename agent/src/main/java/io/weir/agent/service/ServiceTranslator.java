package io.weir.agent.service;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.config.NodeConfig;
import io.weir.lb.AddressKind;
import io.weir.lb.BackendSpec;
import io.weir.lb.ServiceKey;
import io.weir.lb.ServiceSpec;
import io.weir.lb.ServicesSpec;
import io.weir.lb.TrafficPolicy;
import io.weir.lb.VirtualAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes the load balancer's spec of the cluster's Services, EndpointSlices and Nodes. Remembers what it made of each
 * Service, so that a change in one costs only that one. Conductor thread only.
 */
public final class ServiceTranslator {
    private static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";

    private final String nodeName;
    private Map<String, Remembered> remembered = new HashMap<>();

    private record Remembered(
            Service service,
            List<EndpointSlice> slices,
            ServiceSurroundings surroundings,
            ServicePortTranslation translation) {
        /** Nobody changes an object of a {@link ClusterState}, so the same object says the same. */
        @SuppressWarnings("ReferenceEquality")
        boolean isMadeOf(Service other, List<EndpointSlice> otherSlices, ServiceSurroundings otherSurroundings) {
            if (service != other || slices.size() != otherSlices.size() || !surroundings.equals(otherSurroundings)) {
                return false;
            }
            for (int i = 0; i < slices.size(); i++) {
                if (slices.get(i) != otherSlices.get(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** @param nodeName this node, as endpoints name it */
    public ServiceTranslator(String nodeName) {
        this.nodeName = nodeName;
    }

    /** What the node should serve, given these objects and settings. */
    public TranslatedServices translate(ClusterState cluster, NodeConfig config) {
        final ServiceSurroundings surroundings = ServiceSurroundings.of(nodeName, cluster, config);
        final Map<String, List<EndpointSlice>> slices = slicesByService(cluster);
        final Map<String, Remembered> next =
                HashMap.newHashMap(cluster.services().size());
        final List<ServiceSpec> specs = new ArrayList<>();
        final List<HealthCheckNodePort> healthChecks = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();
        final Set<ServiceKey> keys = new HashSet<>();
        for (final Map.Entry<String, Service> each : cluster.services().entrySet()) {
            final Service service = each.getValue();
            if (!ServicePortTranslation.isServed(service)) {
                continue;
            }
            final List<EndpointSlice> own = slices.getOrDefault(each.getKey(), List.of());
            final ServicePortTranslation translation = translation(each.getKey(), service, own, surroundings, next);
            for (final ServiceSpec spec : translation.specs()) {
                if (keys.add(spec.key())) {
                    specs.add(spec);
                } else {
                    warnings.add("Service " + each.getKey() + " has two ports called '"
                            + spec.key().port() + "'; the first is served");
                }
            }
            final HealthCheckNodePort healthCheck = translation.healthCheck();
            if (healthCheck != null) {
                healthChecks.add(healthCheck);
            }
            warnings.addAll(translation.warnings());
        }
        remembered = next;
        return new TranslatedServices(
                new ServicesSpec(surroundings.rules(), specs),
                healthChecks,
                nodePorts(specs),
                countWithoutLocal(specs, AddressKind.CLUSTER_IP::equals, true),
                countWithoutLocal(specs, kind -> kind != AddressKind.CLUSTER_IP, false),
                warnings);
    }

    private ServicePortTranslation translation(
            String name,
            Service service,
            List<EndpointSlice> slices,
            ServiceSurroundings surroundings,
            Map<String, Remembered> next) {
        final @Nullable Remembered before = remembered.get(name);
        if (before != null && before.isMadeOf(service, slices, surroundings)) {
            next.put(name, before);
            return before.translation();
        }
        final ServicePortTranslation translation = ServicePortTranslation.of(service, slices, surroundings);
        next.put(name, new Remembered(service, slices, surroundings, translation));
        return translation;
    }

    private static Map<String, List<EndpointSlice>> slicesByService(ClusterState cluster) {
        final Map<String, List<EndpointSlice>> byService =
                HashMap.newHashMap(cluster.services().size());
        for (final EndpointSlice slice : cluster.endpointSlices().values()) {
            if (!ServicePortTranslation.isServed(slice)) {
                continue;
            }
            final String service = slice.getMetadata().getLabels().get(SERVICE_NAME_LABEL);
            if (service != null) {
                byService
                        .computeIfAbsent(slice.getMetadata().getNamespace() + "/" + service, _ -> new ArrayList<>(1))
                        .add(slice);
            }
        }
        return byService;
    }

    private static List<Integer> nodePorts(List<ServiceSpec> specs) {
        final Set<Integer> ports = new TreeSet<>();
        for (final ServiceSpec spec : specs) {
            for (final VirtualAddress address : spec.addresses()) {
                if (address.kind() == AddressKind.NODE_PORT) {
                    ports.add(address.port());
                }
            }
        }
        return List.copyOf(ports);
    }

    private static int countWithoutLocal(List<ServiceSpec> specs, Predicate<AddressKind> scope, boolean internal) {
        int count = 0;
        for (final ServiceSpec spec : specs) {
            final TrafficPolicy policy = internal ? spec.internalPolicy() : spec.externalPolicy();
            if (policy == TrafficPolicy.LOCAL
                    && spec.addresses().stream().anyMatch(address -> scope.test(address.kind()))
                    && spec.backends().stream().anyMatch(BackendSpec::cluster)
                    && spec.backends().stream().noneMatch(BackendSpec::local)) {
                count++;
            }
        }
        return count;
    }
}
