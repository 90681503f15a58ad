package io.weir.policy;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.Identities.Identity;
import io.weir.policy.PodRegister.Change;
import io.weir.policy.PodRegister.Entry;
import io.weir.policy.Subject.Endpoint;
import io.weir.policy.TierClassifier.Surroundings;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.NetworkPolicySpec;
import io.weir.policy.spec.NodeSpec;
import io.weir.policy.spec.PolicySpec;
import io.weir.policy.spec.SubjectPolicy;
import io.weir.policy.spec.Tier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.agrona.collections.IntArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Turns specs into tables, one after the other, each time compiling only what the difference concerns. Conductor thread
 * only.
 *
 * <p>Pods that policies cannot tell apart share an identity; selectors are resolved to identities; the policies that
 * select a local pod are compiled per tier and direction and shared by all pods that the same policies select. Each local
 * pod has a version slot, touched when one of its verdicts may have changed: its policies changed, a peer that its rules
 * single out came, went or changed, or the pod itself did. A connection whose pods are not touched is decided as before.
 *
 * <p>A remote address that becomes a local pod's touches nothing here: its route changes, and flows depend on that.
 */
public final class PolicyCompiler {
    private final VersionSlots slots;
    private final Identities identities = new Identities();
    private final PodRegister pods = new PodRegister(identities);
    private final PolicyObjects policies = new PolicyObjects();
    private final Selections selections = new Selections(identities, this::labelsOf);
    private final TierClassifiers classifiers = new TierClassifiers(selections);
    private final Map<Identity, Subject> subjects = new HashMap<>();
    private final IntArrayList freeNumbers = new IntArrayList();
    private int lastNumber;
    private PolicySpec spec = PolicySpec.EMPTY;
    private PolicyTable table = PolicyTable.EMPTY;

    private final Surroundings surroundings = new Surroundings() {
        @Override
        public Map<IpAddress, Identity> identifiedAddresses() {
            final Map<IpAddress, Identity> identified = pods.identifiedAddresses();
            if (spec.unknownAddresses().isEmpty()) {
                return identified;
            }
            final Map<IpAddress, Identity> known = new HashMap<>(identified);
            spec.unknownAddresses().stream()
                    .filter(address -> isUnknown(address))
                    .forEach(known::remove);
            return known;
        }

        @Override
        public Collection<NodeSpec> nodes() {
            return spec.nodes();
        }
    };

    /** @param slots gives each local pod its version slot */
    public PolicyCompiler(VersionSlots slots) {
        this.slots = slots;
    }

    private Map<String, String> labelsOf(String namespace) {
        return spec.namespaces().getOrDefault(namespace, Map.of());
    }

    /** The table for the new spec; {@code changes} receives the slots of the local pods that it concerns. */
    public PolicyTable compile(PolicySpec next, Changes changes) {
        final PolicySpec before = spec;
        spec = next;
        final Set<String> relabelled = relabelled(before, next);
        final List<Change> podChanges = pods.update(next.pods());
        final List<Identity> added = identities.takeAdded();
        final List<Identity> removed = identities.takeRemoved();
        final Map<TierClassifier, Set<Integer>> stale = selections.update(added, removed, relabelled);

        final Set<Endpoint> touched = new HashSet<>();
        final @Nullable EndpointRules[] endpoints = placeEndpoints(podChanges, touched, changes);
        markStaleSubjects(policies.update(next), relabelled);
        stale.forEach(TierClassifier::refresh);
        final Map<IpAddress, Long> moved = movedAddresses(before, next, podChanges);
        followSurroundings(before, next, moved);
        final boolean everyone = before.rejectEgress() != next.rejectEgress()
                || !before.nodeAddresses().equals(next.nodeAddresses())
                || !before.unknownAddresses().equals(next.unknownAddresses());

        for (final Subject subject : subjects.values()) {
            if (subject.stale) {
                choosePolicies(subject);
            }
            if (subject.refresh() || everyone || noticesMove(subject, moved)) {
                touched.addAll(subject.endpoints);
            }
        }
        for (final Endpoint endpoint : touched) {
            changes.touch(endpoint.slot);
            endpoints[endpoint.number] = new EndpointRules(
                    endpoint.name, endpoint.slot, endpoint.subject.ingress.rules, endpoint.subject.egress.rules);
        }
        for (final IpAddress address : moved.keySet()) {
            final EndpointRules previous = table.endpoint(address);
            if (previous != null) {
                changes.touch(previous.slot());
            }
        }
        table = new PolicyTable(table.addresses().with(moved), endpoints, next.rejectEgress(), policies.count());
        return table;
    }

