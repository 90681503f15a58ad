package io.weir.policy.analysis;

import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.analysis.Finding.Kind;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks for policies, rules, peers and ports that do nothing, or not what they seem to. */
public final class PolicyLint {
    /** Pods of equal labels and named ports in one namespace: one of them stands for all. */
    private record Population(Map<String, List<PodSpec>> byNamespace) {
        static Population of(PolicySpec spec) {
            final Set<Object> seen = new HashSet<>();
            final Map<String, List<PodSpec>> byNamespace = new HashMap<>();
            for (final PodSpec pod : spec.pods()) {
                if (seen.add(List.of(pod.namespace(), pod.labels(), pod.namedPorts()))) {
                    byNamespace
                            .computeIfAbsent(pod.namespace(), name -> new ArrayList<>())
                            .add(pod);
                }
            }
            return new Population(byNamespace);
        }
    }

    private final PolicySpec spec;
    private final List<IpPrefix> serviceAddresses;
    private final Population population;
    private final Map<PeerSpec.Pods, List<PodSpec>> selected = new HashMap<>();
    private final List<Finding> findings = new ArrayList<>();

    private PolicyLint(PolicySpec spec, List<IpPrefix> serviceAddresses) {
        this.spec = spec;
        this.serviceAddresses = serviceAddresses;
        population = Population.of(spec);
    }

    /**
     * All findings, policy by policy.
     *
     * @param serviceAddresses blocks of Service addresses, which policy never gets to see
     */
    public static List<Finding> lint(PolicySpec spec, List<IpPrefix> serviceAddresses) {
        final PolicyLint lint = new PolicyLint(spec, serviceAddresses);
        final List<NetworkPolicySpec> network = spec.networkPolicies().stream()
                .sorted(Comparator.comparing(NetworkPolicySpec::key))
                .toList();
        final List<ClusterPolicySpec> cluster = spec.clusterPolicies().stream()
                .sorted(Comparator.comparing(ClusterPolicySpec::tier).thenComparing(ClusterPolicySpec.PRECEDENCE))
                .toList();
        cluster.forEach(lint::check);
        network.forEach(lint::check);
        for (int i = 0; i < cluster.size(); i++) {
            lint.checkShadows(cluster.get(i), cluster.subList(0, i + 1));
        }
        final Map<String, List<NetworkPolicySpec>> byNamespace = new HashMap<>();
        network.forEach(policy -> byNamespace
                .computeIfAbsent(policy.namespace(), name -> new ArrayList<>())
                .add(policy));
        network.forEach(policy -> lint.checkShadows(policy, byNamespace.getOrDefault(policy.namespace(), List.of())));
        return lint.findings;
    }

    private void check(SubjectPolicy policy) {
        final List<PodSpec> subjects = subjects(policy);
        if (subjects.isEmpty()) {
            find(Kind.SELECTS_NOTHING, policy, "", "selects no pod");
        }
        for (final Direction direction : Direction.values()) {
            final List<RuleSpec> rules = policy.rules(direction);
            if (!rules.isEmpty() && !policy.applies(direction)) {
                find(
                        Kind.RULE_IGNORED,
                        policy,
                        direction.label(),
                        "has rules, but policyTypes leaves the direction out");
                continue;
            }
            for (int i = 0; i < rules.size(); i++) {
                final String path = direction.label() + "[" + i + "]";
                checkRule(policy, direction, rules.get(i), path);
                if (!subjects.isEmpty()) {
                    checkNamedPorts(policy, direction, rules.get(i), path, subjects);
                }
            }
        }
    }

    private void checkRule(SubjectPolicy policy, Direction direction, RuleSpec rule, String path) {
        for (int i = 0; i < rule.peers().size(); i++) {
            final PeerSpec peer = rule.peers().get(i);
            final String peerPath = path + "." + direction.peerField() + "[" + i + "]";
            switch (peer) {
                case PeerSpec.Pods pods -> {
                    if (select(policy, pods).isEmpty()) {
                        find(Kind.PEER_SELECTS_NOTHING, policy, peerPath, "selects no pod: " + pods);
                    }
                }
                case PeerSpec.Nodes nodes -> {
                    if (spec.nodes().stream().noneMatch(node -> nodes.nodes().matches(node.labels()))) {
                        find(Kind.PEER_SELECTS_NOTHING, policy, peerPath, "selects no node: " + nodes);
                    }
                }
                case PeerSpec.Block block -> checkServiceAddress(policy, direction, block.block(), peerPath);
                case PeerSpec.Networks networks ->
                    networks.networks().forEach(network -> checkServiceAddress(policy, direction, network, peerPath));
                case PeerSpec.Unknown unknown ->
                    find(
                            Kind.NOT_UNDERSTOOD,
                            policy,
                            peerPath,
                            "is not understood and fails closed: " + unknown.what());
            }
        }
        for (final PortSpec port : rule.ports()) {
            if (port instanceof final PortSpec.Unknown unknown) {
                find(Kind.NOT_UNDERSTOOD, policy, path, "is not understood and fails closed: " + unknown.what());
            }
        }
    }

    private void checkServiceAddress(SubjectPolicy policy, Direction direction, IpPrefix block, String path) {
        if (direction == Direction.EGRESS && serviceAddresses.stream().anyMatch(service -> service.contains(block))) {
            find(
                    Kind.SERVICE_ADDRESS,
                    policy,
                    path,
                    block + " holds Service addresses; policy sees the backend's address in their place, so this never"
                            + " matches");
        }
    }

