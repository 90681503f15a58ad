package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Resumption;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.segmentation.Fragmenter;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * The manners of a router, one small class each: ARP, neighbour discovery, echo, ICMP errors, TCP resets, packets that wait
 * for a neighbour. One per worker; allocates nothing per packet.
 */
public final class RouterResponder implements Responder {
    private final EchoReplies echoReplies;
    private final IcmpErrors errors;
    private final TcpResets resets;
    private final ArpResponder arp;
    private final NeighbourDiscovery discovery;
    private final NeighbourResolver resolver;
    private final Fragmenter fragmenter = new Fragmenter();

    /**
     * @param workerId whose responder this is
     * @param settings limits of this worker
     * @param events   to the conductor; shared by all workers
     */
    public RouterResponder(int workerId, AnswerSettings settings, NeighbourEvents events) {
        final AnswerHeaders headers = new AnswerHeaders(workerId << 13);
        final WayBack wayBack = new WayBack();
        echoReplies = new EchoReplies(headers, wayBack);
        errors = new IcmpErrors(headers, wayBack, new ErrorLimit(settings));
        resets = new TcpResets(headers, wayBack);
        arp = new ArpResponder(events);
        discovery = new NeighbourDiscovery(events);
        resolver = new NeighbourResolver(events, errors);
    }

    @Override
    public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final DataplaneDrop ignored = packet.etherType() == PacketParser.ETHERTYPE_ARP
                ? arp.handle(packet, ingress, snapshot, transmitter)
                : discovery.handle(packet, ingress, snapshot, transmitter);
        if (ignored != null) {
            transmitter.counters().drop(ignored.id());
        }
    }

    @Override
    public void answer(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        final Answer answer = decision.answer();
        if (answer == Answer.ECHO_REPLY) {
            echoReplies.reply(packet, ingress, snapshot, transmitter);
        } else if (answer == Answer.RESET_OR_PORT_UNREACHABLE && packet.protocol() == PacketParser.PROTOCOL_TCP) {
            resets.send(packet, ingress, snapshot, transmitter);
        } else if (answer != Answer.RESET_OR_PORT_UNREACHABLE || !isUnasked(packet)) {
            errors.send(packet, answer, decision.mtu(), ingress, snapshot, transmitter);
        }
    }

    /** ICMP that is no echo request asks for nothing, so nothing refuses it. */
    private static boolean isUnasked(Packet packet) {
        return packet.icmpType() != Packet.NONE && packet.icmpType() != (packet.isIpv4() ? 8 : 128);
    }

    @Override
    public void hold(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        // a fragment that waits for its first is kept by the stage that decided so
        if (decision.outputPort() != Decision.NONE) {
            resolver.hold(packet, decision, snapshot, transmitter);
        }
    }

    @Override
    public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
        fragmenter.fragment(adjacency, ip, ipLength, notes, hash, transmitter);
    }

    @Override
    public int turn(Snapshot snapshot, Transmitter transmitter, Resumption resumption, long nowNs) {
        return resolver.turn(snapshot, transmitter, resumption, nowNs);
    }

    /** Asks whether a neighbour is still there, or where it is. On the worker's thread. */
    void onProbe(int port, IpAddress address, @Nullable MacAddress mac) {
        resolver.onProbe(port, address.high(), address.low(), mac == null ? 0 : mac.bits());
    }
}
