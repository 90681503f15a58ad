package io.weir.bench.throughput;

import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.dataplane.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;

/** Plain routing with as many routes as wanted, each for eight addresses; packets go to neighbouring addresses of as many as there are flows. */
public final class RouteScenario implements Scenario {
    private static final int ADDRESSES_PER_ROUTE = 8;
    private static final IpAddress FIRST = IpAddress.parse("10.128.0.0");

    private final int count;
    private double loadMs;

    /**
     * @param count routes, 1 to 1,048,576
     */
    public RouteScenario(int count) {
        this.count = count;
    }

    @Override
    public String name() {
        return "l3";
    }

    @Override
    public String describe() {
        return "l3 with %,d routes".formatted(count);
    }

    @Override
    public List<byte[]> frames(Traffic traffic) {
        final int destinations = (int) Math.min((long) count * ADDRESSES_PER_ROUTE, traffic.flows());
        return traffic.frames(
                BenchNetwork.ends(IpAddress.parse("10.0.0.1"), FIRST, destinations, BenchNetwork.DESTINATION_PORT));
    }

    @Override
    public Rig build(Traffic traffic, Workers workers) {
        final List<RouteSpec> routes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            routes.add(BenchNetwork.route(FIRST.plus((long) i * ADDRESSES_PER_ROUTE) + "/29"));
        }
        final Rig rig = new Rig(traffic.flows(), Ingress.Role.UPLINK, frames(traffic), workers);
        final VersionSlots slots = rig.dataplane().slots();
        final Changes changes = new Changes();
        final long start = System.nanoTime();
        final RouteTable table = new RouteCompiler(rig.dataplane().adjacencies(), slots).compile(routes, changes);
        loadMs = (System.nanoTime() - start) / 1e6;
        rig.publish(
                List.of(
                        new SourceCheckStage(
                                new EndpointCompiler(slots).table(),
                                rig.dataplane().ingresses()),
                        new HopLimitStage(table),
                        new RouteStage(table)),
                table,
                null,
                ConnectionTracker.NONE,
                changes);
        return rig;
    }

    /** How long the last {@link #build} took to make the route table. */
    public double lastLoadMs() {
        return loadMs;
    }
}
