package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.Identities.Identity;
import io.weir.policy.Subject.Endpoint;
import io.weir.policy.spec.PodSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pods of the cluster, and who owns which address. */
final class PodRegister {
    /** Of two pods that claim one address, the local one has it, or else the first by name. */
    private static final Comparator<Entry> CLAIM =
            Comparator.<Entry, Boolean>comparing(entry -> !entry.spec.local()).thenComparing(entry -> entry.spec.key());

    /** One pod. */
    static final class Entry {
        final PodSpec spec;
        final Identity identity;

        /** Set while the pod runs here. */
        @Nullable
        Endpoint endpoint;

        private Entry(PodSpec spec, Identity identity) {
            this.spec = spec;
            this.identity = identity;
        }

        private long value() {
            return AddressTable.value(identity.number, endpoint == null ? 0 : endpoint.number);
        }
    }

    /** A pod that came, went or changed; either end may be missing. */
    record Change(@Nullable Entry before, @Nullable Entry after) {}

    private final Identities identities;
    private final Map<String, Entry> pods = new HashMap<>();
    private final Map<IpAddress, List<Entry>> claims = new HashMap<>();
    private List<PodSpec> current = List.of();
    private @Nullable Map<IpAddress, Identity> identified;

    PodRegister(Identities identities) {
        this.identities = identities;
    }

    /** Follows the new list; the changes' entries have their identities, not yet their endpoints. */
    List<Change> update(List<PodSpec> next) {
        final ListDifference<PodSpec> difference = ListDifference.between(current, next);
        current = next;
        final List<Change> changes = new ArrayList<>();
        final Set<String> present = new HashSet<>();
        for (final PodSpec pod : difference.after()) {
            if (pod.addresses().isEmpty()) {
                continue;
            }
            present.add(pod.key());
            final Entry old = pods.get(pod.key());
            if (old == null || !old.spec.equals(pod)) {
                final Entry fresh = new Entry(pod, identities.acquire(pod));
                pods.put(pod.key(), fresh);
                changes.add(new Change(old, fresh));
            }
        }
        for (final PodSpec pod : difference.before()) {
            final Entry old = present.contains(pod.key()) ? null : pods.remove(pod.key());
            if (old != null) {
                changes.add(new Change(old, null));
            }
        }
        identified = changes.isEmpty() ? identified : null;
        for (final Change change : changes) {
            if (change.before != null) {
                identities.release(change.before.identity);
                change.before.spec.addresses().forEach(address -> withdraw(address, change.before));
            }
            if (change.after != null) {
                change.after.spec.addresses().forEach(address -> claim(address, change.after));
            }
        }
        return changes;
    }

    private void claim(IpAddress address, Entry entry) {
        final List<Entry> others = claims.get(address);
        if (others == null) {
            claims.put(address, List.of(entry));
        } else if (!others.contains(entry)) {
            final List<Entry> all = new ArrayList<>(others);
            all.add(entry);
            all.sort(CLAIM);
            claims.put(address, all);
        }
    }

    private void withdraw(IpAddress address, Entry entry) {
        claims.computeIfPresent(address, (key, claimants) -> {
            final List<Entry> others = new ArrayList<>(claimants);
            others.remove(entry);
            return others.isEmpty() ? null : others;
        });
    }

    /** The address table's value for a pod's address, or 0. */
    long value(IpAddress address) {
        final List<Entry> owners = claims.get(address);
        return owners == null ? 0 : owners.getFirst().value();
    }

    /** Who has which address; made when first asked after a change. */
    Map<IpAddress, Identity> identifiedAddresses() {
        if (identified == null) {
            final Map<IpAddress, Identity> fresh = HashMap.newHashMap(claims.size());
            claims.forEach((address, owners) -> fresh.put(address, owners.getFirst().identity));
            identified = fresh;
        }
        return identified;
    }

    static Set<IpAddress> addresses(Collection<Change> changes) {
        final Set<IpAddress> addresses = new HashSet<>();
        for (final Change change : changes) {
            if (change.before != null) {
                addresses.addAll(change.before.spec.addresses());
            }
            if (change.after != null) {
                addresses.addAll(change.after.spec.addresses());
            }
        }
        return addresses;
    }
}
