package io.weir.agent.ipam;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Gives out the addresses of a node's pod ranges. An address that no pod ever had comes first, in the order of the range;
 * then the one that has been free the longest, and none before it has rested for a minute: until then caches, connection
 * tables and resolvers elsewhere may still take it for the pod that had it.
 *
 * <p>A plain value that changes: whoever shares it guards it, whoever restarts gives back {@link #freed()}.
 */
public final class AddressPool {
    /** How long an address is left alone after its use. */
    public static final long REST_MS = 60_000;

    private final Map<IpAddress, Lease> owners = new HashMap<>();

    /** When each address was freed, the one that was freed first in front. */
    private final LinkedHashMap<IpAddress, Long> freed = new LinkedHashMap<>();

    private List<IpPrefix> prefixes = List.of();
    private List<AddressRange> ranges = List.of();

    /** For each range: below this index no address is new. */
    private int[] newFrom = {};

    /** @param freedMs when the one before gave the address back; null when nobody had it */
    private record Lease(String owner, @Nullable Long freedMs) {}

    /** Takes up the freed addresses of an earlier run, the one that was freed first in front. */
    public void restore(SequencedMap<IpAddress, Long> earlier) {
        earlier.forEach((address, freedMs) -> {
            if (!owners.containsKey(address)) {
                freed.put(address, freedMs);
            }
        });
    }

    /** Gives out of these ranges from now on; addresses of others stay with those who have them. */
    public void ranges(List<IpPrefix> wanted) {
        if (!wanted.equals(prefixes)) {
            prefixes = List.copyOf(wanted);
            ranges = prefixes.stream().map(AddressRange::of).toList();
            newFrom = new int[ranges.size()];
            freed.keySet().removeIf(address -> ranges.stream().noneMatch(range -> range.isUsable(address)));
        }
    }

    public List<IpPrefix> ranges() {
        return prefixes;
    }

    /** Whether there is a range of this family. */
    public boolean has(boolean ipv6) {
        return prefixes.stream().anyMatch(range -> range.isIpv4() != ipv6);
    }

    /**
     * Gives an address.
     *
     * @param owner   who gets it, for messages
     * @param isTaken addresses that somebody has whom this pool did not give them to
     * @throws NoAddressException when none is free
     */
    public IpAddress take(boolean ipv6, String owner, long nowMs, Predicate<IpAddress> isTaken)
            throws NoAddressException {
        IpAddress address = unused(ipv6, isTaken);
        if (address == null) {
            address = rested(ipv6, nowMs, isTaken);
        }
        lease(address, owner);
        return address;
    }

    private @Nullable IpAddress unused(boolean ipv6, Predicate<IpAddress> isTaken) {
        for (int i = 0; i < ranges.size(); i++) {
            final AddressRange range = ranges.get(i);
            if (range.prefix().isIpv4() == ipv6) {
                continue;
            }
            for (int index = newFrom[i]; index < range.count(); index++) {
                final IpAddress candidate = range.at(index);
                if (!owners.containsKey(candidate) && !freed.containsKey(candidate)) {
                    if (!isTaken.test(candidate)) {
                        return candidate;
                    }
                } else if (index == newFrom[i]) {
                    newFrom[i]++; // it was given once, so it is never new again
                }
            }
        }
        return null;
    }

    private IpAddress rested(boolean ipv6, long nowMs, Predicate<IpAddress> isTaken) throws NoAddressException {
        int resting = 0;
        for (final Map.Entry<IpAddress, Long> each : freed.entrySet()) {
            final IpAddress candidate = each.getKey();
            if (candidate.isIpv6() != ipv6 || isTaken.test(candidate)) {
                continue;
            }
            final long sinceMs = nowMs - each.getValue();
            if (sinceMs >= REST_MS) {
                return candidate;
            }
            resting++;
        }
        throw new NoAddressException(exhausted(ipv6, resting));
    }

    private String exhausted(boolean ipv6, int resting) {
        final String family = ipv6 ? "IPv6" : "IPv4";
        final List<IpPrefix> own =
                prefixes.stream().filter(range -> range.isIpv4() != ipv6).toList();
        if (own.isEmpty()) {
            return "this node has no " + family + " range for pods; see podCidrs and the Node's spec.podCIDRs";
        }
        final long inUse =
                owners.keySet().stream().filter(each -> each.isIpv6() == ipv6).count();
        return "no " + family + " address is free in " + own + ": " + inUse + " are in use, " + resting
                + " rest for a minute after their use";
    }

    /**
     * Gives the address that somebody asks for by name; he need not wait until it has rested.
     *
     * @throws NoAddressException when it is outside of the ranges, reserved, or somebody has it
     */
    public void take(IpAddress wanted, String owner, Predicate<IpAddress> isTaken) throws NoAddressException {
        if (ranges.stream().noneMatch(range -> range.isUsable(wanted))) {
            throw new NoAddressException(
                    wanted + " is no address for a pod of this node, whose ranges are " + prefixes);
        }
        final Lease holder = owners.get(wanted);
        if (holder != null || isTaken.test(wanted)) {
            throw new NoAddressException(wanted + " is in use by " + (holder == null ? "another pod" : holder.owner));
        }
        lease(wanted, owner);
    }

    private void lease(IpAddress address, String owner) {
        owners.put(address, new Lease(owner, freed.remove(address)));
    }

    /** An address that somebody has from an earlier run, whatever the ranges say today. */
    public void keep(IpAddress address, String owner) {
        lease(address, owner);
    }

    /** Takes an address back. */
    public void free(IpAddress address, long nowMs) {
        if (owners.remove(address) != null && ranges.stream().anyMatch(range -> range.isUsable(address))) {
            freed.put(address, nowMs);
        }
    }

    /** Takes an address back that was not used: all is as if it had not been given. */
    public void giveBack(IpAddress address) {
        final Lease lease = owners.remove(address);
        if (lease != null && lease.freedMs != null) {
            freed.putFirst(address, lease.freedMs);
        } else if (lease != null) {
            Arrays.fill(newFrom, 0); // it is new again
        }
    }

    /** Addresses in use. */
    public Set<IpAddress> inUse() {
        return Collections.unmodifiableSet(owners.keySet());
    }

    /** When each free address that was in use was freed, in ms since 1970; the one that was freed first in front. */
    public SequencedMap<IpAddress, Long> freed() {
        final SequencedMap<IpAddress, Long> copy = new LinkedHashMap<>(freed);
        return Collections.unmodifiableSequencedMap(copy);
    }

    /** Addresses that could be given out of all ranges of this family together. */
    public int capacity(boolean ipv6) {
        final List<AddressRange> own = new ArrayList<>(ranges);
        own.removeIf(range -> range.prefix().isIpv4() == ipv6);
        return own.stream().mapToInt(AddressRange::count).sum();
    }
}
