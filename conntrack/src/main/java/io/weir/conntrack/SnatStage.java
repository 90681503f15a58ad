package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * Hides the sender of a new connection behind another address where a Service or a rule asks for it. Known connections
 * have their translation already; the sender of one that another node answers directly must be seen there.
 *
 * <p>Reads the route's output port and adjacency; writes {@code translateSource}. Drops as {@code snat-no-address} and
 * {@code snat-ports-exhausted}.
 */
public final class SnatStage implements Stage {
    private final ConntrackTable connections;
    private final SnatTable table;
    private final SourcePorts ports;
    private final @Nullable AdjacencyTable adjacencies;

    /** @param adjacencies tells which ways out are tunnels; null where there are none */
    SnatStage(ConntrackTable connections, SnatTable table, SourcePorts ports, @Nullable AdjacencyTable adjacencies) {
        this.connections = connections;
        this.table = table;
        this.ports = ports;
        this.adjacencies = adjacencies;
    }

    @Override
    public String name() {
        return "snat";
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        if (decision.connectionState() != ConnectionState.NEW || decision.isDirect()) {
            return Verdict.CONTINUE;
        }
        if (decision.isMasquerade()) {
            if (decision.isExplained()) {
                decision.because("the Service requires the sender to be masqueraded");
            }
            return masquerade(packet, decision);
        }
        final int rule = table.rule(decision);
        final SnatAction action = table.action(rule);
        if (decision.isExplained()) {
            decision.because(
                    rule == SnatTable.NO_RULE
                            ? "no source NAT rule matches"
                            : "source NAT rule " + (rule + 1) + " says " + action);
        }
        return switch (action) {
            case KEEP -> Verdict.CONTINUE;
            case MASQUERADE -> masquerade(packet, decision);
            case POOL -> pool(packet, decision, rule);
        };
    }

    private Verdict masquerade(Packet packet, Decision decision) {
        final boolean tunnel = leavesByTunnel(decision) && table.hasTunnelAddress(packet.isIpv4());
        final long high = table.masqueradeHigh(decision.outputPort(), tunnel, packet.isIpv4());
        final long low = table.masqueradeLow(decision.outputPort(), tunnel, packet.isIpv4());
        if (high == 0 && low == 0) {
            return noAddress(decision);
        }
        return translate(packet, decision, high, low) ? Verdict.CONTINUE : exhausted(decision);
    }

    private boolean leavesByTunnel(Decision decision) {
        return adjacencies != null
                && decision.adjacency() != Decision.NONE
                && adjacencies.kind(decision.adjacency()) != AdjacencyTable.ETHERNET;
    }

    /** One sender keeps one address of the pool (RFC 4787 REQ-2), unless that has no port left. */
    private Verdict pool(Packet packet, Decision decision, int rule) {
        final int size = table.poolSize(rule);
        final long mixed = (packet.sourceLow() ^ packet.sourceHigh()) * 0x9E37_79B9_7F4A_7C15L;
        final int start = (int) ((mixed >>> 33) % size);
        boolean family = false;
        for (int i = 0; i < size; i++) {
            final int index = (start + i) % size;
            final long high = table.poolHigh(rule, index);
            final long low = table.poolLow(rule, index);
            if (IpAddress.isIpv4(high, low) != packet.isIpv4()) {
                continue;
            }
            family = true;
            if (translate(packet, decision, high, low)) {
                return Verdict.CONTINUE;
            }
        }
        return family ? exhausted(decision) : noAddress(decision);
    }

    private static Verdict exhausted(Decision decision) {
        decision.uncacheable(); // ports become free without a version slot that says so
        return decision.drop(ConntrackDrop.SNAT_PORTS_EXHAUSTED);
    }

    private static Verdict noAddress(Decision decision) {
        decision.uncacheable(); // nor does an address that is added
        return decision.drop(ConntrackDrop.SNAT_NO_ADDRESS);
    }

    private boolean translate(Packet packet, Decision decision, long high, long low) {
        final int zone = connections.replyZone(packet.scope(), decision.outputPort());
        final int protocol = Entry.protocol(Tuples.meta(packet, 0));
        final int port = ports.choose(decision, protocol, packet.sourcePort(), high, low, zone, packet.nowNs());
        if (port == SourcePorts.EXHAUSTED) {
            return false;
        }
        Translation.source(packet, decision, high, low, port);
        if (decision.isExplained()) {
            decision.because("the source becomes " + decision.source() + " port " + port
                    + (port == packet.sourcePort()
                            ? ", which is free"
                            : ", as its own port is not free or not allowed"));
        }
        return true;
    }

    @Override
    public String describe() {
        return table.spec.rules().size() + " source NAT rules";
    }
}
