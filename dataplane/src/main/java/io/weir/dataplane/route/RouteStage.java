package io.weir.dataplane.route;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;

/**
 * Looks up where the packet, as it will leave, goes next. Reads the address that the decision is routed by; writes adjacency, output port
 * and MTU, and depends on the route that it used. A destination on a link whose Ethernet address is not known yet is
 * punted: the packet waits for address resolution.
 */
public final class RouteStage implements Stage {
    private final RouteTable table;

    public RouteStage(RouteTable table) {
        this.table = table;
    }

    @Override
    public String name() {
        return "route";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        final Route route = table.find(decision.routeHigh(), decision.routeLow());
        if (route == null) {
            decision.dependsOn(table.noRouteSlot());
            if (decision.isExplained()) {
                decision.because("no route leads to " + routed(decision));
            }
            return decision.reject(DataplaneDrop.NO_ROUTE, Answer.NO_ROUTE);
        }
        decision.dependsOn(route.slot());
        if (decision.isExplained()) {
            decision.because(routed(decision) + " matches " + route);
        }
        return switch (route.kind()) {
            case FORWARD -> {
                decision.leaveBy(route.adjacency(), route.port(), route.mtu());
                yield Verdict.CONTINUE;
            }
            case RESOLVE -> {
                decision.leaveBy(Decision.NONE, route.port(), route.mtu());
                yield Verdict.PUNT;
            }
            case LOCAL -> local(packet, decision);
            case BLACKHOLE -> decision.drop(DataplaneDrop.BLACKHOLE_ROUTE);
            case UNREACHABLE -> decision.reject(DataplaneDrop.NO_ROUTE, Answer.NO_ROUTE);
            case PROHIBIT -> decision.reject(DataplaneDrop.BLACKHOLE_ROUTE, Answer.PROHIBITED);
        };
    }

    private static IpAddress routed(Decision decision) {
        return new IpAddress(decision.routeHigh(), decision.routeLow());
    }

    private static Verdict local(Packet packet, Decision decision) {
        final int echoRequest = packet.isIpv4() ? 8 : 128;
        if (packet.icmpType() == echoRequest && packet.icmpCode() == 0 && !packet.isFragment()) {
            return decision.answer(Answer.ECHO_REPLY);
        }
        return decision.reject(DataplaneDrop.NOT_FOR_US, Answer.RESET_OR_PORT_UNREACHABLE);
    }

    @Override
    public String describe() {
        return table.size() + (table.size() == 1 ? " route" : " routes");
    }
}
