package io.weir.bench.policy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeerBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPortBuilder;
import io.weir.agent.cluster.ClusterState;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A synthetic cluster of any size: namespaces of pods in five applications on a hundred nodes, in each namespace a default-deny
 * policy and policies that let applications, other teams and blocks of addresses in and out; ten ClusterNetworkPolicies.
 *
 * @param pods       which are spread over all namespaces
 * @param namespaces how many
 * @param policies   NetworkPolicies, spread over the namespaces as well
 */
record PolicyCluster(int pods, int namespaces, int policies) {
    static final String NODE = "node-0";
    private static final int NODES = 100;
    private static final int CLUSTER_POLICIES = 10;
    private static final List<String> APPLICATIONS = List.of("web", "api", "db", "cache", "job");
    private static final int ADDRESSES_OF_NODE = 1024;
    private static final IpAddress FIRST_POD = IpAddress.parse("10.128.0.0");
    private static final IpAddress FIRST_POD6 = IpAddress.parse("fd00::");
    private static final IpAddress FIRST_BLOCK = IpAddress.parse("192.0.0.0");

    /** Ports of a packet that some policy lets in, and the pod that it goes to. */
    record Admitted(IpAddress source, IpAddress destination, int port) {}

    ClusterState state() {
        final ClusterState.Builder builder = ClusterState.builder();
        for (int i = 0; i < namespaces; i++) {
            builder.put(namespace(i, i));
        }
        for (int i = 0; i < NODES; i++) {
            builder.put(node(i));
        }
        for (int i = 0; i < pods; i++) {
            builder.put(pod(i, "v" + i % 3));
        }
        for (int i = 0; i < policies; i++) {
            builder.put(policy(i, true));
        }
        for (int i = 0; i < CLUSTER_POLICIES; i++) {
            builder.put(clusterPolicy(i));
        }
        return builder.build();
    }

    /** The same without any policy of another namespace than the first. */
    ClusterState stateWithPoliciesOfOneNamespace() {
        final ClusterState all = state();
        final ClusterState.Builder builder = all.toBuilder();
        all.networkPolicies().values().stream()
                .filter(policy -> !policy.getMetadata().getNamespace().equals(name(0)))
                .forEach(builder::remove);
        return builder.build();
    }

    /** Pods of this node. */
    List<Integer> localPods() {
        return Stream.iterate(0, i -> i < pods, i -> i + NODES).toList();
    }

    /** This node's pods in the first namespace. */
    List<Integer> localPodsOfOneNamespace() {
        return localPods().stream().filter(pod -> pod % namespaces == 0).toList();
    }

