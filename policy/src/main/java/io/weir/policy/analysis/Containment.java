package io.weir.policy.analysis;

import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.classify.PortSet;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.LabelSelector.Expression;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether one thing covers another by what is written, whatever pods there are. Errs on the side of no: {@code true} is
 * certain.
 */
final class Containment {
    /** Everything that {@code narrow} matches, {@code wide} matches, too. */
    static boolean covers(LabelSelector wide, LabelSelector narrow) {
        for (final Map.Entry<String, String> label : wide.matchLabels().entrySet()) {
            if (!label.getValue().equals(narrow.matchLabels().get(label.getKey()))
                    && !narrow.expressions().contains(exactly(label))) {
                return false;
            }
        }
        return wide.expressions().stream().allMatch(expression -> implied(expression, narrow));
    }

    private static Expression exactly(Map.Entry<String, String> label) {
        return new Expression(label.getKey(), LabelSelector.Operator.IN, Set.of(label.getValue()));
    }

    private static boolean implied(Expression wanted, LabelSelector narrow) {
        if (narrow.expressions().contains(wanted)) {
            return true;
        }
        final String value = narrow.matchLabels().get(wanted.key());
        return value != null && new LabelSelector(Map.of(), List.of(wanted)).matches(Map.of(wanted.key(), value));
    }

    private final @Nullable String namespace;
    private final Map<String, String> namespaceLabels;

    /** For rules of policies in this namespace; null for cluster policies. */
    Containment(@Nullable String namespace, Map<String, String> namespaceLabels) {
        this.namespace = namespace;
        this.namespaceLabels = namespaceLabels;
    }

    /** Whatever {@code narrow} matches, {@code wide} matches, too. */
    boolean covers(RuleSpec wide, RuleSpec narrow) {
        if (wide.isUnknown() || narrow.isUnknown() || !portsCover(wide.ports(), narrow.ports())) {
            return false;
        }
        if (wide.peers().isEmpty()) {
            return true;
        }
        return !narrow.peers().isEmpty()
                && narrow.peers().stream()
                        .allMatch(peer -> wide.peers().stream().anyMatch(other -> covers(other, peer)));
    }

    private static boolean portsCover(List<PortSpec> wide, List<PortSpec> narrow) {
        if (wide.isEmpty()) {
            return true;
        }
        if (narrow.isEmpty()) {
            return false;
        }
        final PortSet wideNumbers = PortSpec.resolve(wide, List.of());
        return narrow.stream().allMatch(port -> switch (port) {
            case PortSpec.Numbers numbers ->
                wideNumbers.contains(PortSet.of(numbers.protocol(), numbers.first(), numbers.last()));
            case PortSpec.Named named ->
                wide.contains(named)
                        || wide.contains(new PortSpec.Named(null, named.name()))
                        || (named.protocol() != null && wideNumbers.contains(PortSet.of(named.protocol())));
            case PortSpec.Unknown ignored -> false;
        });
    }

    private boolean covers(PeerSpec wide, PeerSpec narrow) {
        return switch (wide) {
            case PeerSpec.Pods pods -> narrow instanceof final PeerSpec.Pods other && covers(pods, other);
            case PeerSpec.Block block ->
                switch (narrow) {
                    case PeerSpec.Block other -> covers(block, other);
                    case PeerSpec.Networks networks ->
                        networks.networks().stream()
                                .allMatch(network -> covers(block, new PeerSpec.Block(network, List.of())));
                    default -> false;
                };
            case PeerSpec.Networks networks ->
                narrow instanceof final PeerSpec.Networks others
                        && others.networks().stream()
                                .allMatch(one -> networks.networks().stream().anyMatch(net -> net.contains(one)));
            case PeerSpec.Nodes nodes ->
                narrow instanceof final PeerSpec.Nodes others && covers(nodes.nodes(), others.nodes());
            case PeerSpec.Unknown ignored -> false;
        };
    }

    private boolean covers(PeerSpec.Pods wide, PeerSpec.Pods narrow) {
        if (!covers(wide.pods(), narrow.pods())) {
            return false;
        }
        if (wide.namespaces() == null) {
            return namespace == null || narrow.namespaces() == null;
        }
        if (narrow.namespaces() != null) {
            return covers(wide.namespaces(), narrow.namespaces());
        }
        return namespace == null
                ? wide.namespaces().isEverything()
                : wide.namespaces().matches(namespaceLabels);
    }

    private static boolean covers(PeerSpec.Block wide, PeerSpec.Block narrow) {
        return wide.block().contains(narrow.block())
                && wide.except().stream()
                        .allMatch(hole -> apart(hole, narrow.block()) || inside(hole, narrow.except()));
    }

    private static boolean apart(IpPrefix a, IpPrefix b) {
        return !a.contains(b) && !b.contains(a);
    }

    private static boolean inside(IpPrefix hole, List<IpPrefix> holes) {
        return holes.stream().anyMatch(other -> other.contains(hole));
    }
}
