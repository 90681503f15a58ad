package io.weir.agent.flannel;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A node's subnets and what it says of itself.
 *
 * @param subnet     IPv4 range of the node's pods; null when it has none
 * @param ipv6Subnet IPv6 range of the node's pods; null when it has none
 * @param attributes the node's addresses and backend
 */
public record SubnetLease(
        @Nullable IpPrefix subnet, @Nullable IpPrefix ipv6Subnet, LeaseAttributes attributes) {
    private static final Pattern KEY = Pattern.compile("(\\d+\\.\\d+\\.\\d+\\.\\d+)-(\\d+)(?:&([0-9a-f:]+)-(\\d+))?$");

    public SubnetLease {
        if (subnet == null && ipv6Subnet == null) {
            throw new FlannelException("a lease without a subnet");
        }
        if ((subnet != null && !subnet.isIpv4()) || (ipv6Subnet != null && ipv6Subnet.isIpv4())) {
            throw new FlannelException("a lease with a subnet of the wrong family: " + subnet + " " + ipv6Subnet);
        }
    }

    /** The last part of flannel's etcd key: {@code 10.5.52.0-24} or {@code 10.5.52.0-24&fd00:5:0:1::-64}. */
    public String key() {
        return keyOf(subnet, ipv6Subnet);
    }

    static String keyOf(@Nullable IpPrefix subnet, @Nullable IpPrefix ipv6Subnet) {
        final String first = subnet == null ? "" : subnet.address() + "-" + subnet.length();
        return ipv6Subnet == null ? first : first + "&" + ipv6Subnet.address() + "-" + ipv6Subnet.length();
    }

    /**
     * Reads a key and its value.
     *
     * @param key   an etcd key that ends with {@link #key}
     * @param value the key's value
     * @throws FlannelException when it is no lease
     */
    public static SubnetLease parse(String key, String value) {
        final Matcher matcher = KEY.matcher(key);
        if (!matcher.find()) {
            throw new FlannelException("etcd key " + key + " names no subnet");
        }
        try {
            final IpPrefix subnet = new IpPrefix(IpAddress.parse(matcher.group(1)), number(matcher.group(2)));
            final String ipv6 = matcher.group(3);
            return new SubnetLease(
                    subnet,
                    ipv6 == null ? null : new IpPrefix(IpAddress.parse(ipv6), number(matcher.group(4))),
                    LeaseAttributes.parse(value));
        } catch (final IllegalArgumentException e) {
            throw new FlannelException("etcd key " + key + " names no subnet: " + e.getMessage(), e);
        }
    }

    private static int number(String digits) {
        return digits.length() > 3 ? -1 : Integer.parseInt(digits);
    }

    /** Whether any address belongs to both. */
    boolean overlaps(IpPrefix other) {
        final IpPrefix own = other.isIpv4() ? subnet : ipv6Subnet;
        return own != null && (own.contains(other) || other.contains(own));
    }
}
