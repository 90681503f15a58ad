package io.weir.agent.flannel;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import org.jspecify.annotations.Nullable;

/**
 * The subnets that nodes may get of one family's network.
 *
 * @param network the pods' network
 * @param length  prefix length of a node's subnet
 * @param min     first address of the first subnet
 * @param max     first address of the last subnet
 */
public record SubnetRange(IpPrefix network, int length, IpAddress min, IpAddress max) {
    /**
     * Completes and checks what net-conf.json says, as flannel does for etcd: a node's subnet is a /24 (IPv6: /64) or a
     * quarter of the network, whichever is longer, and the first subnet is left out.
     *
     * @param length 0 when not given
     * @throws FlannelException with flannel's rule that is broken
     */
    static SubnetRange of(
            IpPrefix network, int length, @Nullable IpAddress min, @Nullable IpAddress max, String prefixOfNames) {
        final boolean ipv4 = network.isIpv4();
        final int longest = ipv4 ? 30 : 126;
        final int usual = ipv4 ? 24 : 64;
        final int subnetLength = length != 0 ? length : Math.max(usual, network.length() + 2);
        if (subnetLength > longest) {
            throw new FlannelException(prefixOfNames + "SubnetLen would be " + subnetLength + "; write at most "
                    + longest + (length == 0 ? ", and a larger network than " + network : ""));
        }
        if (subnetLength < network.length() + 2) {
            throw new FlannelException(prefixOfNames + "SubnetLen is " + subnetLength + ", and " + network
                    + " has to hold at least four subnets; write at least " + (network.length() + 2));
        }
        final IpAddress first = min != null ? min : step(network.address(), subnetLength, 1);
        final IpAddress last = max != null ? max : new IpPrefix(lastAddress(network), subnetLength).address();
        check(network, subnetLength, first, prefixOfNames + "SubnetMin");
        check(network, subnetLength, last, prefixOfNames + "SubnetMax");
        if (first.compareTo(last) > 0) {
            throw new FlannelException(prefixOfNames + "SubnetMin " + first + " lies behind SubnetMax " + last);
        }
        return new SubnetRange(network, subnetLength, first, last);
    }

    private static void check(IpPrefix network, int length, IpAddress address, String name) {
        if (!network.contains(address)) {
            throw new FlannelException(name + " is " + address + ", outside of " + network);
        }
        if (!new IpPrefix(address, length).address().equals(address)) {
            throw new FlannelException(name + " is " + address + ", which is no start of a /" + length);
        }
    }

    /** The start of the subnet {@code count} places on. */
    static IpAddress step(IpAddress address, int length, int count) {
        final int hostBits = address.bitLength() - length;
        if (hostBits < 63) {
            return address.plus((long) count << hostBits);
        }
        return new IpAddress(address.high() + ((long) count << (hostBits - 64)), address.low());
    }

    private static IpAddress lastAddress(IpPrefix network) {
        final int bits = network.mappedLength();
        final long high = bits >= 64 ? 0 : -1L >>> bits;
        final long low = bits == 128 ? 0 : bits <= 64 ? -1L : -1L >>> (bits - 64);
        return new IpAddress(network.address().high() | high, network.address().low() | low);
    }

    /** Whether a node may keep this subnet. */
    boolean allows(IpPrefix subnet) {
        return subnet.length() == length
                && subnet.isIpv4() == network.isIpv4()
                && subnet.address().compareTo(min) >= 0
                && subnet.address().compareTo(max) <= 0;
    }
}
