package io.weir.agent.policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.weir.agent.config.Origin;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.ClusterPolicySpec;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads a ClusterNetworkPolicy of policy.networking.k8s.io/v1alpha2.
 *
 * <p>A peer or protocol that weir does not know becomes an unknown one, and the rule fails closed, as the specification
 * asks: an Accept rule matches nothing, a Deny or Pass rule denies everything. So does a rule without peers, for its
 * peers may be of a kind that an older definition of the resource has pruned. Domain names are not known here.
 */
final class ClusterPolicyReader {
    private static final ObjectMapper MAPPER = JsonMapper.builder().build();

    private ClusterPolicyReader() {}

    static ClusterPolicySpec read(GenericKubernetesResource policy, Origin origin) {
        final Field spec =
                new Field(origin, "spec", policy.getAdditionalProperties().get("spec"));
        if (!spec.isPresent()) {
            throw spec.wrong("a ClusterNetworkPolicy needs one");
        }
        final Field tierField = spec.child("tier");
        final Tier tier = switch (tierField.text()) {
            case "Admin" -> Tier.ADMIN;
            case "Baseline" -> Tier.BASELINE;
            default -> throw tierField.wrong("write Admin or Baseline");
        };
        final Field subject = spec.child("subject");
        if (!subject.isPresent()) {
            throw subject.wrong("say with namespaces or pods whom the policy is about");
        }
        final Field pods = subject.child("pods");
        if (pods.isPresent() == subject.child("namespaces").isPresent()) {
            throw subject.wrong("name either namespaces or pods");
        }
        return new ClusterPolicySpec(
                policy.getMetadata().getName(),
                tier,
                spec.child("priority").integer(0, 1000),
                selector(pods.isPresent() ? pods.child("namespaceSelector") : subject.child("namespaces")),
                pods.isPresent() ? selector(pods.child("podSelector")) : LabelSelector.EVERYTHING,
                rules(spec.child("ingress"), Direction.INGRESS),
                rules(spec.child("egress"), Direction.EGRESS));
    }

    private static List<RuleSpec> rules(Field list, Direction direction) {
        final List<RuleSpec> rules = new ArrayList<>();
        for (final Field rule : list.items()) {
            final Field actionField = rule.child("action");
            final Action action = switch (actionField.text()) {
                case "Accept" -> Action.ACCEPT;
                case "Deny" -> Action.DENY;
                case "Pass" -> Action.PASS;
                default -> throw actionField.wrong("write Accept, Deny or Pass");
            };
            final List<PeerSpec> peers = new ArrayList<>();
            for (final Field peer : rule.child(direction.peerField()).items()) {
                peers.add(peer(peer, direction));
            }
            if (peers.isEmpty()) {
                peers.add(new PeerSpec.Unknown("no peer at all"));
            }
            final Set<String> unknown = rule.names();
            unknown.removeAll(Set.of("name", "action", "protocols", direction.peerField()));
            if (!unknown.isEmpty()) {
                peers.add(new PeerSpec.Unknown("condition " + String.join(", ", unknown)));
            }
            final List<PortSpec> ports = new ArrayList<>();
            for (final Field protocol : rule.child("protocols").items()) {
                ports.add(port(protocol));
            }
            final Field name = rule.child("name");
            rules.add(new RuleSpec(name.isPresent() ? name.text() : "", action, peers, ports));
        }
        return rules;
    }

    private static PeerSpec peer(Field peer, Direction direction) {
        final Set<String> names = peer.names();
        final String kind = names.size() == 1 ? names.iterator().next() : String.join(" with ", names);
        final boolean egress = direction == Direction.EGRESS;
        if (kind.equals("namespaces")) {
            return new PeerSpec.Pods(selector(peer.child("namespaces")), LabelSelector.EVERYTHING);
        }
        if (kind.equals("pods")) {
            final Field pods = peer.child("pods");
            return new PeerSpec.Pods(selector(pods.child("namespaceSelector")), selector(pods.child("podSelector")));
        }
        if (kind.equals("nodes") && egress) {
            return new PeerSpec.Nodes(selector(peer.child("nodes")));
        }
        if (kind.equals("networks") && egress && !peer.child("networks").items().isEmpty()) {
            return new PeerSpec.Networks(peer.child("networks").items().stream()
                    .map(network -> Selectors.prefix(network.text(), network.origin(), network.path()))
                    .toList());
        }
        return new PeerSpec.Unknown(kind.isEmpty() ? "without a kind" : kind);
    }

    private static PortSpec port(Field field) {
        final Set<String> names = field.names();
        final String kind = names.size() == 1 ? names.iterator().next() : String.join(" with ", names);
        return switch (kind) {
            case "tcp" -> numbers(Protocol.TCP, field.child(kind));
            case "udp" -> numbers(Protocol.UDP, field.child(kind));
            case "sctp" -> numbers(Protocol.SCTP, field.child(kind));
            case "destinationNamedPort" ->
                new PortSpec.Named(null, field.child(kind).text());
            default -> new PortSpec.Unknown(kind.isEmpty() ? "protocol without a kind" : "protocol " + kind);
        };
    }

    private static PortSpec numbers(Protocol protocol, Field field) {
        final Set<String> names = field.isPresent() ? field.names() : Set.of();
        final Field port = field.child("destinationPort");
        if (names.isEmpty()) {
            return PortSpec.all(protocol);
        }
        if (!names.equals(Set.of("destinationPort"))) {
            return new PortSpec.Unknown("protocol " + protocol + " with " + String.join(", ", names));
        }
        if (port.child("number").isPresent() == port.child("range").isPresent()) {
            throw port.wrong("name either a number or a range");
        }
        if (port.child("number").isPresent()) {
            final int number = port.child("number").integer(1, 0xFFFF);
            return new PortSpec.Numbers(protocol, number, number);
        }
        final int start = port.child("range").child("start").integer(1, 0xFFFF);
        return new PortSpec.Numbers(
                protocol, start, port.child("range").child("end").integer(start, 0xFFFF));
    }

    /** A missing selector selects everything, as in {@code pods.namespaceSelector}, which may be left out. */
    private static LabelSelector selector(Field field) {
        if (!field.isPresent()) {
            return LabelSelector.EVERYTHING;
        }
        try {
            return Selectors.selector(
                    MAPPER.convertValue(field.map(), io.fabric8.kubernetes.api.model.LabelSelector.class),
                    field.origin(),
                    field.path());
        } catch (final IllegalArgumentException e) {
            throw field.wrong("is no label selector");
        }
    }
}
