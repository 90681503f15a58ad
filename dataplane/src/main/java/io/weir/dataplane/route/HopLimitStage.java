package io.weir.dataplane.route;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;

/**
 * Ends the way of packets whose TTL or hop limit does not allow another hop, unless they are addressed to weir itself; and
 * of packets to link-local addresses of others, which must not leave their link (RFC 3927 section 2.6.2, RFC 4291).
 */
public final class HopLimitStage implements Stage {
    private final RouteTable routes;

    public HopLimitStage(RouteTable routes) {
        this.routes = routes;
    }

    @Override
    public String name() {
        return "hop-limit";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        final boolean linkLocal = packet.isIpv4()
                ? (int) packet.destinationLow() >>> 16 == 0xA9FE
                : IpAddress.isIpv6LinkLocal(packet.destinationHigh());
        if (packet.ttl() > 1 && !linkLocal) {
            return Verdict.CONTINUE;
        }
        final Route route = routes.find(packet.destinationHigh(), packet.destinationLow());
        if (route != null
                && (route.kind() == Route.Kind.LOCAL
                        || (linkLocal && route.prefix().length() >= 32))) {
            return Verdict.CONTINUE;
        }
        decision.uncacheable();
        if (linkLocal) {
            return decision.drop(DataplaneDrop.LINK_LOCAL_DESTINATION);
        }
        if (decision.isExplained()) {
            decision.because("the packet arrived with " + packet.ttl() + " hops left");
        }
        return decision.reject(DataplaneDrop.TTL_EXCEEDED, Answer.TIME_EXCEEDED);
    }

    @Override
    public String describe() {
        return "TTL above 1";
    }
}
