package io.weir.bench.throughput;

import io.weir.conntrack.ConntrackCompiler;
import io.weir.conntrack.ConntrackSpec;
import io.weir.conntrack.ConntrackStages;
import io.weir.conntrack.ConntrackTable;
import io.weir.conntrack.SnatRule;
import io.weir.conntrack.SnatSpec;
import io.weir.dataplane.endpoint.EndpointCompiler;
import io.weir.dataplane.endpoint.SourceCheckStage;
import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.ConnectionTracker;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.route.HopLimitStage;
import io.weir.dataplane.route.RouteCompiler;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.route.RouteTable;
import io.weir.lb.AffinityTable;
import io.weir.lb.BackendTable;
import io.weir.lb.ServiceCompiler;
import io.weir.lb.ServiceStage;
import io.weir.policy.PolicyCompiler;
import io.weir.policy.PolicyStage;
import io.weir.vxlan.VxlanCompiler;
import io.weir.vxlan.VxlanSpec;
import io.weir.vxlan.VxlanTermination;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The pipeline of a node agent with some of its features, wired in the order that the agent uses. */
final class FeatureScenario implements Scenario {
    /** Connections need room beside those that the packets make. */
    private static final int MIN_CONNECTIONS = 65_536;

    private final String name;
    private final String sentence;
    private final Features features;

    FeatureScenario(String name, String sentence, Features features) {
        this.name = name;
        this.sentence = sentence;
        this.features = features;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String describe() {
        return sentence;
    }

    @Override
    public List<byte[]> frames(Traffic traffic) {
        final Traffic.Ends ends =
                features.service() ? BenchServices.ends(traffic.ipv6()) : BenchNetwork.ends(traffic.ipv6());
        final List<byte[]> plain = traffic.frames(ends);
        return features.pop() ? BenchTunnel.encapsulate(plain) : plain;
    }

    @Override
    public Rig build(Traffic traffic, Workers workers) {
        final Rig rig = new Rig(traffic.flows(), Ingress.Role.UPLINK, frames(traffic), workers);
        wire(rig, ConntrackSpec.DEFAULT.withCapacity(Math.max(MIN_CONNECTIONS, 2 * traffic.flows())));
        return rig;
    }

    /**
     * Gives a rig this scenario's stages.
     *
     * @return its connections; null without connection tracking
     */
    @Nullable
    ConntrackTable wire(Rig rig, ConntrackSpec spec) {
        final VersionSlots slots = rig.dataplane().slots();
        final Changes changes = new Changes();
        final RouteTable table = new RouteCompiler(rig.dataplane().adjacencies(), slots)
                .compile(features.push() ? BenchTunnel.routes() : BenchNetwork.routes(), changes);
        final List<Stage> stages = new ArrayList<>();
        stages.add(new SourceCheckStage(
                new EndpointCompiler(slots).table(), rig.dataplane().ingresses()));
        stages.add(new HopLimitStage(table));
        final ConntrackTable tracker = addStateful(stages, rig, slots, changes, table, spec);
        final TunnelTermination tunnels = features.pop()
                ? new VxlanTermination(new VxlanCompiler().compile(new VxlanSpec(List.of(BenchTunnel.network()))))
                : null;
        rig.publish(stages, table, tunnels, tracker == null ? ConnectionTracker.NONE : tracker, changes);
        return tracker;
    }

    private @Nullable ConntrackTable addStateful(
            List<Stage> stages, Rig rig, VersionSlots slots, Changes changes, RouteTable table, ConntrackSpec spec) {
        if (!features.conntrack()) {
            stages.add(new RouteStage(table));
            return null;
        }
        final BackendTable backends = new BackendTable(1024);
        final ConntrackCompiler conntrack = new ConntrackCompiler(spec, backends, slots, new SplittableRandom(1));
        rig.own(backends);
        rig.own(conntrack);
        final ConntrackStages tracked = conntrack.compile(spec, features.snat() ? snat() : SnatSpec.NONE);
        stages.add(tracked.conntrack());
        if (features.service()) {
            final AffinityTable affinity = new AffinityTable(1024);
            rig.own(affinity);
            stages.add(new ServiceStage(
                    new ServiceCompiler(slots, backends, affinity).compile(BenchServices.one(), changes)));
        }
        if (features.policy()) {
            stages.add(new PolicyStage(new PolicyCompiler(slots).compile(BenchPolicies.hundredRules(), changes)));
        }
        stages.add(new RouteStage(table));
        stages.add(tracked.snat());
        stages.add(tracked.commit());
        return conntrack.table();
    }

    private static SnatSpec snat() {
        return new SnatSpec(
                List.of(SnatRule.masquerade(SnatRule.Match.ANY, SnatRule.Match.ANY)),
                Map.of(),
                BenchNetwork.NAT_ADDRESSES,
                SnatSpec.NODE_PORT_LOW,
                SnatSpec.NODE_PORT_HIGH,
                false);
    }
}
