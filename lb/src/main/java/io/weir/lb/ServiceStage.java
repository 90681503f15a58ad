package io.weir.lb;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.ConnectionState;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.wire.IpAddress;

/**
 * Sends a new connection for a virtual address to one of the Service's backends, as kube-proxy in nftables mode would.
 *
 * <p>Reads: the connection's state, the packet's addresses, ports and protocol. Writes: the backend, the destination and
 * whether the source must be hidden. Packets of known connections carry their translation already; they only come to
 * depend on their backend here. Drops: see {@link LbDrop}.
 *
 * <p>With direct server return, what comes from outside for a backend on a node that takes part is sent there as it is, and
 * decided there by the same rules once more: that node has the same Services, so it chooses the same backend, which is its own
 * pod. A packet that came by a tunnel is never sent on again.
 */
public final class ServiceStage implements Stage {
    private final ServiceTable table;

    public ServiceStage(ServiceTable table) {
        this.table = table;
    }

    @Override
    public String name() {
        return "service";
    }

    @Override
    public String describe() {
        return table.size() + " service ports";
    }

    public ServiceTable table() {
        return table;
    }

    @Override
    public Verdict decide(Packet packet, Decision decision) {
        final ConnectionState state = decision.connectionState();
        if (state == ConnectionState.ESTABLISHED || state == ConnectionState.RELATED) {
            if (decision.backend() == Decision.NONE) {
                return Verdict.CONTINUE;
            }
            decision.dependsOn(table.states().versionSlot(decision.backend()));
            return decision.isDirect() ? direct(decision, decision.backend()) : Verdict.CONTINUE;
        }
        final int protocol = packet.protocol();
        final int found = hasPorts(protocol) ? find(packet, protocol) : AddressTable.MISSING;
        if (found == AddressTable.MISSING) {
            return noService(packet, decision);
        }
        return serve(packet, decision, table.service(found), AddressTable.kind(found));
    }

    private static boolean hasPorts(int protocol) {
        return protocol == PacketParser.PROTOCOL_TCP
                || protocol == PacketParser.PROTOCOL_UDP
                || protocol == PacketParser.PROTOCOL_SCTP;
    }

    private int find(Packet packet, int protocol) {
        final long high = packet.destinationHigh();
        final long low = packet.destinationLow();
        final int port = packet.destinationPort();
        final int found = table.find(high, low, port, protocol);
        return found == AddressTable.MISSING && isFromTunnel(packet)
                ? table.findOfPeer(high, low, port, protocol)
                : found;
    }

    private static boolean isFromTunnel(Packet packet) {
        return packet.scope() != packet.ingressPort();
    }

    private Verdict noService(Packet packet, Decision decision) {
        decision.dependsOn(table.addressesSlot());
        final long high = packet.destinationHigh();
        final long low = packet.destinationLow();
        if (table.isClusterIp(high, low)) {
            return decision.reject(LbDrop.SERVICE_PORT_UNKNOWN, Answer.RESET_OR_PORT_UNREACHABLE);
        }
        if (table.isServiceRange(high, low)) {
            return decision.drop(LbDrop.SERVICE_ADDRESS_UNALLOCATED);
        }
        // From outside by a tunnel to somebody outside: only a node that knows more Services than this one sends that.
        if (table.isDirectServerReturn()
                && isFromTunnel(packet)
                && table.isKnownStranger(packet.sourceHigh(), packet.sourceLow())
                && table.isKnownStranger(high, low)
                && !table.isNode(high, low)) {
            return decision.drop(LbDrop.PEER_SERVICE_UNKNOWN);
        }
        return Verdict.CONTINUE;
    }

