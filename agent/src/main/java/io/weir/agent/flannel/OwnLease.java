package io.weir.agent.flannel;

import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;

/** Whether this node's subnet is still its own. */
final class OwnLease {
    private OwnLease() {}

    /** What is wrong, or null. */
    static @Nullable String conflict(SubnetLease own, Leases leases) {
        for (final SubnetLease lease : leases.all()) {
            if (!lease.attributes().isFrom(own.attributes()) && isOverlapping(own, lease)) {
                return takenBy(own, lease);
            }
        }
        return null;
    }

    private static boolean isOverlapping(SubnetLease own, SubnetLease other) {
        final IpPrefix subnet = own.subnet();
        final IpPrefix ipv6Subnet = own.ipv6Subnet();
        return (subnet != null && other.overlaps(subnet)) || (ipv6Subnet != null && other.overlaps(ipv6Subnet));
    }

    static String takenBy(SubnetLease own, SubnetLease other) {
        return "subnet " + own.key() + " of this node was taken by the node "
                + (other.attributes().publicIp() != null
                        ? other.attributes().publicIp()
                        : other.attributes().publicIpv6())
                + " (lease " + other.key() + "): pods of both nodes have the same addresses now;"
                + " drain this node, delete its subnet.env and start it again";
    }
}
