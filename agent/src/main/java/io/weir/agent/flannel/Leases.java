package io.weir.agent.flannel;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The leases of all nodes at one moment, this node's own too, by {@link SubnetLease#key}. Immutable.
 *
 * @param byKey sorted, so that what is made of it comes out in the same order
 */
public record Leases(SortedMap<String, SubnetLease> byKey) {
    public static final Leases NONE = new Leases(new TreeMap<>());

    public Leases {
        byKey = Collections.unmodifiableSortedMap(new TreeMap<>(byKey));
    }

    public static Leases of(Collection<SubnetLease> leases) {
        final SortedMap<String, SubnetLease> map = new TreeMap<>();
        for (final SubnetLease lease : leases) {
            map.put(lease.key(), lease);
        }
        return new Leases(map);
    }

    public Leases with(SubnetLease lease) {
        final SortedMap<String, SubnetLease> map = new TreeMap<>(byKey);
        map.put(lease.key(), lease);
        return new Leases(map);
    }

    public Leases without(String key) {
        final SortedMap<String, SubnetLease> map = new TreeMap<>(byKey);
        map.remove(key);
        return new Leases(map);
    }

    public Collection<SubnetLease> all() {
        return byKey.values();
    }
}
