package io.weir.agent.ipam;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;

/**
 * The addresses of a pod range that pods may have. The network's own address stays free, because flannel's tunnel end has it
 * (and in IPv6 every router, RFC 4291 section 2.6.1), the next one because flannel writes it into {@code subnet.env} as
 * the gateway, and in IPv4 the last one, the broadcast address. Ranges too small for that (/31, /32, /127, /128) are used
 * whole.
 *
 * @param prefix the range
 * @param first  offset of the first usable address
 * @param count  how many are usable from there on; none in a /30 but the one, at most {@link #MOST}
 */
record AddressRange(IpPrefix prefix, int first, int count) {
    /** Of larger ranges the first addresses are used: a node has no more pods than these. */
    static final int MOST = 1 << 16;

    private static final int RESERVED_BELOW = 2;

    static AddressRange of(IpPrefix prefix) {
        final int hostBits = prefix.address().bitLength() - prefix.length();
        if (hostBits <= 1) {
            return new AddressRange(prefix, 0, 1 << hostBits);
        }
        final int reserved = RESERVED_BELOW + (prefix.isIpv4() ? 1 : 0);
        final int all = hostBits > 16 ? MOST + reserved : 1 << hostBits;
        return new AddressRange(prefix, RESERVED_BELOW, Math.min(all - reserved, MOST));
    }

    IpAddress at(int index) {
        return prefix.address().plus(first + index);
    }

    /** Whether a pod may have this address; also one beyond those that are given out unasked. */
    boolean isUsable(IpAddress address) {
        if (!prefix.contains(address)) {
            return false;
        }
        for (int i = 0; i < first; i++) {
            if (address.equals(prefix.address().plus(i))) {
                return false;
            }
        }
        return first == 0 || !prefix.isIpv4() || prefix.contains(address.plus(1));
    }
}