    private static Set<String> relabelled(PolicySpec before, PolicySpec next) {
        final Set<String> changed = new HashSet<>();
        if (before.namespaces().equals(next.namespaces())) {
            return changed;
        }
        final Set<String> names = new HashSet<>(before.namespaces().keySet());
        names.addAll(next.namespaces().keySet());
        for (final String name : names) {
            if (!Objects.equals(
                    before.namespaces().getOrDefault(name, Map.of()),
                    next.namespaces().getOrDefault(name, Map.of()))) {
                changed.add(name);
            }
        }
        return changed;
    }

    /** Local pods get an endpoint and keep it, its number and its slot, for as long as their name stays. */
    private @Nullable EndpointRules[] placeEndpoints(List<Change> podChanges, Set<Endpoint> touched, Changes changes) {
        final List<Endpoint> gone = new ArrayList<>();
        for (final Change change : podChanges) {
            final Entry after = change.after();
            final Endpoint old = change.before() == null ? null : change.before().endpoint;
            if (old != null) {
                old.subject.endpoints.remove(old);
            }
            if (after == null || !after.spec.local()) {
                if (old != null) {
                    gone.add(old);
                    changes.release(old.slot);
                }
                continue;
            }
            final Subject subject = subjects.computeIfAbsent(after.identity, Subject::new);
            final Endpoint endpoint =
                    old != null ? old : new Endpoint(after.spec.key(), takeNumber(), slots.allocate(), subject);
            endpoint.subject = subject;
            subject.endpoints.add(endpoint);
            after.endpoint = endpoint;
            touched.add(endpoint);
        }
        subjects.values().removeIf(this::isDeserted);
        final @Nullable EndpointRules[] endpoints = Arrays.copyOf(table.endpoints(), Math.max(lastNumber + 1, 1));
        for (final Endpoint endpoint : gone) {
            endpoints[endpoint.number] = null;
            freeNumbers.addInt(endpoint.number);
        }
        return endpoints;
    }

    private int takeNumber() {
        return freeNumbers.isEmpty() ? ++lastNumber : freeNumbers.removeAt(freeNumbers.size() - 1);
    }

    private boolean isDeserted(Subject subject) {
        if (!subject.endpoints.isEmpty()) {
            return false;
        }
        for (final Subject.Side side : List.of(subject.ingress, subject.egress)) {
            classifiers.drop(side.admin);
            classifiers.drop(side.network);
            classifiers.drop(side.baseline);
        }
        return true;
    }

    private void markStaleSubjects(PolicyObjects.Difference difference, Set<String> relabelled) {
        if (difference.cluster() || !relabelled.isEmpty()) {
            for (final Subject subject : subjects.values()) {
                subject.stale |= difference.cluster() || relabelled.contains(subject.identity.namespace);
            }
        }
        if (difference.network().isEmpty()) {
            return;
        }
        final Map<String, List<NetworkPolicySpec>> byNamespace = new HashMap<>();
        for (final NetworkPolicySpec policy : difference.network()) {
            byNamespace
                    .computeIfAbsent(policy.namespace(), name -> new ArrayList<>())
                    .add(policy);
        }
        for (final Subject subject : subjects.values()) {
            subject.stale |= byNamespace.getOrDefault(subject.identity.namespace, List.of()).stream()
                    .anyMatch(policy -> policy.pods().matches(subject.identity.labels));
        }
    }

    /** Finds the policies that select the subject. The new tiers are taken before the old are dropped, to share them. */
    private void choosePolicies(Subject subject) {
        subject.stale = false;
        final Identity identity = subject.identity;
        final List<SubjectPolicy> network = new ArrayList<>();
        for (final NetworkPolicySpec policy : policies.in(identity.namespace)) {
            if (policy.pods().matches(identity.labels)) {
                network.add(policy);
            }
        }
        final List<SubjectPolicy> admin = clusterPolicies(Tier.ADMIN, identity);
        final List<SubjectPolicy> baseline = clusterPolicies(Tier.BASELINE, identity);
        for (final Subject.Side side : List.of(subject.ingress, subject.egress)) {
            final TierClassifier oldAdmin = side.admin;
            final TierClassifier oldNetwork = side.network;
            final TierClassifier oldBaseline = side.baseline;
            final List<SubjectPolicy> isolating = applying(network, side.direction);
            if (!isolating.equals(side.isolation.policies())) {
                side.isolation = Isolation.by(isolating);
            }
            side.admin = tier(Tier.ADMIN, side.direction, admin, identity);
            side.network = tier(Tier.NETWORK, side.direction, isolating, identity);
            side.baseline = tier(Tier.BASELINE, side.direction, baseline, identity);
            classifiers.drop(oldAdmin);
            classifiers.drop(oldNetwork);
            classifiers.drop(oldBaseline);
        }
    }