    private static Node node(int index) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("node-" + index)
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs(
                        FIRST_POD.plus((long) index * ADDRESSES_OF_NODE) + "/22",
                        FIRST_POD6.plus((long) index * ADDRESSES_OF_NODE) + "/118")
                .endSpec()
                .withNewStatus()
                .addNewAddress("192.168.0." + (1 + index), "InternalIP")
                .endStatus()
                .build();
    }

    private static String name(int namespace) {
        return "ns-" + namespace;
    }

    /** Of one of fifty teams. */
    static Namespace namespace(int index, int team) {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(name(index))
                .withLabels(Map.of("team", "t" + team % 50, "kubernetes.io/metadata.name", name(index)))
                .endMetadata()
                .build();
    }

    /** Which of all addresses a pod has: one in its node's range. */
    private static int place(int pod) {
        return pod % NODES * ADDRESSES_OF_NODE + pod / NODES + 1;
    }

    private String application(int pod) {
        return APPLICATIONS.get(pod / namespaces % APPLICATIONS.size());
    }

    Pod pod(int index, String version) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(name(index % namespaces))
                .withName("pod-" + index)
                .withLabels(Map.of("app", application(index), "version", version))
                .endMetadata()
                .withNewSpec()
                .withNodeName("node-" + index % NODES)
                .addNewContainer()
                .addNewPort()
                .withName("http")
                .withContainerPort(8080)
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPodIPs(
                        new PodIP(FIRST_POD.plus(place(index)).toString()),
                        new PodIP(FIRST_POD6.plus(place(index)).toString()))
                .endStatus()
                .build();
    }

    /**
     * One of a namespace's policies.
     *
     * @param isolatesEgress also the pods' egress
     */
    NetworkPolicy policy(int index, boolean isolatesEgress) {
        final int kind = index / namespaces;
        final List<String> types = isolatesEgress ? List.of("Ingress", "Egress") : List.of("Ingress");
        final NetworkPolicyBuilder builder = new NetworkPolicyBuilder()
                .withMetadata(new ObjectMetaBuilder()
                        .withNamespace(name(index % namespaces))
                        .withName(kind == 0 ? "deny" : "p" + kind)
                        .build());
        if (kind == 0) {
            return builder.withNewSpec().withPolicyTypes(types).endSpec().build();
        }
        final NetworkPolicyPeer neighbour = new NetworkPolicyPeerBuilder()
                .withPodSelector(label("app", APPLICATIONS.get((kind + 1) % APPLICATIONS.size())))
                .build();
        final NetworkPolicyPeer team = new NetworkPolicyPeerBuilder()
                .withNamespaceSelector(label("team", "t" + index % 50))
                .withPodSelector(label("app", "web"))
                .build();
        final NetworkPolicyPeer block = new NetworkPolicyPeerBuilder()
                .withNewIpBlock()
                .withCidr(block(index) + "/24")
                .withExcept(block(index) + "/28")
                .endIpBlock()
                .build();
        final NetworkPolicyPort ports = new NetworkPolicyPortBuilder()
                .withNewPort(firstPort(kind))
                .withEndPort(firstPort(2 * kind))
                .build();
        final NetworkPolicyPort named =
                new NetworkPolicyPortBuilder().withNewPort("http").build();
        return builder.withNewSpec()
                .withPodSelector(label("app", APPLICATIONS.get(kind % APPLICATIONS.size())))
                .withPolicyTypes(types)
                .addNewIngress()
                .withFrom(neighbour, team, block)
                .withPorts(ports)
                .endIngress()
                .addNewEgress()
                .withTo(neighbour)
                .withPorts(ports, named)
                .endEgress()
                .addNewEgress()
                .withTo(block)
                .withPorts(ports)
                .endEgress()
                .endSpec()
                .build();
    }

    private static LabelSelector label(String key, String value) {
        return new LabelSelectorBuilder().addToMatchLabels(key, value).build();
    }

    private static IpAddress block(int policy) {
        return FIRST_BLOCK.plus((long) policy << 8);
    }

    private static int firstPort(int kind) {
        return 8000 + kind;
    }

    /** What the block of one of the policies that select the pod may send to it. */
    Admitted admitted(int pod) {
        final int application = pod / namespaces % APPLICATIONS.size();
        final int kind = application == 0 ? APPLICATIONS.size() : application;
        final int policy = kind * namespaces + pod % namespaces;
        return new Admitted(block(policy).plus(100), FIRST_POD.plus(place(pod)), firstPort(kind));
    }

    private static GenericKubernetesResource clusterPolicy(int index) {
        final Map<String, Object> jobsOfATeam = Map.of(
                "pods",
                Map.of(
                        "namespaceSelector", Map.of("matchLabels", Map.of("team", "t" + index)),
                        "podSelector", Map.of("matchLabels", Map.of("app", "job"))));
        final Map<String, Object> database = Map.of("tcp", Map.of("destinationPort", Map.of("number", 5432)));
        final GenericKubernetesResource policy = new GenericKubernetesResource();
        policy.setApiVersion("policy.networking.k8s.io/v1alpha2");
        policy.setKind("ClusterNetworkPolicy");
        policy.setMetadata(new ObjectMetaBuilder().withName("guard-" + index).build());
        policy.setAdditionalProperty(
                "spec",
                Map.of(
                        "tier",
                        index % 2 == 0 ? "Admin" : "Baseline",
                        "priority",
                        index,
                        "subject",
                        Map.of("namespaces", Map.of()),
                        "ingress",
                        List.of(Map.of(
                                "action", "Deny", "from", List.of(jobsOfATeam), "protocols", List.of(database)))));
        return policy;
    }

    /** One pod of this node that {@code rules} policies let be reached from as many pods and blocks, each at a port of its own. */
    static ClusterState crowd(int rules) {
        final ClusterState.Builder builder = ClusterState.builder();
        final PolicyCluster single = new PolicyCluster(1, 1, 0);
        builder.put(namespace(0, 0)).put(single.pod(0, "v0"));
        for (int i = 1; i <= rules; i++) {
            builder.put(new PodBuilder()
                    .withNewMetadata()
                    .withNamespace(name(0))
                    .withName("client-" + i)
                    .withLabels(Map.of("client", "c" + i))
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName("node-1")
                    .endSpec()
                    .withNewStatus()
                    .withPodIP(FIRST_POD.plus(1L + i).toString())
                    .endStatus()
                    .build());
            builder.put(new NetworkPolicyBuilder()
                    .withNewMetadata()
                    .withNamespace(name(0))
                    .withName("p" + i)
                    .endMetadata()
                    .withNewSpec()
                    .withPodSelector(label("app", "web"))
                    .addNewIngress()
                    .addNewFrom()
                    .withPodSelector(label("client", "c" + i))
                    .endFrom()
                    .addNewFrom()
                    .withNewIpBlock()
                    .withCidr(block(i) + "/24")
                    .endIpBlock()
                    .endFrom()
                    .addNewPort()
                    .withNewPort(crowdPort(i))
                    .endPort()
                    .endIngress()
                    .endSpec()
                    .build());
        }
        return builder.build();
    }

    private static int crowdPort(int rule) {
        return 1 + rule % 60_000;
    }

    /** For some rules of the crowd what its block may send, evenly spread. */
    static List<Admitted> admittedByBlock(int rules, int count) {
        final List<Admitted> admitted = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final int rule = 1 + (int) ((long) i * rules / count);
            admitted.add(new Admitted(block(rule).plus(9), FIRST_POD.plus(1), crowdPort(rule)));
        }
        return admitted;
    }

    /** For some rules of the crowd what its pod may send, evenly spread. */
    static List<Admitted> admittedByPod(int rules, int count) {
        final List<Admitted> admitted = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final int rule = 1 + (int) ((long) i * rules / count);
            admitted.add(new Admitted(FIRST_POD.plus(1L + rule), FIRST_POD.plus(1), crowdPort(rule)));
        }
        return admitted;
    }
}
