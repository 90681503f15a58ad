package io.weir.agent.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import org.jspecify.annotations.Nullable;

/** The Kubernetes kinds that weir reads. */
enum ManifestKind {
    NAMESPACE("", "v1", "Namespace", Namespace.class, false),
    NODE("", "v1", "Node", Node.class, false),
    POD("", "v1", "Pod", Pod.class, true),
    SERVICE("", "v1", "Service", Service.class, true),
    ENDPOINT_SLICE("discovery.k8s.io", "v1", "EndpointSlice", EndpointSlice.class, true),
    NETWORK_POLICY("networking.k8s.io", "v1", "NetworkPolicy", NetworkPolicy.class, true),
    CLUSTER_NETWORK_POLICY(
            "policy.networking.k8s.io", "v1alpha2", "ClusterNetworkPolicy", GenericKubernetesResource.class, false);

    private final String group;
    private final String version;
    private final String kind;
    private final Class<? extends HasMetadata> type;
    private final boolean namespaced;

    ManifestKind(String group, String version, String kind, Class<? extends HasMetadata> type, boolean namespaced) {
        this.group = group;
        this.version = version;
        this.kind = kind;
        this.type = type;
        this.namespaced = namespaced;
    }

    /** The kind of this name in this API group, of whatever version; null when weir doesn't read it. */
    static @Nullable ManifestKind of(String apiVersion, String kind) {
        final int slash = apiVersion.indexOf('/');
        final String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        for (final ManifestKind candidate : values()) {
            if (candidate.kind.equals(kind) && candidate.group.equals(group)) {
                return candidate;
            }
        }
        return null;
    }

    /** The kind of this name; null when weir doesn't read it. */
    static @Nullable ManifestKind named(String kind) {
        for (final ManifestKind candidate : values()) {
            if (candidate.kind.equals(kind)) {
                return candidate;
            }
        }
        return null;
    }

    String kind() {
        return kind;
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    Class<? extends HasMetadata> type() {
        return type;
    }

    boolean isNamespaced() {
        return namespaced;
    }
}
