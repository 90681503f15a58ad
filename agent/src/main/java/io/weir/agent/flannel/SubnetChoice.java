package io.weir.agent.flannel;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;

/** Picks a free subnet as flannel does: a random one of the first hundred, so that nodes that start together rarely clash. */
final class SubnetChoice {
    private static final int CANDIDATES = 100;

    private SubnetChoice() {}

    /**
     * @throws FlannelException when none is free
     */
    static IpPrefix pick(SubnetRange range, Collection<SubnetLease> taken, RandomGenerator random) {
        final List<IpPrefix> free = new ArrayList<>();
        IpAddress start = range.min();
        while (start.compareTo(range.max()) <= 0 && range.network().contains(start) && free.size() < CANDIDATES) {
            final IpPrefix candidate = new IpPrefix(start, range.length());
            if (taken.stream().noneMatch(lease -> lease.overlaps(candidate))) {
                free.add(candidate);
            }
            start = SubnetRange.step(start, range.length(), 1);
        }
        if (free.isEmpty()) {
            throw new FlannelException("no /" + range.length() + " between " + range.min() + " and " + range.max()
                    + " is free; enlarge the network or remove leases of nodes that are gone");
        }
        return free.get(random.nextInt(free.size()));
    }
}
