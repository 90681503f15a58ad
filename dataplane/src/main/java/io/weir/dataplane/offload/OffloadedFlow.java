package io.weir.dataplane.offload;

import io.weir.dataplane.wire.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel does with the packets of one direction of a connection: new Ethernet addresses, one hop less to live, out; and
 * new addresses and ports, where the answers say so, and a tunnel's header in front, or off.
 *
 * @param answers        the connection's other direction, as its packets come in: so these leave for its source and from its
 *                       destination, which are others than in the key when the connection is translated
 * @param egressPort     number of the port where they go out
 * @param sourceMac      the gateway's, or an uplink's: packets that go out are from it
 * @param destinationMac of the receiving pod, or of the next hop
 * @param mtu            bytes of the longest IP packet; of a train of segments, of each segment's packet
 * @param tunnel         by which packets go out at an uplink, or must have come in there; null: by none
 */
public record OffloadedFlow(
        OffloadKey key,
        OffloadKey answers,
        int egressPort,
        MacAddress sourceMac,
        MacAddress destinationMac,
        int mtu,
        @Nullable OffloadTunnel tunnel) {
    public OffloadedFlow {
        if (mtu < 1 || mtu > 65535) {
            throw new IllegalArgumentException("an MTU of " + mtu + " bytes");
        }
        if (key.source().isIpv4() != answers.source().isIpv4()) {
            throw new IllegalArgumentException(key + " and " + answers + " are of two families");
        }
    }

    /** By no tunnel. */
    public OffloadedFlow(
            OffloadKey key,
            OffloadKey answers,
            int egressPort,
            MacAddress sourceMac,
            MacAddress destinationMac,
            int mtu) {
        this(key, answers, egressPort, sourceMac, destinationMac, mtu, null);
    }

    /** Packets leave with other addresses or ports than they came in with. */
    public boolean isTranslated() {
        return !answers.equals(key.swapped(answers.ingressPort()));
    }
}
