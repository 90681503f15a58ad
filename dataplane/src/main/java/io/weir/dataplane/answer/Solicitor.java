package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.PortAddresses;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.IpAddress;

/** Asks for a neighbour's Ethernet address: by ARP, or by a neighbour solicitation. */
final class Solicitor {
    private Solicitor() {}

    /**
     * @param ingress  the port that the neighbour is behind
     * @param knownMac asks this station whether it is still there; 0: asks everybody
     */
    static void ask(Ingress ingress, long high, long low, long knownMac, Transmitter transmitter) {
        final int handle = transmitter.pool().acquire();
        if (handle == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        final long frame = transmitter.pool().frameAddress(handle);
        final long mac = ingress.mac().bits();
        final PortAddresses own = ingress.addresses();
        final int source = own.sourceFor(high, low);
        final int length;
        if (IpAddress.isIpv4(high, low)) {
            // without an address of its own it asks as RFC 5227 probes do
            final int sender = source == PortAddresses.NONE ? 0 : (int) own.low(source);
            ArpResponder.writeRequest(frame, mac, sender, (int) low, knownMac);
            length = ArpResponder.FRAME_LENGTH;
        } else {
            final boolean hasSource = source != PortAddresses.NONE;
            NeighbourDiscovery.writeSolicitation(
                    frame,
                    mac,
                    hasSource ? own.high(source) : 0xFE80_0000_0000_0000L,
                    hasSource ? own.low(source) : interfaceIdentifier(mac),
                    high,
                    low,
                    knownMac);
            length = NeighbourDiscovery.FRAME_LENGTH;
        }
        transmitter.counters().count(PathCounter.ANSWERS_SENT);
        transmitter.send(ingress.port(), handle, frame, length, 0);
    }

    /** RFC 4291 appendix A: the modified EUI-64 of an Ethernet address. */
    private static long interfaceIdentifier(long mac) {
        return (((mac >>> 24) ^ 0x02_0000L) << 40) | 0xFF_FE00_0000L | (mac & 0xFF_FFFF);
    }
}
