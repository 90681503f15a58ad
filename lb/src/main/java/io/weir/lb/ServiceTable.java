package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All Services of a node, compiled: found by virtual address, port and protocol. Immutable and shared by all workers;
 * tables that follow each other share whatever did not change.
 */
public final class ServiceTable {
    /** Protocol and port of the entry that says: this cluster IP exists. */
    static final int ANY = 0;

    private final AddressTable addresses;
    private final @Nullable VirtualService[] services;
    private final int serviceCount;
    private final int addressesSlot;
    private final PrefixSet serviceRanges;
    private final PrefixSet podRanges;
    private final PrefixSet nodeAddresses;
    private final boolean masqueradeAll;
    private final boolean directServerReturn;
    private final AddressTable peers;
    private final BackendTable states;
    private final AffinityTable affinity;
    private final List<String> conflicts;

    ServiceTable(
            AddressTable addresses,
            @Nullable VirtualService[] services,
            int serviceCount,
            int addressesSlot,
            PrefixSet serviceRanges,
            PrefixSet podRanges,
            PrefixSet nodeAddresses,
            ServiceRules rules,
            AddressTable peers,
            BackendTable states,
            AffinityTable affinity,
            List<String> conflicts) {
        this.addresses = addresses;
        this.services = services;
        this.serviceCount = serviceCount;
        this.addressesSlot = addressesSlot;
        this.serviceRanges = serviceRanges;
        this.podRanges = podRanges;
        this.nodeAddresses = nodeAddresses;
        masqueradeAll = rules.masqueradeAll();
        directServerReturn = rules.directServerReturn();
        this.peers = peers;
        this.states = states;
        this.affinity = affinity;
        this.conflicts = conflicts;
    }

    /** A value for {@link #service} and {@link AddressTable#kind}, or {@link AddressTable#MISSING}. */
    int find(long high, long low, int port, int protocol) {
        return addresses.find(high, low, port, protocol);
    }

    /** The same for a packet that another node sent on as it was, if its destination is a node port of that node. */
    int findOfPeer(long high, long low, int port, int protocol) {
        if (peers.find(high, low, ANY, ANY) == AddressTable.MISSING) {
            return AddressTable.MISSING;
        }
        final IpAddress any = IpAddress.isIpv4(high, low) ? IpAddress.ANY_V4 : IpAddress.ANY_V6;
        return addresses.find(any.high(), any.low(), port, protocol);
    }

    boolean isDirectServerReturn() {
        return directServerReturn;
    }

    /** The address is some Service's cluster IP. */
    boolean isClusterIp(long high, long low) {
        return addresses.find(high, low, ANY, ANY) != AddressTable.MISSING;
    }

    VirtualService service(int value) {
        final VirtualService service = services[AddressTable.service(value)];
        if (service == null) {
            throw new AssertionError("the address table names a Service that is not there");
        }
        return service;
    }

    boolean isServiceRange(long high, long low) {
        return serviceRanges.contains(high, low);
    }

    boolean isPod(long high, long low) {
        return podRanges.contains(high, low);
    }

    /** The sender is no pod; false when no pod range of its family is known, for then nobody can tell. */
    boolean isKnownStranger(long high, long low) {
        return podRanges.hasFamilyOf(high, low) && !podRanges.contains(high, low);
    }

    boolean isNode(long high, long low) {
        return nodeAddresses.contains(high, low);
    }

    boolean isMasqueradeAll() {
        return masqueradeAll;
    }

    /** Changes when a virtual address comes or goes. */
    int addressesSlot() {
        return addressesSlot;
    }

    BackendTable states() {
        return states;
    }

    AffinityTable affinity() {
        return affinity;
    }

    /** Service ports. */
    public int size() {
        return serviceCount;
    }

    /** Addresses that two Services claim, one sentence each. */
    public List<String> conflicts() {
        return conflicts;
    }

    /** All Service ports with their backends and counters as they are now, sorted by name: for people and metrics. */
    public List<ServiceStatus> statuses() {
        final List<ServiceStatus> statuses = new ArrayList<>(serviceCount);
        for (final VirtualService service : services) {
            if (service != null) {
                statuses.add(ServiceStatus.of(service, states));
            }
        }
        statuses.sort((a, b) -> a.key().compareTo(b.key()));
        return statuses;
    }

    /** The Service port behind a virtual address, or null. */
    public @Nullable ServiceKey serviceAt(IpAddress address, int port, int protocol) {
        final int value = addresses.find(address.high(), address.low(), port, protocol);
        return value == AddressTable.MISSING ? null : service(value).spec().key();
    }
}
