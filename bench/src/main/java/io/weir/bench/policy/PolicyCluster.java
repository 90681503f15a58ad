package io.weir.bench.policy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A synthetic cluster of any size: namespaces of pods in five applications, in each namespace a default-deny policy and
 * policies that let applications, other teams and blocks of addresses in and out; every 40th pod is local.
 */
final class PolicyCluster {
    private static final String[] APPLICATIONS = {"web", "api", "db", "cache", "job"};

    final Map<String, Map<String, String>> namespaces = new HashMap<>();
    final List<PodSpec> pods = new ArrayList<>();
    final List<NetworkPolicySpec> networkPolicies = new ArrayList<>();
    final List<ClusterPolicySpec> clusterPolicies = new ArrayList<>();

    PolicyCluster(int podCount, int namespaceCount, int policyCount) {
        for (int i = 0; i < namespaceCount; i++) {
            namespaces.put(namespace(i), Map.of("team", "t" + i % 50, "kubernetes.io/metadata.name", namespace(i)));
        }
        for (int i = 0; i < podCount; i++) {
            pods.add(pod(i, namespaceCount));
        }
        for (int i = 0; i < policyCount; i++) {
            networkPolicies.add(policy(i, namespaceCount));
        }
        for (int i = 0; i < 10; i++) {
            clusterPolicies.add(new ClusterPolicySpec(
                    "guard-" + i,
                    i % 2 == 0 ? Tier.ADMIN : Tier.BASELINE,
                    i,
                    LabelSelector.EVERYTHING,
                    LabelSelector.EVERYTHING,
                    List.of(new RuleSpec(
                            "",
                            Action.DENY,
                            List.of(new PeerSpec.Pods(
                                    LabelSelector.of("team", "t" + i), LabelSelector.of("app", "job"))),
                            List.of(new PortSpec.Numbers(Protocol.TCP, 5432, 5432)))),
                    List.of()));
        }
    }

    private static String namespace(int index) {
        return "ns-" + index;
    }

    static PodSpec pod(int index, int namespaceCount) {
        final String application = APPLICATIONS[index / namespaceCount % APPLICATIONS.length];
        return new PodSpec(
                namespace(index % namespaceCount),
                "pod-" + index,
                Map.of("app", application, "version", "v" + index % 3),
                List.of(address(index), IpAddress.parse("fd00::" + Integer.toHexString(index + 1 & 0xFFFF))),
                List.of(new NamedPort("http", Protocol.TCP, 8080)),
                index % 40 == 0);
    }

    /** 10.128.0.0 and up. */
    static IpAddress address(int index) {
        return IpAddress.ipv4(0x0A80_0001 + index);
    }

    private static NetworkPolicySpec policy(int index, int namespaceCount) {
        final String namespace = namespace(index % namespaceCount);
        final int kind = index / namespaceCount;
        final LabelSelector application = LabelSelector.of("app", APPLICATIONS[kind % APPLICATIONS.length]);
        if (kind == 0) {
            return new NetworkPolicySpec(namespace, "deny", LabelSelector.EVERYTHING, true, true, List.of(), List.of());
        }
        final PeerSpec neighbour =
                new PeerSpec.Pods(null, LabelSelector.of("app", APPLICATIONS[(kind + 1) % APPLICATIONS.length]));
        final PeerSpec team =
                new PeerSpec.Pods(LabelSelector.of("team", "t" + index % 50), LabelSelector.of("app", "web"));
        final PeerSpec block = new PeerSpec.Block(
                new IpPrefix(IpAddress.ipv4(0xC000_0000 + (index << 8)), 24),
                List.of(new IpPrefix(IpAddress.ipv4(0xC000_0000 + (index << 8)), 28)));
        final PortSpec port = new PortSpec.Numbers(Protocol.TCP, 8000 + kind, 8000 + 2 * kind);
        final RuleSpec in = new RuleSpec("", Action.ACCEPT, List.of(neighbour, team, block), List.of(port));
        final RuleSpec near = new RuleSpec(
                "", Action.ACCEPT, List.of(neighbour), List.of(port, new PortSpec.Named(Protocol.TCP, "http")));
        final RuleSpec far = new RuleSpec("", Action.ACCEPT, List.of(block), List.of(port));
        return new NetworkPolicySpec(namespace, "p" + kind, application, true, true, List.of(in), List.of(near, far));
    }

    PolicySpec spec() {
        return new PolicySpec(namespaces, pods, networkPolicies, clusterPolicies, List.of(), Set.of(), Set.of(), false);
    }

    /** One pod that {@code rules} policies let be reached from as many blocks and pods, each at ports of its own. */
    static PolicySpec crowd(int rules) {
        final List<NetworkPolicySpec> policies = new ArrayList<>();
        final List<PodSpec> pods = new ArrayList<>();
        pods.add(new PodSpec("x", "server", Map.of("app", "server"), List.of(address(0)), List.of(), true));
        for (int i = 1; i <= rules; i++) {
            pods.add(new PodSpec("x", "client-" + i, Map.of("client", "c" + i), List.of(address(i)), List.of(), false));
            final PortSpec port = new PortSpec.Numbers(Protocol.TCP, crowdPort(i), crowdPort(i));
            final RuleSpec rule = new RuleSpec(
                    "",
                    Action.ACCEPT,
                    List.of(
                            new PeerSpec.Pods(null, LabelSelector.of("client", "c" + i)),
                            new PeerSpec.Block(new IpPrefix(IpAddress.ipv4(0xC000_0000 + (i << 8)), 24), List.of())),
                    List.of(port));
            policies.add(new NetworkPolicySpec(
                    "x", "p" + i, LabelSelector.of("app", "server"), true, false, List.of(rule), List.of()));
        }
        return new PolicySpec(Map.of("x", Map.of()), pods, policies, List.of(), List.of(), Set.of(), Set.of(), false);
    }

    /** The port at which a rule of the crowd allows its peers. */
    static int crowdPort(int rule) {
        return 1 + rule % 60_000;
    }
}
