package io.weir.agent.policy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Cluster objects in, {@link PolicySpec} out. An object that is still the same comes out as the same record, and costs
 * nothing. Conductor thread only.
 */
public final class PolicyTranslator {
    /** Every namespace has this label with its name; the API server sees to it, a manifest may leave it out. */
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    private final Map<String, Integer> podsIn = new HashMap<>();
    private final Translation<Pod, PodSpec> pods = new Translation<>(this::count);
    private final Translation<NetworkPolicy, NetworkPolicySpec> networkPolicies = new Translation<>();
    private final Translation<GenericKubernetesResource, ClusterPolicySpec> clusterPolicies = new Translation<>();
    private final Translation<Node, NodeSpec> nodes = new Translation<>();
    private final Translation<Namespace, Labelled> namespaces = new Translation<>();
    private LocalView local = LocalView.EVERYWHERE;
    private boolean podsMoved;
    private List<Labelled> labelled = List.of();
    private Map<String, Map<String, String>> labels = Map.of();

    private record Labelled(String namespace, Map<String, String> labels) {}

    /**
     * All that the cluster's objects say about policy.
     *
     * @throws ConfigException when a policy has a value that the API would refuse
     */
    public PolicySpec translate(ClusterState cluster, LocalView newLocal) {
        final Collection<String> seenAnew = seenAnew(cluster, local, newLocal);
        final List<PodSpec> podSpecs = pods.of(cluster.pods(), seenAnew, pod -> pod(pod, newLocal));
        local = newLocal;
        final List<Labelled> nowLabelled = namespaces.of(cluster.namespaces(), List.of(), PolicyTranslator::labels);
        if (podsMoved || !nowLabelled.equals(labelled)) {
            podsMoved = false;
            labelled = nowLabelled;
            final Map<String, Map<String, String>> all = new HashMap<>();
            podsIn.keySet().forEach(name -> all.put(name, Map.of(NAME_LABEL, name)));
            labelled.forEach(namespace -> all.put(namespace.namespace, namespace.labels));
            labels = Map.copyOf(all);
        }
        return new PolicySpec(
                labels,
                podSpecs,
                networkPolicies.of(cluster.networkPolicies(), List.of(), policy -> networkPolicy(cluster, policy)),
                clusterPolicies.of(
                        cluster.clusterNetworkPolicies(), List.of(), policy -> clusterPolicy(cluster, policy)),
                nodes.of(cluster.nodes(), List.of(), PolicyTranslator::node),
                local.nodeAddresses(),
                local.unknownAddresses(),
                local.rejectEgress());
    }

    private void count(@Nullable PodSpec before, @Nullable PodSpec after) {
        final int namespacesWithPods = podsIn.size();
        if (after != null) {
            podsIn.merge(after.namespace(), 1, Integer::sum);
        }
        if (before != null) {
            podsIn.computeIfPresent(before.namespace(), (name, count) -> count == 1 ? null : count - 1);
        }
        podsMoved |= podsIn.size() != namespacesWithPods; // a pod of a key stays in its namespace
    }

    /** Pods whose object may be the same, but not what this node knows of it. */
    private static Collection<String> seenAnew(ClusterState cluster, LocalView before, LocalView now) {
        if (!Objects.equals(before.nodeName(), now.nodeName())) {
            return cluster.pods().keySet();
        }
        final Set<String> keys = new HashSet<>(before.podAddresses().keySet());
        keys.addAll(now.podAddresses().keySet());
        keys.removeIf(key -> Objects.equals(
                before.podAddresses().get(key), now.podAddresses().get(key)));
        return keys;
    }

    private static @Nullable PodSpec pod(Pod pod, LocalView local) {
        return Pods.spec(pod, local.nodeName(), local.podAddresses().get(ClusterState.keyOf(pod)));
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

    private static Labelled labels(Namespace namespace) {
        final Map<String, String> labels = new HashMap<>(Pods.labels(namespace));
        labels.put(NAME_LABEL, namespace.getMetadata().getName());
        return new Labelled(namespace.getMetadata().getName(), Map.copyOf(labels));
    }
}
