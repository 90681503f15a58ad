package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Decision;

/** Writes translations into decisions. The identifier of an ICMP query counts as source and as destination port. */
final class Translation {
    private Translation() {}

    static void source(Packet packet, Decision decision, long high, long low, int port) {
        if (Tuples.isIcmp(packet.protocol())) {
            if (port != decision.destinationPort()) {
                decision.translateDestination(decision.destinationHigh(), decision.destinationLow(), port);
            }
            decision.translateSource(high, low, port);
            return;
        }
        if (high != decision.sourceHigh() || low != decision.sourceLow() || port != decision.sourcePort()) {
            decision.translateSource(high, low, port);
        }
    }
}
