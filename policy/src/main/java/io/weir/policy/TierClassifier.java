package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.policy.Identities.Identity;
import io.weir.policy.Selections.Selection;
import io.weir.policy.classify.Classifier;
import io.weir.policy.classify.Match;
import io.weir.policy.classify.PortSet;
import io.weir.policy.spec.Action;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.LabelSelector;
import io.weir.policy.spec.NamedPort;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.NodeSpec;
import io.weir.policy.spec.PeerSpec;
import io.weir.policy.spec.PortSpec;
import io.weir.policy.spec.RuleSpec;
import io.weir.policy.spec.SubjectPolicy;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The policies of one tier that select some local pods, for one direction, kept compiled while the cluster changes.
 *
 * <p>Every peer of every rule is one rule of the {@link Classifier}, in the order of the policies, so the first match
 * names the peer, too. Ports by name are resolved on the destination: for ingress that is the subject; for egress each
 * peer identity has its own.
 */
final class TierClassifier {
    /** What the cluster looks like to rules that go by address. */
    interface Surroundings {
        /** The identity behind an address; null when it is no pod's. */
        Map<IpAddress, Identity> identifiedAddresses();

        Collection<NodeSpec> nodes();
    }

    private static final Selections.Key EVERY_POD =
            new Selections.Key(null, LabelSelector.EVERYTHING, LabelSelector.EVERYTHING);

    /**
     * One peer of one rule.
     *
     * @param peer      null for everyone
     * @param selection the identities that are singled out, or null
     * @param ports     those that hold for any peer: names resolved already, or left out
     * @param named     names are to be resolved on each peer
     */
    private record Entry(
            @Nullable PeerSpec peer,
            @Nullable Selection selection,
            List<PortSpec> specs,
            PortSet ports,
            boolean named) {
        PortSet portsOf(Identity identity) {
            return named ? PortSpec.resolve(specs, identity.namedPorts) : ports;
        }
    }

    private final Selections selections;
    private final List<Entry> entries = new ArrayList<>();
    private final List<RuleOrigin> origins = new ArrayList<>();
    private final boolean followsAddresses;
    private final boolean followsNodes;
    private TierRules rules;
    int users;

    TierClassifier(
            Tier tier,
            Direction direction,
            List<SubjectPolicy> policies,
            List<NamedPort> subjectPorts,
            Selections selections,
            Surroundings surroundings) {
        this.selections = selections;
        for (final SubjectPolicy policy : policies) {
            final List<RuleSpec> specs = policy.rules(direction);
            for (int rule = 0; rule < specs.size(); rule++) {
                final RuleSpec spec = specs.get(rule);
                if (tier != Tier.NETWORK && spec.isUnknown()) {
                    failClosed(policy, direction, rule, spec.action());
                    continue;
                }
                final boolean named = direction == Direction.EGRESS && spec.usesNamedPorts();
                final PortSet ports = PortSpec.resolve(spec.ports(), named ? List.of() : subjectPorts);
                if (spec.peers().isEmpty()) {
                    add(new RuleOrigin(policy, direction, rule, -1, spec.action(), false), null, spec, ports, named);
                }
                for (int peer = 0; peer < spec.peers().size(); peer++) {
                    final RuleOrigin origin = new RuleOrigin(policy, direction, rule, peer, spec.action(), false);
                    add(origin, spec.peers().get(peer), spec, ports, named);
                }
            }
        }
        followsAddresses = entries.stream().anyMatch(entry -> entry.named && goesByAddress(entry.peer));
        followsNodes = entries.stream().anyMatch(entry -> entry.peer instanceof PeerSpec.Nodes);
        rules = TierRules.of(build(surroundings), origins);
    }

    /** ClusterNetworkPolicy: "for Accept rules, treat the rule as matching no traffic; for Deny and Pass, as deny all". */
    private void failClosed(SubjectPolicy policy, Direction direction, int rule, Action action) {
        if (action != Action.ACCEPT) {
            origins.add(new RuleOrigin(policy, direction, rule, -1, Action.DENY, true));
            entries.add(new Entry(null, null, List.of(), PortSet.ALL, false));
        }
    }

    private void add(RuleOrigin origin, @Nullable PeerSpec peer, RuleSpec spec, PortSet ports, boolean named) {
        Selections.Key key = null;
        if (peer instanceof final PeerSpec.Pods pods) {
            key = selectionKey(origin.policy(), pods);
        } else if (peer == null && named) {
            key = EVERY_POD;
        }
        final Selection selection = key != null && (named || !key.isEverything()) ? selections.use(key, this) : null;
        origins.add(origin);
        entries.add(new Entry(peer, selection, spec.ports(), ports, named));
    }

