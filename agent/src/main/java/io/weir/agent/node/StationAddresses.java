package io.weir.agent.node;

import io.weir.dataplane.wire.MacAddress;
import java.nio.charset.StandardCharsets;

/** Ethernet addresses of the ports that weir makes: the same after every restart, so that nothing caches a stale one. */
public final class StationAddresses {
    /** What pods and the node send to: weir's own side of every port that it makes. Locally administered. */
    public static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");

    private StationAddresses() {}

    /** Of the far side of the port of this name: locally administered, unicast, 40 bits of a hash of the name. */
    public static MacAddress stationOf(String name) {
        long hash = 0xCBF2_9CE4_8422_2325L; // FNV-1a
        for (final byte each : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xFF)) * 0x0000_0100_0000_01B3L;
        }
        return new MacAddress(0x0200_0000_0000L | ((hash ^ (hash >>> 40)) & 0xFF_FFFF_FFFFL));
    }
}
