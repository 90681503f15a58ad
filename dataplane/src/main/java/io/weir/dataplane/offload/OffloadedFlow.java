package io.weir.dataplane.offload;

import io.weir.dataplane.wire.MacAddress;

/**
 * What the kernel does with the packets of one direction of a connection: new Ethernet addresses, one hop less to live, out.
 *
 * @param egressPort     number of the port where they go out
 * @param sourceMac      the gateway's: packets that come in are for it, and those that go out are from it
 * @param destinationMac of the receiving pod
 * @param mtu            bytes of the longest IP packet; of a train of segments, of each segment's packet
 */
public record OffloadedFlow(OffloadKey key, int egressPort, MacAddress sourceMac, MacAddress destinationMac, int mtu) {
    public OffloadedFlow {
        if (mtu < 1 || mtu > 65535) {
            throw new IllegalArgumentException("an MTU of " + mtu + " bytes");
        }
    }
}
