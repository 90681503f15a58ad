package io.weir.agent.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.weir.agent.config.Origin;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The Kubernetes objects that a node knows at one moment. Namespaced objects are found by {@code namespace/name}, the
 * others by name; maps are sorted, so that everything made of them comes out in the same order. Nobody changes an object
 * that is in here.
 *
 * @param clusterNetworkPolicies of {@code policy.networking.k8s.io/v1alpha2}
 * @param origins                where each object was written, by {@link #originKey}
 */
public record ClusterState(
        SortedMap<String, Namespace> namespaces,
        SortedMap<String, Node> nodes,
        SortedMap<String, Pod> pods,
        SortedMap<String, Service> services,
        SortedMap<String, EndpointSlice> endpointSlices,
        SortedMap<String, NetworkPolicy> networkPolicies,
        SortedMap<String, GenericKubernetesResource> clusterNetworkPolicies,
        Map<String, Origin> origins) {

    public static final ClusterState EMPTY = builder().build();

    public ClusterState {
        namespaces = Collections.unmodifiableSortedMap(new TreeMap<>(namespaces));
        nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
        pods = Collections.unmodifiableSortedMap(new TreeMap<>(pods));
        services = Collections.unmodifiableSortedMap(new TreeMap<>(services));
        endpointSlices = Collections.unmodifiableSortedMap(new TreeMap<>(endpointSlices));
        networkPolicies = Collections.unmodifiableSortedMap(new TreeMap<>(networkPolicies));
        clusterNetworkPolicies = Collections.unmodifiableSortedMap(new TreeMap<>(clusterNetworkPolicies));
        origins = Map.copyOf(origins);
    }

    /** Where an object was written; for an object made by a program, its kind and name. */
    public Origin originOf(HasMetadata object) {
        return origins.getOrDefault(originKey(object), Origin.of(originKey(object)));
    }

    /** {@code namespace/name}, or the name of an object that belongs to no namespace. */
    public static String keyOf(HasMetadata object) {
        final String namespace = object.getMetadata().getNamespace();
        final String name = object.getMetadata().getName();
        return namespace == null || namespace.isEmpty() ? name : namespace + "/" + name;
    }

    /** {@code Pod default/web}. */
    public static String originKey(HasMetadata object) {
        return object.getKind() + " " + keyOf(object);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder that holds all of this. */
    public Builder toBuilder() {
        final Builder builder = new Builder();
        builder.namespaces.putAll(namespaces);
        builder.nodes.putAll(nodes);
        builder.pods.putAll(pods);
        builder.services.putAll(services);
        builder.endpointSlices.putAll(endpointSlices);
        builder.networkPolicies.putAll(networkPolicies);
        builder.clusterNetworkPolicies.putAll(clusterNetworkPolicies);
        builder.origins.putAll(origins);
        return builder;
    }

    /** Collects objects for a state. */
    public static final class Builder {
        private final SortedMap<String, Namespace> namespaces = new TreeMap<>();
        private final SortedMap<String, Node> nodes = new TreeMap<>();
        private final SortedMap<String, Pod> pods = new TreeMap<>();
        private final SortedMap<String, Service> services = new TreeMap<>();
        private final SortedMap<String, EndpointSlice> endpointSlices = new TreeMap<>();
        private final SortedMap<String, NetworkPolicy> networkPolicies = new TreeMap<>();
        private final SortedMap<String, GenericKubernetesResource> clusterNetworkPolicies = new TreeMap<>();
        private final Map<String, Origin> origins = new HashMap<>();

        private Builder() {}

        /** Adds an object or replaces the one of the same kind and name. */
        public Builder put(HasMetadata object) {
            final String key = keyOf(object);
            switch (object) {
                case final Namespace namespace -> namespaces.put(key, namespace);
                case final Node node -> nodes.put(key, node);
                case final Pod pod -> pods.put(key, pod);
                case final Service service -> services.put(key, service);
                case final EndpointSlice slice -> endpointSlices.put(key, slice);
                case final NetworkPolicy policy -> networkPolicies.put(key, policy);
                case final GenericKubernetesResource policy
                when ManifestKind.CLUSTER_NETWORK_POLICY.kind().equals(policy.getKind()) ->
                    clusterNetworkPolicies.put(key, policy);
                default -> throw new IllegalArgumentException("weir has no use for a " + object.getKind());
            }
            return this;
        }

        /** Adds an object and remembers where it was written. */
        public Builder put(HasMetadata object, Origin origin) {
            put(object);
            origins.put(originKey(object), origin);
            return this;
        }

        /** Takes an object out; it need not be there. */
        public Builder remove(HasMetadata object) {
            final String key = keyOf(object);
            final SortedMap<String, ? extends HasMetadata> map = switch (object) {
                case final Namespace _ -> namespaces;
                case final Node _ -> nodes;
                case final Pod _ -> pods;
                case final Service _ -> services;
                case final EndpointSlice _ -> endpointSlices;
                case final NetworkPolicy _ -> networkPolicies;
                default -> clusterNetworkPolicies;
            };
            map.remove(key);
            origins.remove(originKey(object));
            return this;
        }

        public ClusterState build() {
            return new ClusterState(
                    namespaces,
                    nodes,
                    pods,
                    services,
                    endpointSlices,
                    networkPolicies,
                    clusterNetworkPolicies,
                    origins);
        }
    }
}
