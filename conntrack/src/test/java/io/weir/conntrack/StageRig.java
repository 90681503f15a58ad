package io.weir.conntrack;

import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The conntrack stages in a small pipeline under a virtual clock: what a test sends goes through conntrack, a Service stage
 * and a policy stage that the test supplies, a route, snat and commit.
 */
final class StageRig implements AutoCloseable {
    static final long SECOND = 1_000_000_000L;

    /** What a test puts between conntrack and route; null continues. */
    interface Hook extends BiFunction<Packet, Decision, @Nullable Verdict> {}

    final VersionSlots slots = new VersionSlots(64);
    final ConntrackCompiler compiler;
    final ConntrackTable table;
    final Packet packet = new Packet();
    final Decision decision = new Decision();
    Hook service = (packet, decision) -> null;
    Hook policy = (packet, decision) -> null;
    long nowNs = 1_000 * SECOND;
    int scope = 1;
    int outputPort = 9;
    private final long memory = OffHeap.allocate(65_536 + 64);
    private Pipeline pipeline;
    private ConntrackSpec spec;

    StageRig() {
        this(ConntrackSpec.DEFAULT.withCapacity(4096), SnatSpec.NONE);
    }

    StageRig(ConntrackSpec spec, SnatSpec snat) {
        this(spec, snat, BackendStates.ALL_PRESENT);
    }

    StageRig(ConntrackSpec spec, SnatSpec snat, BackendStates backends) {
        this.spec = spec;
        compiler = new ConntrackCompiler(spec, backends, slots, new SplittableRandom(7));
        table = compiler.table();
        pipeline = pipeline(compiler.compile(spec, snat));
    }

    void configure(ConntrackSpec newSpec, SnatSpec snat) {
        spec = newSpec;
        pipeline = pipeline(compiler.compile(newSpec, snat));
    }

    ConntrackSpec spec() {
        return spec;
    }

    private Pipeline pipeline(ConntrackStages stages) {
        return new Pipeline(List.of(
                stages.conntrack(),
                stage("service", (packet, decision) -> service.apply(packet, decision)),
                stage("policy", (packet, decision) -> policy.apply(packet, decision)),
                stage("route", (packet, decision) -> {
                    decision.leaveBy(1, outputPort, 1500);
                    return null;
                }),
                stages.snat(),
                stages.commit()));
    }

    private static Stage stage(String name, Hook hook) {
        return new Stage() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Verdict decide(Packet packet, Decision decision) {
                final Verdict verdict = hook.apply(packet, decision);
                return verdict == null ? Verdict.CONTINUE : verdict;
            }

            @Override
            public String describe() {
                return name;
            }
        };
    }

    Verdict send(PacketBuilder frame) {
        return send(frame.build());
    }

    Verdict send(byte[] frame) {
        OffHeap.copy(frame, 0, memory, frame.length);
        return receive(memory, frame.length, 3, scope, false);
    }

    Verdict receive(long address, int length, int ingressPort, int ingressScope, boolean checksumPartial) {
        PacketParser.locate(packet, address, length, Packet.NONE, ingressPort, ingressScope, 0, checksumPartial, nowNs);
        final DataplaneDrop fault = PacketParser.parse(packet);
        decision.reset(packet);
        return fault == null ? pipeline.decide(packet, decision) : decision.drop(fault);
    }

    /** "forward", or the label of the drop reason, or "punt". */
    String outcome(PacketBuilder frame) {
        return outcome(send(frame));
    }

    String outcome(Verdict verdict) {
        if (verdict == Verdict.DROP && decision.reason() instanceof ConntrackDrop && decision.isCacheable()) {
            throw new AssertionError("a cached " + decision.reason().label() + " would drop what is valid later");
        }
        return switch (verdict) {
            case FORWARD -> "forward";
            case DROP, ANSWER ->
                decision.reason() == null ? "?" : decision.reason().label();
            case PUNT, CONTINUE -> verdict.name().toLowerCase(java.util.Locale.ROOT);
        };
    }

    /** {@code source:port > destination:port} as the last packet left. */
    String way() {
        return decision.source() + ":" + decision.sourcePort() + " > " + decision.destination() + ":"
                + decision.destinationPort();
    }

    String subject() {
        return new IpAddress(decision.subjectSourceHigh(), decision.subjectSourceLow()) + ":"
                + decision.subjectSourcePort() + " > "
                + new IpAddress(decision.subjectDestinationHigh(), decision.subjectDestinationLow()) + ":"
                + decision.subjectDestinationPort();
    }

    List<ConnectionRecord> connections() {
        final List<ConnectionRecord> all = new ArrayList<>();
        table.forEach(ConnectionFilter.ALL, nowNs, all::add);
        return all;
    }

    /** The state of the only connection, or "none". */
    String state() {
        final List<ConnectionRecord> all = connections();
        return all.isEmpty() ? "none" : all.get(0).state();
    }

    void pass(long seconds) {
        nowNs += seconds * SECOND;
        sweep();
    }

    void sweep() {
        for (int i = 0; i < 3; i++) {
            table.sweep(nowNs, Integer.MAX_VALUE);
        }
    }

    static PacketBuilder packet() {
        return PacketBuilder.packet().ethernet();
    }

    static PacketBuilder udp(String source, int sourcePort, String destination, int destinationPort) {
        return packet().ip(source, destination).udp(sourcePort, destinationPort).payload("x");
    }

    static PacketBuilder tcp(String source, int sourcePort, String destination, int destinationPort, String flags) {
        return packet().ip(source, destination).tcp(sourcePort, destinationPort).flags(flags);
    }

    @Override
    public void close() {
        compiler.close();
        slots.close();
        OffHeap.free(memory);
    }
}
