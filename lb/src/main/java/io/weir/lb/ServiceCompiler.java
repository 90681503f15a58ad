package io.weir.lb;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.collections.IntArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Turns {@link ServicesSpec} into {@link ServiceTable}, and works only on what differs from the last one. Conductor thread
 * only.
 *
 * <p>Version slots: one for each Service port (new connections fare differently), one for each backend (it goes), one for
 * all virtual addresses together (one comes or goes). A backend that leaves its Service port is gone at once, before the
 * table without it is published: a worker that still has the old table may choose it once more, and the connection is then
 * decided again with its next packet. When the whole Service port leaves, connections other than UDP live on, as they do
 * under kube-proxy.
 */
public final class ServiceCompiler {
    private static final Comparator<BackendSpec> BY_PLACE =
            Comparator.comparing(BackendSpec::address).thenComparingInt(BackendSpec::port);

    private final VersionSlots slots;
    private final BackendTable states;
    private final AffinityTable affinity;
    private final int addressesSlot;
    private final Map<ServiceKey, VirtualService> byKey = new HashMap<>();
    private final IntArrayList freeIndexes = new IntArrayList();
    private int nextIndex;
    private ServicesSpec current = ServicesSpec.EMPTY;
    private ServiceRules rules = ServiceRules.NONE;
    private AddressClaims addresses = AddressClaims.settle(List.of());
    private AddressTable peers = peers(ServiceRules.NONE);
    private @Nullable VirtualService[] services = new VirtualService[0];
    private List<VirtualAddress> appearedUdp = List.of();
    private boolean isFirst = true;

    /** @param slots must have room for a slot for each Service port and each backend */
    public ServiceCompiler(VersionSlots slots, BackendTable states, AffinityTable affinity) {
        this.slots = slots;
        this.states = states;
        this.affinity = affinity;
        addressesSlot = slots.allocate();
    }

    /**
     * The table for a spec. What has to be decided again because of it goes into {@code changes}.
     *
     * @throws IllegalArgumentException when a key occurs twice; nothing has changed then
     * @throws IllegalStateException when there are more backends than {@link BackendTable} holds; nothing has changed then
     */
    public ServiceTable compile(ServicesSpec spec, Changes changes) {
        final boolean rulesChanged = !rules.equals(spec.rules());
        final List<ServiceSpec> inPlace = changedInPlace(spec);
        final List<ServiceSpec> changed;
        boolean addressesDiffer = false;
        if (inPlace != null) {
            changed = inPlace;
        } else {
            final Set<ServiceKey> wanted = keys(spec);
            changed = changedAndNew(spec);
            addressesDiffer = removeMissing(wanted, changes);
        }
        current = spec;
        addressesDiffer |= differInAddresses(changed);
        for (final ServiceSpec service : changed) {
            releaseMissingBackends(service, changes);
        }
        appearedUdp = isFirst ? List.of() : newUdpAddresses(changed);
        isFirst = false;
        if (!rules.peerAddresses().equals(spec.rules().peerAddresses())) {
            peers = peers(spec.rules());
        }
        rules = spec.rules();
        services = Arrays.copyOf(services, services.length);
        for (final ServiceSpec service : changed) {
            final VirtualService previous = byKey.get(service.key());
            if (previous != null) {
                changes.touch(previous.versionSlot());
            }
            install(build(service, previous, changes));
        }
        if (addressesDiffer) {
            addresses = AddressClaims.settle(byKey.values());
        }
        if (addressesDiffer || rulesChanged) {
            changes.touch(addressesSlot);
        }
        return table();
    }

    /**
     * Virtual addresses for UDP that the last compile brought. A client that was faster than its Service may have a flow to
     * such an address without translation, and its packets would keep it alive for ever: whoever owns the connections ends
     * those when the new table is in use. Empty after the first compile, because no flow is older than that.
     */
    public List<VirtualAddress> appearedUdp() {
        return appearedUdp;
    }

    private List<VirtualAddress> newUdpAddresses(List<ServiceSpec> changed) {
        final List<VirtualAddress> appeared = new ArrayList<>();
        for (final ServiceSpec service : changed) {
            final VirtualService previous = byKey.get(service.key());
            if (service.protocol() == PacketParser.PROTOCOL_UDP) {
                for (final VirtualAddress address : service.addresses()) {
                    if (previous == null
                            || previous.spec().protocol() != service.protocol()
                            || !previous.spec().addresses().contains(address)) {
                        appeared.add(address);
                    }
                }
            }
        }
        return List.copyOf(appeared);
    }

    private static AddressTable peers(ServiceRules rules) {
        final AddressTable peers = new AddressTable(rules.peerAddresses().size());
        rules.peerAddresses().forEach(address -> peers.put(address, ServiceTable.ANY, ServiceTable.ANY, 0));
        return peers;
    }

