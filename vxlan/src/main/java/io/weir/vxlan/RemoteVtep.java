package io.weir.vxlan;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;

/**
 * Another node's end of a network's tunnels (a VTEP, RFC 7348).
 *
 * @param subnet   the pod addresses behind it
 * @param mac      the Ethernet address that inner frames to it carry
 * @param underlay the address that outer packets to it carry
 */
public record RemoteVtep(IpPrefix subnet, MacAddress mac, IpAddress underlay) {
    public RemoteVtep {
        if (mac.isMulticast() || mac.equals(MacAddress.ZERO)) {
            throw new IllegalArgumentException("VTEP of " + subnet + ": " + mac + " is no unicast Ethernet address");
        }
        if (underlay.isMulticast() || underlay.isUnspecified() || underlay.isLoopback()) {
            throw new IllegalArgumentException("VTEP of " + subnet + ": " + underlay + " is no node's address");
        }
    }
}
