package io.weir.lb;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.VersionSlots;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Explanation;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A compiler, its shared state and a place for packets; packets are asked of the stage as NEW ones. */
final class ServiceScene implements AutoCloseable {
    static final int TCP = PacketParser.PROTOCOL_TCP;
    static final int UDP = PacketParser.PROTOCOL_UDP;
    static final int SCTP = PacketParser.PROTOCOL_SCTP;

    final VersionSlots slots = new VersionSlots(1 << 12);
    final BackendTable states = new BackendTable(1 << 11);
    final AffinityTable affinity = new AffinityTable(1000);
    final ServiceCompiler compiler = new ServiceCompiler(slots, states, affinity);
    final Decision decision = new Decision();
    final List<String> sentences = new ArrayList<>();
    Changes changes = new Changes();
    ServiceStage stage = new ServiceStage(compiler.compile(ServicesSpec.EMPTY, new Changes()));
    ServiceRules rules = ServiceRules.NONE;
    long nowNs = 1;

    /** The scope of the packets: 1 is the port that they come from, anything else a tunnel. */
    int scope = 1;

    private final long memory = OffHeap.allocate(4096);
    private final Packet packet = new Packet();

    static IpAddress ip(String text) {
        return IpAddress.parse(text);
    }

    static List<IpPrefix> prefixes(String... texts) {
        return Arrays.stream(texts).map(IpPrefix::parse).toList();
    }

    static ServiceKey key(String name) {
        return new ServiceKey("default", name, "", false);
    }

    static VirtualAddress address(AddressKind kind, String text, int port) {
        return new VirtualAddress(ip(text), port, kind);
    }

    static VirtualAddress clusterIp(String text, int port) {
        return address(AddressKind.CLUSTER_IP, text, port);
    }

    /** {@code 10.0.0.1:80} ready elsewhere, with a trailing {@code !} ready on this node. */
    static List<BackendSpec> backends(String... texts) {
        return Arrays.stream(texts)
                .map(text -> {
                    final boolean local = text.endsWith("!");
                    final String place = local ? text.substring(0, text.length() - 1) : text;
                    final int colon = place.lastIndexOf(':');
                    return BackendSpec.ready(
                            ip(place.substring(0, colon)), Integer.parseInt(place.substring(colon + 1)), local);
                })
                .toList();
    }

    static ServiceSpec withPolicies(ServiceSpec spec, TrafficPolicy internal, TrafficPolicy external) {
        return new ServiceSpec(
                spec.key(),
                spec.protocol(),
                spec.addresses(),
                spec.backends(),
                internal,
                external,
                spec.scheduler(),
                spec.tableSize(),
                spec.affinityTimeoutNs(),
                spec.sourceRanges());
    }

    static ServiceSpec withScheduler(ServiceSpec spec, Scheduler scheduler, long affinityTimeoutNs) {
        return new ServiceSpec(
                spec.key(),
                spec.protocol(),
                spec.addresses(),
                spec.backends(),
                spec.internalPolicy(),
                spec.externalPolicy(),
                scheduler,
                spec.tableSize(),
                affinityTimeoutNs,
                spec.sourceRanges());
    }

    static ServiceSpec withSourceRanges(ServiceSpec spec, String... ranges) {
        return new ServiceSpec(
                spec.key(),
                spec.protocol(),
                spec.addresses(),
                spec.backends(),
                spec.internalPolicy(),
                spec.externalPolicy(),
                spec.scheduler(),
                spec.tableSize(),
                spec.affinityTimeoutNs(),
                prefixes(ranges));
    }

    /** Serves these from now on. */
    ServiceScene serve(ServiceSpec... services) {
        changes = new Changes();
        stage = new ServiceStage(compiler.compile(new ServicesSpec(rules, List.of(services)), changes));
        return this;
    }

    /** What the stage says to a new connection's first packet. */
    Verdict ask(int protocol, String source, int sourcePort, String destination, int destinationPort) {
        return ask(ConnectionState.NEW, protocol, source, sourcePort, destination, destinationPort);
    }

    Verdict ask(
            ConnectionState state,
            int protocol,
            String source,
            int sourcePort,
            String destination,
            int destinationPort) {
        final PacketBuilder builder = PacketBuilder.packet().ethernet().ip(source, destination);
        final byte[] frame = switch (protocol) {
            case TCP -> builder.tcp(sourcePort, destinationPort).flags("S").build();
            case UDP -> builder.udp(sourcePort, destinationPort).build();
            case SCTP -> builder.sctp(sourcePort, destinationPort).init(1, 1).build();
            default -> builder.icmpEcho(sourcePort, 1).build();
        };
        OffHeap.copy(frame, 0, memory, frame.length);
        PacketParser.locate(packet, memory, frame.length, Packet.NONE, 1, scope, 0, false, nowNs);
        if (PacketParser.parse(packet) != null) {
            throw new AssertionError("the test's own packet is malformed");
        }
        decision.reset(packet);
        decision.connectionState(state);
        return stage.decide(packet, decision);
    }

    /**
     * Where a new connection goes: {@code 10.0.0.1:80}, with {@code masqueraded} or {@code directly} behind it, or the reason
     * why not.
     */
    String outcome(int protocol, String source, int sourcePort, String destination, int destinationPort) {
        final Verdict verdict = ask(protocol, source, sourcePort, destination, destinationPort);
        if (decision.reason() != null) {
            return verdict + " " + decision.reason().label();
        }
        if (decision.isDirect()) {
            return new IpAddress(decision.routeHigh(), decision.routeLow()) + ":" + decision.subjectDestinationPort()
                    + " directly";
        }
        return decision.isTranslated()
                ? decision.destination() + ":" + decision.destinationPort()
                        + (decision.isMasquerade() ? " masqueraded" : "")
                : "untouched";
    }

    String tcp(String source, String destination, int port) {
        return outcome(TCP, source, 40000, destination, port);
    }

    /** How often each outcome occurs over many source ports. */
    Map<String, Integer> outcomes(int count, String source, String destination, int port) {
        final Map<String, Integer> counts = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            counts.merge(outcome(TCP, source, 20000 + i, destination, port), 1, Integer::sum);
        }
        return counts;
    }

    void explain() {
        decision.explainTo(new Explanation() {
            @Override
            public void stage(String name) {}

            @Override
            public void because(String sentence) {
                sentences.add(sentence);
            }

            @Override
            public void verdict(Verdict verdict) {}
        });
    }

    @Override
    public void close() {
        OffHeap.free(memory);
        affinity.close();
        states.close();
        slots.close();
    }
}