    private ServiceTable table() {
        final List<IpPrefix> nodes =
                rules.nodeAddresses().stream().map(IpPrefix::host).toList();
        return new ServiceTable(
                addresses.table(),
                services,
                byKey.size(),
                addressesSlot,
                new PrefixSet(rules.serviceRanges()),
                new PrefixSet(rules.podRanges()),
                new PrefixSet(nodes),
                rules,
                peers,
                states,
                affinity,
                addresses.conflicts());
    }

    /**
     * What differs when the same Services stand in the same places, as they do after an endpoint's change: found without a
     * look at the others. Null when that is not so, or when a rule changed that all Services are compiled with.
     */
    @SuppressWarnings("ReferenceEquality")
    private @Nullable List<ServiceSpec> changedInPlace(ServicesSpec spec) {
        final List<ServiceSpec> before = current.services();
        final List<ServiceSpec> after = spec.services();
        if (before.size() != after.size()
                || !rules.primaryAddresses().equals(spec.rules().primaryAddresses())) {
            return null;
        }
        final List<ServiceSpec> changed = new ArrayList<>();
        long added = 0;
        for (int i = 0; i < after.size(); i++) {
            final ServiceSpec old = before.get(i);
            final ServiceSpec young = after.get(i);
            if (old == young) {
                continue;
            }
            if (!old.key().equals(young.key())) {
                return null;
            }
            if (!old.equals(young)) {
                added += young.backends().size() - old.backends().size();
                changed.add(young);
            }
        }
        checkRoom(states.inUse() + added);
        return changed;
    }

    private void checkRoom(long backends) {
        if (backends > states.capacity()) {
            throw new IllegalStateException(
                    backends + " backends are more than the " + states.capacity() + " that there is room for");
        }
    }

    /** Refuses what cannot be served before anything has changed. */
    private Set<ServiceKey> keys(ServicesSpec spec) {
        final Set<ServiceKey> keys = HashSet.newHashSet(spec.services().size());
        long backends = 0;
        for (final ServiceSpec service : spec.services()) {
            backends += service.backends().size();
            if (!keys.add(service.key())) {
                throw new IllegalArgumentException(service.key() + " occurs twice");
            }
        }
        checkRoom(backends);
        return keys;
    }

    private List<ServiceSpec> changedAndNew(ServicesSpec spec) {
        // Source ranges depend on the node's main address.
        final boolean all = !rules.primaryAddresses().equals(spec.rules().primaryAddresses());
        final List<ServiceSpec> changed = new ArrayList<>();
        for (final ServiceSpec service : spec.services()) {
            final VirtualService previous = byKey.get(service.key());
            if (all || previous == null || !previous.spec().equals(service)) {
                changed.add(service);
            }
        }
        return changed;
    }

    private boolean differInAddresses(List<ServiceSpec> changed) {
        for (final ServiceSpec service : changed) {
            final VirtualService previous = byKey.get(service.key());
            if (previous == null
                    || previous.spec().protocol() != service.protocol()
                    || previous.spec().externalPolicy() != service.externalPolicy()
                    || !previous.spec().addresses().equals(service.addresses())) {
                return true;
            }
        }
        return false;
    }

    /** Takes away the Service ports that the spec has no more; returns whether there was one. */
    private boolean removeMissing(Set<ServiceKey> wanted, Changes changes) {
        if (wanted.containsAll(byKey.keySet())) {
            return false;
        }
        services = Arrays.copyOf(services, services.length);
        final Iterator<VirtualService> each = byKey.values().iterator();
        while (each.hasNext()) {
            final VirtualService service = each.next();
            if (!wanted.contains(service.spec().key())) {
                final boolean gone = service.spec().protocol() == PacketParser.PROTOCOL_UDP;
                for (final Backend backend : service.backends()) {
                    states.release(backend.id(), gone);
                    changes.release(backend.versionSlot());
                }
                changes.release(service.versionSlot());
                services[service.index()] = null;
                freeIndexes.addInt(service.index());
                each.remove();
            }
        }
        return true;
    }

    private void releaseMissingBackends(ServiceSpec service, Changes changes) {
        final VirtualService previous = byKey.get(service.key());
        if (previous == null) {
            return;
        }
        final Set<ServiceSpec.Place> wanted =
                HashSet.newHashSet(service.backends().size());
        for (final BackendSpec backend : service.backends()) {
            wanted.add(new ServiceSpec.Place(backend.address(), backend.port()));
        }
        for (final Backend backend : previous.backends()) {
            if (!wanted.contains(place(backend)) || previous.spec().protocol() != service.protocol()) {
                states.release(backend.id(), true);
                changes.release(backend.versionSlot());
            }
        }
    }

    private static ServiceSpec.Place place(Backend backend) {
        return new ServiceSpec.Place(backend.spec().address(), backend.spec().port());
    }