    private Verdict serve(Packet packet, Decision decision, VirtualService service, AddressKind kind) {
        final long sourceHigh = packet.sourceHigh();
        final long sourceLow = packet.sourceLow();
        if (decision.isExplained()) {
            decision.because("destination is the " + kind.label() + " of "
                    + service.spec().key());
        }
        // kube-proxy looks at source ranges before it looks for endpoints: a stranger learns nothing.
        if (kind == AddressKind.LOAD_BALANCER
                && !service.sourceRanges().isEmpty()
                && !service.sourceRanges().contains(sourceHigh, sourceLow)) {
            decision.dependsOn(service.versionSlot());
            return decision.drop(LbDrop.SOURCE_RANGE_DENIED);
        }
        if (!service.hasEndpoint()) {
            return decision.reject(LbDrop.NO_ENDPOINT, Answer.RESET_OR_PORT_UNREACHABLE);
        }
        final BackendGroup group;
        boolean masquerade;
        boolean isDirect = false;
        if (kind == AddressKind.CLUSTER_IP) {
            group = service.internalLocal() ? service.local() : service.cluster();
            // A sender from outside may have been routed to the cluster IP by way of this node: answers must come back
            // here.
            masquerade = table.isMasqueradeAll() || table.isKnownStranger(sourceHigh, sourceLow);
        } else if (!service.externalLocal()) {
            group = service.cluster();
            masquerade = true;
            isDirect = table.isDirectServerReturn()
                    && !table.isPod(sourceHigh, sourceLow)
                    && !table.isNode(sourceHigh, sourceLow);
        } else {
            // A pod or the node itself fares as if its packet had gone out to a load balancer and come back elsewhere.
            final boolean isPod = table.isPod(sourceHigh, sourceLow);
            masquerade = !isPod && table.isNode(sourceHigh, sourceLow);
            group = isPod || masquerade ? service.cluster() : service.local();
        }
        if (group.size() == 0) {
            decision.dependsOn(service.versionSlot());
            return decision.drop(LbDrop.NO_LOCAL_ENDPOINT);
        }
        final int position = choose(packet, decision, service, group);
        final int backend = group.id(position);
        if (isDirect
                && service.choosesAlike()
                && !isFromTunnel(packet)
                && table.states().isDirect(backend)) {
            count(decision, backend);
            explain(decision, service, group, position, ", whose node answers the client itself");
            return direct(decision, backend);
        }
        masquerade &= !isDirect || group.place(position) != BackendPlace.HERE; // answers of a pod here pass here
        // A backend that reaches itself must see another sender, or its answer would never come by here again.
        masquerade |= group.high(position) == sourceHigh && group.low(position) == sourceLow;
        decision.translateToBackend(backend, group.high(position), group.low(position), group.port(position));
        decision.masquerade(masquerade);
        decision.dependsOn(table.states().versionSlot(backend));
        count(decision, backend);
        explain(decision, service, group, position, masquerade ? ", and the sender's address must be hidden" : "");
        return Verdict.CONTINUE;
    }

    private void count(Decision decision, int backend) {
        if (!decision.isDryRun()) {
            table.states().chosen(backend);
        }
    }

    /** The packet goes to the backend's node as it is. */
    private Verdict direct(Decision decision, int backend) {
        final BackendTable states = table.states();
        decision.dependsOn(states.versionSlot(backend));
        decision.directTo(backend, states.high(backend), states.low(backend), states.port(backend));
        if (!states.isDirect(backend)) {
            return decision.again(LbDrop.BACKEND_GONE); // just now: conntrack sees it too, and lets it be decided anew
        }
        if (decision.isExplained()) {
            decision.because(
                    "direct server return: the packet keeps its destination, and goes to the node of the backend "
                            + new IpAddress(decision.routeHigh(), decision.routeLow()));
        }
        return Verdict.CONTINUE;
    }

    private int choose(Packet packet, Decision decision, VirtualService service, BackendGroup group) {
        final long sourceHigh = packet.sourceHigh();
        final long sourceLow = packet.sourceLow();
        final long client = Maglev.mix(sourceHigh ^ Maglev.mix(sourceLow));
        final boolean isFresh = !decision.isDryRun();
        if (service.affinityTimeoutNs() == 0) {
            final long ports =
                    (long) packet.sourcePort() << 40 | (long) packet.destinationPort() << 8 | packet.protocol();
            final long flow =
                    Maglev.mix(client ^ Maglev.mix(packet.destinationLow() ^ ports) ^ packet.destinationHigh());
            return group.choose((int) flow, (int) client, table.states(), isFresh);
        }
        final int slot = service.versionSlot();
        final int last =
                table.affinity().find(sourceHigh, sourceLow, slot, service.affinityTimeoutNs(), packet.nowNs());
        int position = last == AffinityTable.MISSING ? -1 : group.positionOf(last);
        if (position < 0) {
            // The client's address alone decides, so that a forgotten client finds its backend again where it can.
            position = group.choose((int) client, (int) client, table.states(), isFresh);
        } else if (decision.isExplained()) {
            decision.because("session affinity: the client was there before");
        }
        if (isFresh) {
            table.affinity().remember(sourceHigh, sourceLow, slot, group.id(position), packet.nowNs());
        }
        return position;
    }

    private static void explain(
            Decision decision, VirtualService service, BackendGroup group, int position, String more) {
        if (!decision.isExplained()) {
            return;
        }
        final StringBuilder text = new StringBuilder(120);
        text.append(service.spec().scheduler().label()).append(" chose backend ");
        IpAddress.appendTo(text, group.high(position), group.low(position));
        text.append(" port ").append(group.port(position));
        text.append(" (").append(position + 1).append(" of ").append(group.size());
        text.append(group == service.local() ? " on this node)" : ")");
        decision.because(text.append(more).toString());
    }
}
