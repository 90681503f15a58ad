package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.NodeSpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PodSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The specifications of NetworkPolicy v1 and ClusterNetworkPolicy v1alpha2, read aloud: no table, no index, one look at
 * everything per question.
 */
final class SpecificationModel {
    private final PolicySpec spec;

    SpecificationModel(PolicySpec spec) {
        this.spec = spec;
    }

    @Nullable
    PodSpec owner(IpAddress address) {
        if (spec.nodeAddresses().contains(address)) {
            return null;
        }
        return spec.pods().stream()
                .filter(pod -> pod.addresses().contains(address))
                .min(Comparator.<PodSpec, Boolean>comparing(pod -> !pod.local()).thenComparing(PodSpec::key))
                .filter(pod -> pod.local() || !spec.unknownAddresses().contains(address))
                .orElse(null);
    }

    /** May this direction of the connection be? */
    boolean allows(Direction direction, IpAddress source, IpAddress destination, Protocol protocol, int port) {
        final IpAddress subjectAddress = direction == Direction.INGRESS ? destination : source;
        final IpAddress peerAddress = direction == Direction.INGRESS ? source : destination;
        final PodSpec subject = owner(subjectAddress);
        final boolean peerIsNode = spec.nodeAddresses().contains(peerAddress);
        if (spec.nodeAddresses().contains(subjectAddress)) {
            return true;
        }
        if (subject == null) {
            return peerIsNode || !spec.unknownAddresses().contains(subjectAddress);
        }
        if (!subject.local() || subject.equals(owner(peerAddress))) {
            return true;
        }
        if (peerIsNode && direction == Direction.INGRESS) {
            return true;
        }
        final PodSpec destinationPod = owner(destination);
        final Action admin = clusterTier(Tier.ADMIN, direction, subject, peerAddress, destinationPod, protocol, port);
        if (admin != Action.PASS) {
            return admin == Action.ACCEPT;
        }
        boolean isolated = false;
        for (final NetworkPolicySpec policy : spec.networkPolicies()) {
            if (!policy.namespace().equals(subject.namespace())
                    || !policy.pods().matches(subject.labels())
                    || !policy.applies(direction)) {
                continue;
            }
            isolated = true;
            for (final RuleSpec rule : policy.rules(direction)) {
                if (matches(rule, policy.namespace(), peerAddress, destinationPod, protocol, port)) {
                    return true;
                }
            }
        }
        if (isolated) {
            return peerIsNode;
        }
        return clusterTier(Tier.BASELINE, direction, subject, peerAddress, destinationPod, protocol, port)
                != Action.DENY;
    }

    private Action clusterTier(
            Tier tier,
            Direction direction,
            PodSpec subject,
            IpAddress peer,
            @Nullable PodSpec destinationPod,
            Protocol protocol,
            int port) {
        final List<ClusterPolicySpec> ordered = spec.clusterPolicies().stream()
                .filter(policy -> policy.tier() == tier)
                .sorted(ClusterPolicySpec.PRECEDENCE)
                .toList();
        for (final ClusterPolicySpec policy : ordered) {
            if (!policy.namespaces().matches(labels(subject.namespace()))
                    || !policy.pods().matches(subject.labels())) {
                continue;
            }
            for (final RuleSpec rule : policy.rules(direction)) {
                if (rule.isUnknown()) {
                    if (rule.action() != Action.ACCEPT) {
                        return Action.DENY;
                    }
                } else if (matches(rule, null, peer, destinationPod, protocol, port)) {
                    return rule.action();
                }
            }
        }
        return Action.PASS;
    }

    private Map<String, String> labels(String namespace) {
        return spec.namespaces().getOrDefault(namespace, Map.of());
    }

    private boolean matches(
            RuleSpec rule,
            @Nullable String ownNamespace,
            IpAddress peer,
            @Nullable PodSpec destinationPod,
            Protocol protocol,
            int port) {
        final boolean portMatches = rule.ports().isEmpty()
                || rule.ports().stream().anyMatch(spec -> portMatches(spec, destinationPod, protocol, port));
        final boolean peerMatches =
                rule.peers().isEmpty() || rule.peers().stream().anyMatch(spec -> peerMatches(spec, ownNamespace, peer));
        return portMatches && peerMatches;
    }

    private static boolean portMatches(PortSpec port, @Nullable PodSpec destinationPod, Protocol protocol, int number) {
        return switch (port) {
            case PortSpec.Numbers numbers ->
                numbers.protocol() == protocol && numbers.first() <= number && number <= numbers.last();
            case PortSpec.Named named ->
                destinationPod != null
                        && destinationPod.namedPorts().stream()
                                .anyMatch(candidate -> answers(candidate, named, protocol, number));
            case PortSpec.Unknown ignored -> false;
        };
    }

    private static boolean answers(NamedPort candidate, PortSpec.Named named, Protocol protocol, int number) {
        return candidate.name().equals(named.name())
                && candidate.protocol() == protocol
                && candidate.port() == number
                && (named.protocol() == null || named.protocol() == protocol);
    }

    private boolean peerMatches(PeerSpec peer, @Nullable String ownNamespace, IpAddress address) {
        return switch (peer) {
            case PeerSpec.Pods pods -> {
                final PodSpec pod = owner(address);
                if (pod == null || !pods.pods().matches(pod.labels())) {
                    yield false;
                }
                yield pods.namespaces() == null
                        ? ownNamespace == null || ownNamespace.equals(pod.namespace())
                        : pods.namespaces().matches(labels(pod.namespace()));
            }
            case PeerSpec.Block block -> {
                boolean inside = block.block().contains(address);
                for (final IpPrefix hole : block.except()) {
                    inside &= !hole.contains(address);
                }
                yield inside;
            }
            case PeerSpec.Networks networks ->
                networks.networks().stream().anyMatch(network -> network.contains(address));
            case PeerSpec.Nodes nodes -> {
                boolean found = false;
                for (final NodeSpec node : spec.nodes()) {
                    found |= nodes.nodes().matches(node.labels())
                            && node.addresses().contains(address);
                }
                yield found;
            }
            case PeerSpec.Unknown ignored -> false;
        };
    }
}