    private VirtualService build(ServiceSpec spec, @Nullable VirtualService previous, Changes changes) {
        final Backend[] backends = backends(spec, previous, changes);
        boolean hasEndpoint = false;
        // topology hints are meant for one node: the others choose from other backends
        boolean choosesAlike = BackendGroup.isHashed(spec.scheduler());
        for (final Backend backend : backends) {
            hasEndpoint |= backend.spec().weight() > 0
                    && (backend.spec().cluster() || backend.spec().local());
            choosesAlike &= backend.spec().cluster() || backend.spec().state() != EndpointState.READY;
        }
        final boolean internalLocal = spec.internalPolicy() == TrafficPolicy.LOCAL;
        final boolean external = spec.isExternal();
        final boolean externalLocal = spec.externalPolicy() == TrafficPolicy.LOCAL;
        // External traffic needs the cluster's endpoints even under policy Local: pods and the node itself use them.
        final boolean usesCluster = !internalLocal || external;
        final boolean usesLocal = internalLocal || (externalLocal && external);
        final int index = previous != null
                ? previous.index()
                : freeIndexes.isEmpty() ? nextIndex++ : freeIndexes.removeAt(freeIndexes.size() - 1);
        return new VirtualService(
                index,
                previous != null ? previous.versionSlot() : slots.allocate(),
                spec,
                group(spec, backends, usesCluster, false, previous == null ? BackendGroup.EMPTY : previous.cluster()),
                group(spec, backends, usesLocal, true, previous == null ? BackendGroup.EMPTY : previous.local()),
                hasEndpoint,
                internalLocal,
                externalLocal,
                choosesAlike,
                spec.affinityTimeoutNs(),
                sourceRanges(spec),
                List.of(backends));
    }

    /** The spec's backends in order, with the ids that they had. */
    private Backend[] backends(ServiceSpec spec, @Nullable VirtualService previous, Changes changes) {
        final BackendSpec[] sorted = spec.backends().toArray(new BackendSpec[0]);
        Arrays.sort(sorted, BY_PLACE);
        final List<Backend> known =
                previous == null || previous.spec().protocol() != spec.protocol() ? List.of() : previous.backends();
        final Backend[] backends = new Backend[sorted.length];
        int at = 0;
        for (int i = 0; i < sorted.length; i++) {
            while (at < known.size() && BY_PLACE.compare(known.get(at).spec(), sorted[i]) < 0) {
                at++;
            }
            if (at < known.size() && BY_PLACE.compare(known.get(at).spec(), sorted[i]) == 0) {
                final Backend same = known.get(at);
                backends[i] =
                        same.spec().equals(sorted[i]) ? same : new Backend(same.id(), same.versionSlot(), sorted[i]);
                if (same.spec().place() != sorted[i].place()) {
                    states.place(same.id(), sorted[i]);
                    changes.touch(same.versionSlot());
                }
            } else {
                final int slot = slots.allocate();
                backends[i] = new Backend(states.allocate(slot), slot, sorted[i]);
                states.place(backends[i].id(), sorted[i]);
            }
        }
        return backends;
    }

    private static BackendGroup group(
            ServiceSpec spec, Backend[] backends, boolean isUsed, boolean isLocal, BackendGroup previous) {
        if (!isUsed) {
            return BackendGroup.EMPTY;
        }
        final List<Backend> chosen = new ArrayList<>(backends.length);
        for (final Backend backend : backends) {
            if (backend.spec().weight() > 0
                    && (isLocal ? backend.spec().local() : backend.spec().cluster())) {
                chosen.add(backend);
            }
        }
        return BackendGroup.of(chosen.toArray(new Backend[0]), spec.scheduler(), spec.tableSize(), previous);
    }

    /**
     * Where a source range lets this node in, the load balancer's addresses are let in, too: a node that holds such an
     * address locally sends from it.
     */
    private PrefixSet sourceRanges(ServiceSpec spec) {
        if (spec.sourceRanges().isEmpty()) {
            return PrefixSet.EMPTY;
        }
        final List<IpPrefix> ranges = new ArrayList<>(spec.sourceRanges());
        final boolean nodeIsIn = rules.primaryAddresses().stream()
                .anyMatch(node -> spec.sourceRanges().stream().anyMatch(range -> range.contains(node)));
        if (nodeIsIn) {
            for (final VirtualAddress address : spec.addresses()) {
                if (address.kind() == AddressKind.LOAD_BALANCER) {
                    ranges.add(IpPrefix.host(address.address()));
                }
            }
        }
        return new PrefixSet(ranges);
    }

    private void install(VirtualService service) {
        if (service.index() >= services.length) {
            services = Arrays.copyOf(services, Math.max(64, service.index() * 2));
        }
        services[service.index()] = service;
        byKey.put(service.spec().key(), service);
    }
}