    private List<SubjectPolicy> clusterPolicies(Tier tier, Identity identity) {
        final List<SubjectPolicy> selecting = new ArrayList<>();
        for (final SubjectPolicy policy : policies.cluster(tier)) {
            if (policy.selects(identity.namespace, labelsOf(identity.namespace), identity.labels)) {
                selecting.add(policy);
            }
        }
        return selecting;
    }

    private @Nullable TierClassifier tier(
            Tier tier, Direction direction, List<SubjectPolicy> selecting, Identity identity) {
        return classifiers.use(tier, direction, applying(selecting, direction), identity.namedPorts, surroundings);
    }

    private static List<SubjectPolicy> applying(List<SubjectPolicy> selecting, Direction direction) {
        return selecting.stream().filter(policy -> policy.applies(direction)).toList();
    }

    /** Addresses whose table value differs from before, with the new value. */
    private Map<IpAddress, Long> movedAddresses(PolicySpec before, PolicySpec next, List<Change> podChanges) {
        final Set<IpAddress> candidates = PodRegister.addresses(podChanges);
        if (!before.nodeAddresses().equals(next.nodeAddresses())) {
            candidates.addAll(before.nodeAddresses());
            candidates.addAll(next.nodeAddresses());
        }
        if (!before.unknownAddresses().equals(next.unknownAddresses())) {
            candidates.addAll(before.unknownAddresses());
            candidates.addAll(next.unknownAddresses());
        }
        final Map<IpAddress, Long> moved = new HashMap<>();
        for (final IpAddress address : candidates) {
            final long value = value(address);
            if (value != table.find(address.high(), address.low())) {
                moved.put(address, value);
            }
        }
        return moved;
    }

    private long value(IpAddress address) {
        if (spec.nodeAddresses().contains(address)) {
            return AddressTable.value(0, AddressTable.NODE);
        }
        return isUnknown(address) ? AddressTable.value(0, AddressTable.UNKNOWN) : pods.value(address);
    }

    /** A pod of another node that had the address before says nothing about who has it here. */
    private boolean isUnknown(IpAddress address) {
        return spec.unknownAddresses().contains(address) && AddressTable.endpoint(pods.value(address)) == 0;
    }

    /** Rules that name nodes, or named ports within blocks, are resolved to addresses and built again when these change. */
    private void followSurroundings(PolicySpec before, PolicySpec next, Map<IpAddress, Long> moved) {
        final boolean nodesChanged = !before.nodes().equals(next.nodes());
        if (!nodesChanged && moved.isEmpty()) {
            return;
        }
        for (final TierClassifier classifier : classifiers.all()) {
            if ((nodesChanged && classifier.followsNodes())
                    || (classifier.followsAddresses() && noticesMove(classifier, moved))) {
                classifier.rebuild(surroundings);
            }
        }
    }

    private boolean noticesMove(TierClassifier classifier, Map<IpAddress, Long> moved) {
        return moved.entrySet().stream()
                .anyMatch(move -> classifier.noticesMove(
                        move.getKey(),
                        identities.byNumber(AddressTable.identity(
                                table.find(move.getKey().high(), move.getKey().low()))),
                        identities.byNumber(AddressTable.identity(move.getValue()))));
    }

    /** Some address has an identity now that the subject's rules treat otherwise than the one before. */
    private boolean noticesMove(Subject subject, Map<IpAddress, Long> moved) {
        for (final Map.Entry<IpAddress, Long> move : moved.entrySet()) {
            final IpAddress address = move.getKey();
            final int old = AddressTable.identity(table.find(address.high(), address.low()));
            if (!subject.treatsAlike(old, AddressTable.identity(move.getValue()))) {
                return true;
            }
        }
        return false;
    }
}
