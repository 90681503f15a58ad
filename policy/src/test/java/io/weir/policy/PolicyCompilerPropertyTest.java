package io.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.wire.IpAddress;
import io.weir.policy.classify.Protocol;
import io.weir.policy.spec.Direction;
import io.weir.policy.spec.PolicySpec;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class PolicyCompilerPropertyTest {
    private record Port(Protocol protocol, int number) {}

    private static final List<IpAddress> ADDRESSES = RandomCluster.addresses();
    private static final List<Port> PORTS = List.of(
            new Port(Protocol.TCP, 53),
            new Port(Protocol.TCP, 80),
            new Port(Protocol.TCP, 8080),
            new Port(Protocol.UDP, 53),
            new Port(Protocol.UDP, 80),
            new Port(Protocol.SCTP, 80),
            new Port(Protocol.ICMP, 0),
            new Port(Protocol.OTHER, 0));

    /**
     * Three things at once, for every pair of addresses and every kind of port, while a cluster changes step by step: the
     * compiled verdict is the specification's; compiling the difference gives what compiling everything gives; and whose
     * verdict changed, its slot was touched.
     */
    @Property(tries = 120)
    void agreesWithTheSpecificationAfterEveryChange(@ForAll long seed) {
        try (VersionSlots slots = new VersionSlots(10_000)) {
            final RandomCluster cluster = new RandomCluster(seed);
            final PolicyCompiler compiler = new PolicyCompiler(slots);
            PolicyTable before = PolicyTable.EMPTY;
            for (int step = 0; step < 6; step++) {
                final PolicySpec spec = cluster.spec();
                final Changes changes = new Changes();
                final PolicyTable table = compiler.compile(spec, changes);
                final PolicyTable fresh = new PolicyCompiler(slots).compile(spec, new Changes());
                compare(spec, before, table, fresh, changes);
                before = table;
                cluster.change();
            }
        }
    }

    private static void compare(
            PolicySpec spec, PolicyTable before, PolicyTable table, PolicyTable fresh, Changes changes) {
        final SpecificationModel model = new SpecificationModel(spec);
        for (final IpAddress source : ADDRESSES) {
            for (final IpAddress destination : ADDRESSES) {
                if (source.isIpv4() != destination.isIpv4()) {
                    continue;
                }
                for (final Port port : PORTS) {
                    for (final Direction direction : Direction.values()) {
                        final int judgement = table.judge(direction, source, destination, port.protocol, port.number);
                        final boolean wanted = model.allows(direction, source, destination, port.protocol, port.number);
                        if (Judgement.isDenied(judgement) == wanted) {
                            assertThat(!Judgement.isDenied(judgement))
                                    .as("%s of %s -> %s %s in %s", direction, source, destination, port, spec)
                                    .isEqualTo(wanted);
                        }
                        assertThat(fresh.judge(direction, source, destination, port.protocol, port.number))
                                .as("compiled afresh: %s of %s -> %s %s", direction, source, destination, port)
                                .isEqualTo(judgement);
                        checkTouched(direction, source, destination, port, judgement, before, changes);
                    }
                }
            }
        }
    }

    private static void checkTouched(
            Direction direction,
            IpAddress source,
            IpAddress destination,
            Port port,
            int judgement,
            PolicyTable before,
            Changes changes) {
        final EndpointRules old = before.endpoint(direction == Direction.EGRESS ? source : destination);
        final int previous = before.judge(direction, source, destination, port.protocol, port.number);
        if (old != null && Judgement.isDenied(previous) != Judgement.isDenied(judgement)) {
            assertThat(changes.touchedSlots().containsInt(old.slot()))
                    .as("slot of %s for %s of %s -> %s", old.name(), direction, source, destination)
                    .isTrue();
        }
    }
}