    static Selections.Key selectionKey(SubjectPolicy policy, PeerSpec.Pods peer) {
        if (peer.namespaces() != null) {
            return new Selections.Key(null, peer.namespaces(), peer.pods());
        }
        return policy instanceof final NetworkPolicySpec owner
                ? new Selections.Key(owner.namespace(), LabelSelector.EVERYTHING, peer.pods())
                : new Selections.Key(null, LabelSelector.EVERYTHING, peer.pods());
    }

    private static boolean goesByAddress(@Nullable PeerSpec peer) {
        return peer instanceof PeerSpec.Block || peer instanceof PeerSpec.Networks;
    }

    TierRules rules() {
        return rules;
    }

    boolean followsAddresses() {
        return followsAddresses;
    }

    boolean followsNodes() {
        return followsNodes;
    }

    /** A rule that goes by address and by a port's name holds for other ports there than before. */
    boolean noticesMove(IpAddress address, @Nullable Identity before, @Nullable Identity after) {
        for (final Entry entry : entries) {
            if (entry.named
                    && holds(entry.peer, address)
                    && ((before != null && !entry.portsOf(before).isEmpty())
                            || (after != null && !entry.portsOf(after).isEmpty()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(@Nullable PeerSpec peer, IpAddress address) {
        return switch (peer) {
            case PeerSpec.Block block -> block.block().contains(address);
            case PeerSpec.Networks networks ->
                networks.networks().stream().anyMatch(network -> network.contains(address));
            case null, default -> false;
        };
    }

    void rebuild(Surroundings surroundings) {
        rules = rules.with(build(surroundings));
    }

    private Classifier build(Surroundings surroundings) {
        final Classifier.Builder builder = new Classifier.Builder();
        for (int rule = 0; rule < entries.size(); rule++) {
            final Entry entry = entries.get(rule);
            final int number = rule;
            switch (entry.peer) {
                case null -> builder.everyone(number, entry.ports);
                case PeerSpec.Pods ignored when entry.selection == null -> builder.identified(number, entry.ports);
                case PeerSpec.Pods ignored -> {}
                case PeerSpec.Block block -> addBlock(builder, number, block, entry, surroundings);
                case PeerSpec.Networks networks -> {
                    for (final IpPrefix network : networks.networks()) {
                        addBlock(builder, number, new PeerSpec.Block(network, List.of()), entry, surroundings);
                    }
                }
                case PeerSpec.Nodes nodes -> {
                    for (final NodeSpec node : surroundings.nodes()) {
                        if (nodes.nodes().matches(node.labels())) {
                            node.addresses()
                                    .forEach(address ->
                                            builder.block(number, IpPrefix.host(address), List.of(), entry.ports));
                        }
                    }
                }
                case PeerSpec.Unknown ignored -> {}
            }
        }
        for (int rule = 0; rule < entries.size(); rule++) {
            final Entry entry = entries.get(rule);
            if (entry.selection != null) {
                final int number = rule;
                entry.selection.members.forEach(
                        identity -> builder.identity(number, identity, portsOf(entry, identity)));
            }
        }
        return builder.build();
    }

    /** A pod in the block that gives the name of a port a number: its address is a block of its own. */
    private static void addBlock(
            Classifier.Builder builder, int rule, PeerSpec.Block block, Entry entry, Surroundings surroundings) {
        builder.block(rule, block.block(), block.except(), entry.ports);
        if (!entry.named) {
            return;
        }
        surroundings.identifiedAddresses().forEach((address, identity) -> {
            if (block.block().contains(address) && block.except().stream().noneMatch(hole -> hole.contains(address))) {
                builder.block(rule, IpPrefix.host(address), List.of(), entry.portsOf(identity));
            }
        });
    }

    private PortSet portsOf(Entry entry, int number) {
        if (!entry.named) {
            return entry.ports;
        }
        final Identity identity = selections.identity(number);
        return identity == null ? PortSet.NONE : entry.portsOf(identity);
    }

    /** Looks again at identities that selectors now select or no longer select. */
    void refresh(Set<Integer> identities) {
        final Map<Integer, List<Match>> rows = new HashMap<>();
        for (final int identity : identities) {
            final List<Match> matches = new ArrayList<>();
            for (int rule = 0; rule < entries.size(); rule++) {
                final Entry entry = entries.get(rule);
                if (entry.selection != null && entry.selection.members.contains(identity)) {
                    final PortSet ports = portsOf(entry, identity);
                    if (!ports.isEmpty()) {
                        matches.add(new Match(rule, ports));
                    }
                }
            }
            rows.put(identity, matches);
        }
        final Classifier fresh = rules.classifier().withRows(rows);
        if (!identities.stream().allMatch(identity -> fresh.hasSameRow(rules.classifier(), identity))) {
            rules = rules.with(fresh);
        }
    }

    void close() {
        for (final Entry entry : entries) {
            if (entry.selection != null) {
                selections.drop(entry.selection, this);
            }
        }
    }
}
