package io.weir.agent.node;

import io.weir.dataplane.wire.IpAddress;

/** The next hops that every pod sees: on no network, the same on every node, always weir (field-facts: 169.254.1.1, fe80::1). */
public final class PodGateways {
    public static final IpAddress IPV4 = IpAddress.parse("169.254.1.1");
    public static final IpAddress IPV6 = IpAddress.parse("fe80::1");

    private PodGateways() {}

    /** Of the family of an address. */
    public static IpAddress of(IpAddress address) {
        return address.isIpv4() ? IPV4 : IPV6;
    }
}
