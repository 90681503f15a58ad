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
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * The Kubernetes objects that a node knows at one moment. Namespaced objects are found by {@code namespace/name}, the
 * others by name; maps are sorted, so that everything made of them comes out in the same order. Nobody changes an object
 * that is in here. A state that was made of another by {@link #toBuilder} shares with it what did not change.
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
        namespaces = SharedMap.copyOf(namespaces);
        nodes = SharedMap.copyOf(nodes);
        pods = SharedMap.copyOf(pods);
        services = SharedMap.copyOf(services);
        endpointSlices = SharedMap.copyOf(endpointSlices);
        networkPolicies = SharedMap.copyOf(networkPolicies);
        clusterNetworkPolicies = SharedMap.copyOf(clusterNetworkPolicies);
        origins = SharedMap.copyOf(origins);
    }

    /** All objects, kind by kind. */
    public Stream<HasMetadata> all() {
        return Stream.of(namespaces, nodes, pods, services, endpointSlices, networkPolicies, clusterNetworkPolicies)
                .flatMap(kind -> kind.values().stream());
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
        builder.namespaces = SharedMap.copyOf(namespaces);
        builder.nodes = SharedMap.copyOf(nodes);
        builder.pods = SharedMap.copyOf(pods);
        builder.services = SharedMap.copyOf(services);
        builder.endpointSlices = SharedMap.copyOf(endpointSlices);
        builder.networkPolicies = SharedMap.copyOf(networkPolicies);
        builder.clusterNetworkPolicies = SharedMap.copyOf(clusterNetworkPolicies);
        builder.origins = SharedMap.copyOf(origins);
        return builder;
    }

    /** Collects objects for a state. */
    public static final class Builder {
        private SharedMap<Namespace> namespaces = SharedMap.empty();
        private SharedMap<Node> nodes = SharedMap.empty();
        private SharedMap<Pod> pods = SharedMap.empty();
        private SharedMap<Service> services = SharedMap.empty();
        private SharedMap<EndpointSlice> endpointSlices = SharedMap.empty();
        private SharedMap<NetworkPolicy> networkPolicies = SharedMap.empty();
        private SharedMap<GenericKubernetesResource> clusterNetworkPolicies = SharedMap.empty();
        private SharedMap<Origin> origins = SharedMap.empty();

        private Builder() {}

        /** Adds an object or replaces the one of the same kind and name. */
        public Builder put(HasMetadata object) {
            final String key = keyOf(object);
            switch (object) {
                case final Namespace namespace -> namespaces = namespaces.with(key, namespace);
                case final Node node -> nodes = nodes.with(key, node);
                case final Pod pod -> pods = pods.with(key, pod);
                case final Service service -> services = services.with(key, service);
                case final EndpointSlice slice -> endpointSlices = endpointSlices.with(key, slice);
                case final NetworkPolicy policy -> networkPolicies = networkPolicies.with(key, policy);
                case final GenericKubernetesResource policy
                when ManifestKind.CLUSTER_NETWORK_POLICY.kind().equals(policy.getKind()) ->
                    clusterNetworkPolicies = clusterNetworkPolicies.with(key, policy);
                default -> throw new IllegalArgumentException("weir has no use for a " + object.getKind());
            }
            return this;
        }

        /** Adds an object and remembers where it was written. */
        public Builder put(HasMetadata object, Origin origin) {
            put(object);
            origins = origins.with(originKey(object), origin);
            return this;
        }

        /** Takes an object out; it need not be there. */
        public Builder remove(HasMetadata object) {
            final String key = keyOf(object);
            switch (object) {
                case final Namespace _ -> namespaces = namespaces.without(key);
                case final Node _ -> nodes = nodes.without(key);
                case final Pod _ -> pods = pods.without(key);
                case final Service _ -> services = services.without(key);
                case final EndpointSlice _ -> endpointSlices = endpointSlices.without(key);
                case final NetworkPolicy _ -> networkPolicies = networkPolicies.without(key);
                default -> clusterNetworkPolicies = clusterNetworkPolicies.without(key);
            }
            origins = origins.without(originKey(object));
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