    /** A name that no pod on the receiving side gives to a port of the right protocol. */
    private void checkNamedPorts(
            SubjectPolicy policy, Direction direction, RuleSpec rule, String path, List<PodSpec> subjects) {
        for (final PortSpec port : rule.ports()) {
            if (!(port instanceof final PortSpec.Named named)) {
                continue;
            }
            final List<PodSpec> receivers = direction == Direction.INGRESS ? subjects : receivers(policy, rule);
            final List<PortSpec> single = List.of(named);
            if (receivers.stream()
                    .allMatch(pod -> PortSpec.resolve(single, pod.namedPorts()).isEmpty())) {
                find(
                        Kind.PORT_UNKNOWN,
                        policy,
                        path,
                        "names port \"" + named.name() + "\", and none of the " + receivers.size()
                                + " kinds of pods on the receiving side has it");
            }
        }
    }

    private List<PodSpec> receivers(SubjectPolicy policy, RuleSpec rule) {
        final List<PodSpec> receivers = new ArrayList<>();
        final boolean byAddress = rule.peers().stream().anyMatch(peer -> !(peer instanceof PeerSpec.Pods));
        if (rule.peers().isEmpty() || byAddress) {
            population.byNamespace.values().forEach(receivers::addAll);
            return receivers;
        }
        for (final PeerSpec peer : rule.peers()) {
            if (peer instanceof final PeerSpec.Pods pods) {
                receivers.addAll(select(policy, pods));
            }
        }
        return receivers;
    }

    private List<PodSpec> subjects(SubjectPolicy policy) {
        final List<PodSpec> subjects = new ArrayList<>();
        if (policy instanceof final NetworkPolicySpec network) {
            for (final PodSpec pod : population.byNamespace.getOrDefault(network.namespace(), List.of())) {
                if (network.pods().matches(pod.labels())) {
                    subjects.add(pod);
                }
            }
            return subjects;
        }
        population.byNamespace.forEach((namespace, pods) -> {
            for (final PodSpec pod : pods) {
                if (policy.selects(namespace, labels(namespace), pod.labels())) {
                    subjects.add(pod);
                }
            }
        });
        return subjects;
    }

    private List<PodSpec> select(SubjectPolicy policy, PeerSpec.Pods peer) {
        if (peer.namespaces() == null && policy instanceof final NetworkPolicySpec network) {
            return population.byNamespace.getOrDefault(network.namespace(), List.of()).stream()
                    .filter(pod -> peer.pods().matches(pod.labels()))
                    .toList();
        }
        return selected.computeIfAbsent(peer, key -> {
            final List<PodSpec> found = new ArrayList<>();
            population.byNamespace.forEach((namespace, pods) -> {
                if (key.namespaces() == null || key.namespaces().matches(labels(namespace))) {
                    pods.stream()
                            .filter(pod -> key.pods().matches(pod.labels()))
                            .forEach(found::add);
                }
            });
            return found;
        });
    }

    private Map<String, String> labels(String namespace) {
        return spec.namespaces().getOrDefault(namespace, Map.of());
    }

    /**
     * A rule that another covers for all of its subjects: in NetworkPolicies any other rule of the namespace; in cluster
     * policies only one that comes before it in its tier. Of two that cover each other the later is reported.
     */
    private void checkShadows(SubjectPolicy policy, List<? extends SubjectPolicy> others) {
        final String namespace = policy instanceof final NetworkPolicySpec network ? network.namespace() : null;
        final Containment containment = new Containment(namespace, namespace == null ? Map.of() : labels(namespace));
        for (final Direction direction : Direction.values()) {
            final List<RuleSpec> rules = policy.rules(direction);
            for (int i = 0; policy.applies(direction) && i < rules.size(); i++) {
                final String by = shadow(policy, direction, i, others, containment);
                if (by != null) {
                    find(Kind.RULE_SHADOWED, policy, direction.label() + "[" + i + "]", "adds nothing to " + by);
                }
            }
        }
    }

    private static @Nullable String shadow(
            SubjectPolicy policy,
            Direction direction,
            int index,
            List<? extends SubjectPolicy> others,
            Containment containment) {
        final RuleSpec rule = policy.rules(direction).get(index);
        final boolean ordered = policy instanceof ClusterPolicySpec;
        boolean reached = false;
        for (final SubjectPolicy other : others) {
            final boolean same = other.equals(policy);
            reached |= same;
            if (other.tier() != policy.tier()
                    || !other.applies(direction)
                    || (!same && !coversSubjects(other, policy))) {
                continue;
            }
            final List<RuleSpec> candidates = other.rules(direction);
            for (int i = 0; i < candidates.size(); i++) {
                final boolean later = same ? i >= index : reached;
                if ((same && i == index) || (ordered && later) || !containment.covers(candidates.get(i), rule)) {
                    continue;
                }
                final boolean mutual =
                        containment.covers(rule, candidates.get(i)) && (same || coversSubjects(policy, other));
                if (!later || !mutual) {
                    return (same ? "" : other.title() + " ") + direction.label() + "[" + i + "]";
                }
            }
        }
        return null;
    }

    private static boolean coversSubjects(SubjectPolicy wide, SubjectPolicy narrow) {
        if (wide instanceof final NetworkPolicySpec a && narrow instanceof final NetworkPolicySpec b) {
            return Containment.covers(a.pods(), b.pods());
        }
        return wide instanceof final ClusterPolicySpec a
                && narrow instanceof final ClusterPolicySpec b
                && Containment.covers(a.namespaces(), b.namespaces())
                && Containment.covers(a.pods(), b.pods());
    }

    private void find(Kind kind, SubjectPolicy policy, String field, String sentence) {
        findings.add(new Finding(kind, policy.title(), field, sentence));
    }
}
