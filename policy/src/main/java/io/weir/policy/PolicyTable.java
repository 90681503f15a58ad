package io.weir.policy;

import io.weir.dataplane.pipeline.RuleNote;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.classify.PortSet;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Direction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that the stage needs: who is behind an address, and what each pod of this node may receive and send. Immutable. */
public final class PolicyTable {
    /** No pods, no policies: everything passes. */
    public static final PolicyTable EMPTY =
            new PolicyTable(AddressTable.EMPTY, new @Nullable EndpointRules[1], false, 0);

    private final AddressTable addresses;
    private final @Nullable EndpointRules[] endpoints;
    private final boolean rejectEgress;
    private final int policies;

    /** @param endpoints by number from 1; place 0 is empty */
    PolicyTable(AddressTable addresses, @Nullable EndpointRules[] endpoints, boolean rejectEgress, int policies) {
        this.addresses = addresses;
        this.endpoints = endpoints;
        this.rejectEgress = rejectEgress;
        this.policies = policies;
    }

    AddressTable addresses() {
        return addresses;
    }

    @Nullable
    EndpointRules[] endpoints() {
        return endpoints;
    }

    boolean isRejectEgress() {
        return rejectEgress;
    }

    /** Who is behind an address, for the other methods: an {@link AddressTable} value. */
    long find(long high, long low) {
        return addresses.find(high, low);
    }

    /** The rules of the local pod behind a found value, or null. */
    @Nullable
    EndpointRules rules(long found) {
        final int endpoint = AddressTable.endpoint(found);
        return endpoint > 0 ? endpoints[endpoint] : null;
    }

    /**
     * May the source send this? Says {@link Judgement#ALLOWED} for a source that is not of this node.
     *
     * @param source      what {@link #find} said about the connection's source
     * @param destination what {@link #find} said about its destination, which is behind Service translation
     * @param translated  it was addressed to something else than the destination itself
     */
    int egress(
            long source, long destination, long destinationHigh, long destinationLow, int portKey, boolean translated) {
        final EndpointRules rules = rules(source);
        final boolean toNode = AddressTable.endpoint(destination) == AddressTable.NODE;
        if (rules == null) {
            return AddressTable.endpoint(source) == AddressTable.UNKNOWN && !toNode
                    ? Judgement.DENIED_UNKNOWN
                    : Judgement.ALLOWED;
        }
        final boolean self = AddressTable.endpoint(source) == AddressTable.endpoint(destination);
        if (self && !translated) {
            return Judgement.ALLOWED;
        }
        final int identity = AddressTable.identity(destination);
        return rules.egress().judge(identity, destinationHigh, destinationLow, portKey, self || toNode);
    }

    /** May the destination receive this? The node reaches its own pods whatever they say, or their probes would fail. */
    int ingress(long source, long destination, long sourceHigh, long sourceLow, int portKey, boolean translated) {
        if (AddressTable.endpoint(source) == AddressTable.NODE) {
            return Judgement.ALLOWED;
        }
        final EndpointRules rules = rules(destination);
        if (rules == null) {
            return AddressTable.endpoint(destination) == AddressTable.UNKNOWN
                    ? Judgement.DENIED_UNKNOWN
                    : Judgement.ALLOWED;
        }
        final boolean self = AddressTable.endpoint(source) == AddressTable.endpoint(destination);
        if (self && !translated) {
            return Judgement.ALLOWED;
        }
        return rules.ingress().judge(AddressTable.identity(source), sourceHigh, sourceLow, portKey, self);
    }

    /**
     * Judges one direction of a connection; for tools and tests.
     *
     * @param port the destination port; 0 for protocols without ports
     * @return a {@link Judgement}
     */
    public int judge(Direction direction, IpAddress source, IpAddress destination, Protocol protocol, int port) {
        final long from = find(source.high(), source.low());
        final long to = find(destination.high(), destination.low());
        final int key = PortSet.key(protocol.index(), port);
        return direction == Direction.EGRESS
                ? egress(from, to, destination.high(), destination.low(), key, false)
                : ingress(from, to, source.high(), source.low(), key, false);
    }

    /** Both ends agree; for tools and tests. */
    public boolean allows(IpAddress source, IpAddress destination, Protocol protocol, int port) {
        return !Judgement.isDenied(judge(Direction.EGRESS, source, destination, protocol, port))
                && !Judgement.isDenied(judge(Direction.INGRESS, source, destination, protocol, port));
    }

    /** The local pod at an address, or null; for tools and tests. */
    public @Nullable EndpointRules endpoint(IpAddress address) {
        return rules(find(address.high(), address.low()));
    }

    /**
     * What may decide about this node's pods, with the names of the pods that share it: its {@link RuleNote#decisions()} are
     * theirs together, counted since their policies were last other ones. Two notes of the same words are two notes.
     */
    @SuppressWarnings("IdentityHashMapUsage")
    public Map<RuleNote, List<String>> notes() {
        final Map<RuleNote, List<String>> notes = new HashMap<>();
        for (final EndpointRules rules : endpoints) {
            if (rules != null) {
                rules.ingress()
                        .notes()
                        .forEach(note -> notes.computeIfAbsent(note, each -> new ArrayList<>())
                                .add(rules.name()));
                rules.egress()
                        .notes()
                        .forEach(note -> notes.computeIfAbsent(note, each -> new ArrayList<>())
                                .add(rules.name()));
            }
        }
        return notes;
    }

    /** Bytes of heap, by reckoning; what several pods share counts once. */
    public long sizeBytes() {
        final Set<DirectionRules> seen = new HashSet<>();
        for (final EndpointRules rules : endpoints) {
            if (rules != null) {
                seen.add(rules.ingress());
                seen.add(rules.egress());
            }
        }
        return addresses.sizeBytes()
                + seen.stream().mapToLong(DirectionRules::sizeBytes).sum();
    }

    @Override
    public String toString() {
        int count = 0;
        for (final EndpointRules rules : endpoints) {
            count += rules == null ? 0 : 1;
        }
        return count + " local pods, " + addresses.size() + " addresses, " + policies + " policies";
    }
}
