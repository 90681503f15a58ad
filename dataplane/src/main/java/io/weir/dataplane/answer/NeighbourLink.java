package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DataplaneDrop;
import org.jspecify.annotations.Nullable;

/** Who may speak about neighbours on a port: it is judged before what is said. */
final class NeighbourLink {
    private NeighbourLink() {}

    /**
     * Judges a packet by the port that it came from.
     *
     * @param claimedMac the Ethernet address that the packet names as its sender's; 0: none
     * @return why the packet is of no account, or null
     */
    static @Nullable DataplaneDrop check(Packet packet, long claimedMac, Ingress ingress) {
        if (packet.scope() != ingress.port()) {
            // address resolution inside a tunnel: the other nodes' addresses are known from the cluster
            return packet.isIpv4() || packet.protocol() == Packet.NONE
                    ? DataplaneDrop.ARP_IGNORED
                    : DataplaneDrop.NEIGHBOUR_DISCOVERY_IGNORED;
        }
        final long own = ingress.mac().bits();
        final boolean isGroup = (packet.destinationMac() >>> 40 & 1) != 0;
        if (!isGroup && packet.destinationMac() != own) {
            return DataplaneDrop.WRONG_DESTINATION_MAC;
        }
        if (packet.sourceMac() == own || claimedMac == own) {
            return DataplaneDrop.SPOOFED_SOURCE_MAC;
        }
        if (ingress.peerMac() != null) {
            final long peer = ingress.peerMac().bits();
            if (packet.sourceMac() != peer || (claimedMac != 0 && claimedMac != peer)) {
                return DataplaneDrop.SPOOFED_SOURCE_MAC;
            }
        }
        return null;
    }
}
