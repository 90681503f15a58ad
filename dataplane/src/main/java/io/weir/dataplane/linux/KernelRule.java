package io.weir.dataplane.linux;

import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * A routing rule: which table is asked for a packet (ip-rule(8)).
 *
 * @param ipv6            the family
 * @param priority        rules with smaller numbers are asked first
 * @param table           that is looked into
 * @param origin          who made it, as for routes: see {@link KernelRoute#WEIR}; 0 says nothing
 * @param isLocalOutput   only for packets that this host sends
 * @param destination     only for this destination; null for all
 * @param protocol        only for this IP protocol; 0 for all
 * @param destinationPort only for this port; 0 for all
 */
public record KernelRule(
        boolean ipv6,
        int priority,
        int table,
        int origin,
        boolean isLocalOutput,
        @Nullable IpAddress destination,
        int protocol,
        int destinationPort) {
    /** The table of the host's own addresses. */
    public static final int LOCAL_TABLE = 255;

    /** All packets of a family. */
    public static KernelRule all(boolean ipv6, int priority, int table, int origin) {
        return new KernelRule(ipv6, priority, table, origin, false, null, 0, 0);
    }
}
