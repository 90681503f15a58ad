package io.weir.dataplane.endpoint;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Nobody sends from an address that is not his: a packet from a pod's port must carry an address of that pod, and one from
 * elsewhere must not carry an address that lives behind a pod's port here. (Ethernet addresses are checked before the
 * pipeline.) Depends on the endpoint, or on its absence.
 */
public final class SourceCheckStage implements Stage {
    private final EndpointTable endpoints;
    private final boolean[] isPod;

    /**
     * @param endpoints local addresses
     * @param ingresses by port id, null where there is none
     */
    public SourceCheckStage(EndpointTable endpoints, List<@Nullable Ingress> ingresses) {
        this.endpoints = endpoints;
        isPod = new boolean[ingresses.size()];
        for (int i = 0; i < isPod.length; i++) {
            final Ingress ingress = ingresses.get(i);
            isPod[i] = ingress != null && ingress.role() == Ingress.Role.POD;
        }
    }

    @Override
    public String name() {
        return "source-check";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        final long high = packet.sourceHigh();
        final long low = packet.sourceLow();
        final Endpoint owner = endpoints.find(high, low);
        final int port = packet.ingressPort();
        final boolean fromPod = isPod[port] && packet.scope() == port;
        decision.dependsOn(owner != null ? owner.slot() : endpoints.absenceSlot(high, low));
        if (fromPod ? owner != null && owner.port() == port : owner == null) {
            if (decision.isExplained()) {
                decision.because(
                        owner == null
                                ? packet.source() + " is no address of a pod on this node"
                                : packet.source() + " belongs to " + owner.name());
            }
            return Verdict.CONTINUE;
        }
        if (fromPod && isLinkLocalTalk(packet)) {
            return Verdict.CONTINUE;
        }
        if (decision.isExplained()) {
            decision.because(
                    owner == null
                            ? packet.source() + " is not an address of the pod behind this port"
                            : packet.source() + " belongs to " + owner.name() + ", which is behind another port");
        }
        return decision.drop(DataplaneDrop.SPOOFED_SOURCE_ADDRESS);
    }

    /** IPv6 stations speak to their gateway from their link-local address; no such packet is forwarded. */
    private static boolean isLinkLocalTalk(Packet packet) {
        return !packet.isIpv4()
                && IpAddress.isIpv6LinkLocal(packet.sourceHigh())
                && IpAddress.isIpv6LinkLocal(packet.destinationHigh());
    }

    @Override
    public String describe() {
        return endpoints.size() + (endpoints.size() == 1 ? " local address" : " local addresses");
    }
}
