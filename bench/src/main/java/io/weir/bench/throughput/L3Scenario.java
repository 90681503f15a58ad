package io.weir.bench.throughput;

import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import java.util.List;

/** Plain routing: source check, hop limit, longest-prefix route, new Ethernet header. */
public final class L3Scenario implements Scenario {
    @Override
    public String name() {
        return "l3";
    }

    @Override
    public String describe() {
        return "route lookup, TTL, Ethernet header";
    }

    @Override
    public Rig build(Traffic traffic) {
        final Rig rig =
                new Rig(traffic.flows(), Ingress.Role.UPLINK, traffic.frames(BenchNetwork.ends(traffic.ipv6())));
        final Changes changes = new Changes();
        final RouteCompiler routes =
                new RouteCompiler(rig.dataplane().adjacencies(), rig.dataplane().slots());
        final RouteTable table = routes.compile(BenchNetwork.routes(), changes);
        final EndpointCompiler endpoints = new EndpointCompiler(rig.dataplane().slots());
        rig.publish(
                List.of(
                        new SourceCheckStage(
                                endpoints.table(), rig.dataplane().ingresses()),
                        new HopLimitStage(table),
                        new RouteStage(table)),
                table,
                null,
                ConnectionTracker.NONE,
                changes);
        return rig;
    }
}
