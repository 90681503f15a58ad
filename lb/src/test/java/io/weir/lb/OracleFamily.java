package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Arrays;
import java.util.List;

/** One plan of addresses in both families: {@code 10.180.1.2} is {@code fd00:10:180:1::2} in IPv6. */
enum OracleFamily {
    IPV4,
    IPV6;

    /** Canonical text of a planned address. */
    String at(String planned) {
        if (this == IPV4) {
            return planned;
        }
        final String[] parts = planned.split("\\.", -1);
        return IpAddress.parse("fd00:" + parts[0] + ":" + parts[1] + ":" + parts[2] + "::" + parts[3])
                .toString();
    }

    /** Planned prefixes of 16, 24 or, within the last number, more bits. */
    List<IpPrefix> prefixes(String... planned) {
        return Arrays.stream(planned)
                .map(text -> {
                    final int slash = text.indexOf('/');
                    final int length = Integer.parseInt(text.substring(slash + 1));
                    final int longer = length <= 24 ? 16 + 2 * length : 96 + length;
                    return IpPrefix.parse(at(text.substring(0, slash)) + "/" + (this == IPV4 ? length : longer));
                })
                .toList();
    }

    /** nftables' word for the family and for its header. */
    String nft() {
        return this == IPV4 ? "ip" : "ip6";
    }

    /** The address that the router has on its backends' side: what it masquerades behind. */
    IpAddress routerAddress() {
        return IpAddress.parse(at("10.99.0.2"));
    }
}
