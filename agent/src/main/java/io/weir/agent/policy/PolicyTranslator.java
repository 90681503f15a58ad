package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.weir.agent.cluster.ClusterState;
import io.weir.agent.config.ConfigException;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.NodeSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Cluster objects in, {@link PolicySpec} out. Keeps what it made of each object, so that an object that is still the same
 * costs a look-up and comes out as the same record. Conductor thread only.
 */
public final class PolicyTranslator {
    /** Every namespace has this label with its name; the API server sees to it, a manifest may leave it out. */
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    private record Made<S>(HasMetadata from, S spec) {}

    private record MadePod(
            Pod from,
            @Nullable String nodeName,
            @Nullable List<IpAddress> given,
            @Nullable PodSpec spec) {}

    private Map<String, MadePod> pods = new HashMap<>();
    private Map<String, Made<NetworkPolicySpec>> networkPolicies = new HashMap<>();
    private Map<String, Made<ClusterPolicySpec>> clusterPolicies = new HashMap<>();
    private Map<String, Made<NodeSpec>> nodes = new HashMap<>();
    private Map<String, Made<Map<String, String>>> namespaces = new HashMap<>();

    /**
     * All that the cluster's objects say about policy.
     *
     * @throws ConfigException when a policy has a value that the API would refuse
     */
    public PolicySpec translate(ClusterState cluster, LocalView local) {
        final Map<String, MadePod> newPods = HashMap.newHashMap(cluster.pods().size());
        final List<PodSpec> podSpecs = new ArrayList<>(cluster.pods().size());
        cluster.pods().forEach((key, pod) -> {
            final MadePod made = made(pods.get(key), pod, local, key);
            newPods.put(key, made);
            if (made.spec != null) {
                podSpecs.add(made.spec);
            }
        });
        final Map<String, Made<NetworkPolicySpec>> newNetworkPolicies =
                follow(cluster.networkPolicies(), networkPolicies, policy -> networkPolicy(cluster, policy));
        final Map<String, Made<ClusterPolicySpec>> newClusterPolicies =
                follow(cluster.clusterNetworkPolicies(), clusterPolicies, policy -> clusterPolicy(cluster, policy));
        nodes = follow(cluster.nodes(), nodes, PolicyTranslator::node);
        namespaces = follow(cluster.namespaces(), namespaces, PolicyTranslator::labels);
        pods = newPods;
        networkPolicies = newNetworkPolicies;
        clusterPolicies = newClusterPolicies;

        final Map<String, Map<String, String>> labels = new HashMap<>();
        namespaces.forEach((name, made) -> labels.put(name, made.spec));
        podSpecs.forEach(pod -> labels.computeIfAbsent(pod.namespace(), name -> Map.of(NAME_LABEL, name)));
        return new PolicySpec(
                labels,
                podSpecs,
                specs(networkPolicies),
                specs(clusterPolicies),
                specs(nodes),
                local.nodeAddresses(),
                local.unknownAddresses(),
                local.rejectEgress());
    }

    private static <T extends HasMetadata, S> Map<String, Made<S>> follow(
            Map<String, T> objects, Map<String, Made<S>> before, Function<T, S> translation) {
        final Map<String, Made<S>> after = LinkedHashMap.newLinkedHashMap(objects.size());
        objects.forEach((key, object) -> {
            final Made<S> old = before.get(key);
            after.put(
                    key, old != null && isSame(old.from, object) ? old : new Made<>(object, translation.apply(object)));
        });
        return after;
    }

    private static <S> List<S> specs(Map<String, Made<S>> made) {
        return made.values().stream().map(Made::spec).toList();
    }

    @SuppressWarnings("ReferenceEquality") // objects in a ClusterState never change
    private static boolean isSame(HasMetadata a, HasMetadata b) {
        return a == b;
    }

    private static MadePod made(@Nullable MadePod old, Pod pod, LocalView local, String key) {
        final List<IpAddress> given = local.podAddresses().get(key);
        if (old != null
                && isSame(old.from, pod)
                && Objects.equals(old.given, given)
                && Objects.equals(old.nodeName, local.nodeName())) {
            return old;
        }
        return new MadePod(pod, local.nodeName(), given, Pods.spec(pod, local.nodeName(), given));
    }

    private static NetworkPolicySpec networkPolicy(ClusterState cluster, NetworkPolicy policy) {
        return new NetworkPolicyReader(cluster.originOf(policy)).read(policy);
    }

    private static ClusterPolicySpec clusterPolicy(ClusterState cluster, GenericKubernetesResource policy) {
        return ClusterPolicyReader.read(policy, cluster.originOf(policy));
    }

    private static NodeSpec node(Node node) {
        final List<IpAddress> addresses = new ArrayList<>();
        if (node.getStatus() != null) {
            for (final NodeAddress address : node.getStatus().getAddresses()) {
                final IpAddress parsed = Pods.addressOrNull(address.getAddress());
                if (parsed != null) {
                    addresses.add(parsed);
                }
            }
        }
        return new NodeSpec(node.getMetadata().getName(), Pods.labels(node), addresses);
    }

    private static Map<String, String> labels(Namespace namespace) {
        final Map<String, String> labels = new HashMap<>(Pods.labels(namespace));
        labels.put(NAME_LABEL, namespace.getMetadata().getName());
        return Map.copyOf(labels);
    }
}
