package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;

/**
 * A unicast route of the kernel, to be set or as listed.
 *
 * @param destination     where it leads
 * @param gateway         the next hop, or null where the destination is on the link
 * @param interfaceIndex  the interface it leaves by
 * @param onlink          whether the gateway is taken to be on the link although no route says so
 * @param preferredSource the source address for the node's own packets, or null
 * @param table           the routing table, {@link #MAIN_TABLE} usually
 * @param protocol        who set it, {@link #WEIR} for ours
 * @param metric          the lower wins; 0 lets the kernel choose (0 for IPv4, 1024 for IPv6)
 * @param mtu             the longest packet on the path, or 0 for the interface's
 */
public record KernelRoute(
        IpPrefix destination,
        @Nullable IpAddress gateway,
        int interfaceIndex,
        boolean onlink,
        @Nullable IpAddress preferredSource,
        int table,
        int protocol,
        int metric,
        int mtu) {
    /** The table that the kernel looks at for everything that is not local. */
    public static final int MAIN_TABLE = 254;

    /** The protocol number that marks routes as weir's own (rtnetlink(7): 5 to 255 are free to use). */
    public static final int WEIR = 87;

    /** A route of weir's in the main table to a network on the link. */
    public static KernelRoute to(IpPrefix destination, int interfaceIndex) {
        return new KernelRoute(destination, null, interfaceIndex, false, null, MAIN_TABLE, WEIR, 0, 0);
    }

    /** The same by way of a gateway. */
    public KernelRoute via(IpAddress gateway) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, onlink, preferredSource, table, protocol, metric, mtu);
    }

    /** The same by way of a gateway that no other route leads to. */
    public KernelRoute viaOnlink(IpAddress gateway) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, true, preferredSource, table, protocol, metric, mtu);
    }

    /** The same with a source address for the node's own packets. */
    public KernelRoute from(IpAddress preferredSource) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, onlink, preferredSource, table, protocol, metric, mtu);
    }

    /** The same in another table. */
    public KernelRoute table(int table) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, onlink, preferredSource, table, protocol, metric, mtu);
    }

    /** The same with another metric. */
    public KernelRoute metric(int metric) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, onlink, preferredSource, table, protocol, metric, mtu);
    }

    /** The same with the length of the longest packet on the path. */
    public KernelRoute mtu(int mtu) {
        return new KernelRoute(
                destination, gateway, interfaceIndex, onlink, preferredSource, table, protocol, metric, mtu);
    }
}
