package io.weir.dataplane.flow;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a packet by the pipeline, carries the decision out, and lets the flow cache remember it. Everything that is
 * not plain comes here: first packets, TCP state changes, ICMP, fragments, options, ARP. Owned by one thread; allocates
 * nothing unless a listener asks for an explanation.
 */
public final class SlowPath implements AutoCloseable {
    private final FlowCache cache;
    private final Transmitter transmitter;
    private final Responder responder;
    private final PathCounters counters;
    private final Packet packet = new Packet();
    private final Decision decision = new Decision();
    private final long scratch = OffHeap.allocate(FlowEntry.LENGTH);
    private PacketListener listener = PacketListener.NONE;
    private PacketEvents events = PacketEvents.NONE;

    public SlowPath(FlowCache cache, Transmitter transmitter, Responder responder, PathCounters counters) {
        this.cache = cache;
        this.transmitter = transmitter;
        this.responder = responder;
        this.counters = counters;
    }

    /** Who is told about each packet that comes here: trace, replay reports. */
    public void listener(PacketListener newListener) {
        listener = newListener;
        decision.explainTo(newListener.explanation());
    }

    /** Where some packets are taken down for later. */
    public void events(PacketEvents newEvents) {
        events = newEvents;
    }

    /** Handles one packet of a burst to its end: sent, answered, held or dropped; its slot is taken care of. */
    void process(Burst burst, int i, int scope, Ingress ingress, Snapshot snapshot, long nowNs) {
        final int handle = burst.handle(i);
        PacketParser.locate(
                packet,
                burst.address(i),
                burst.length(i),
                handle,
                ingress.port(),
                scope,
                burst.segmentSize(i),
                burst.isChecksumPartial(i),
                nowNs);
        final DataplaneDrop fault = PacketParser.parse(packet);
        if (fault != null) {
            drop(fault, null);
            return;
        }
        if (isNeighbourPacket()) {
            counters.count(PathCounter.ANSWERED);
            responder.neighbourPacket(packet, ingress, snapshot, transmitter);
            listener.neighbourPacket(packet);
            transmitter.release(handle);
            return;
        }
        final DataplaneDrop misaddressed = checkLink(ingress, scope);
        if (misaddressed != null) {
            drop(misaddressed, null);
            return;
        }
        decide(burst.notes(i), ingress, snapshot);
    }

    /** A tunnel packet that termination refused: told to the listener, its slot released. */
    void droppedInTunnel(Burst burst, int i, Ingress ingress, int reasonId, long nowNs) {
        PacketParser.locate(
                packet,
                burst.address(i),
                burst.length(i),
                burst.handle(i),
                ingress.port(),
                ingress.port(),
                0,
                false,
                nowNs);
        PacketParser.parse(packet);
        refusedInTunnel(burst, i, ingress, reasonId, nowNs);
        listener.droppedInTunnel(packet, reasonId);
        transmitter.release(burst.handle(i));
    }

    /** A tunnel packet that termination refused is taken down. */
    void refusedInTunnel(Burst burst, int i, Ingress ingress, int reasonId, long nowNs) {
        events.dropped(reasonId, ingress.port(), burst.address(i), burst.length(i), null, nowNs);
    }

    private boolean isNeighbourPacket() {
        return packet.etherType() == PacketParser.ETHERTYPE_ARP
                || (packet.protocol() == PacketParser.PROTOCOL_ICMPV6
                        && packet.icmpType() >= 133
                        && packet.icmpType() <= 137);
    }

    private @Nullable DataplaneDrop checkLink(Ingress ingress, int scope) {
        if (packet.destinationHigh() >>> 56 == 0xFF && !packet.isIpv4()) {
            return DataplaneDrop.MULTICAST_DESTINATION;
        }
        final boolean decapsulated = scope != ingress.port();
        if (!decapsulated && packet.destinationMac() != ingress.mac().bits()) {
            return packet.destinationMac() == MacAddress.BROADCAST.bits()
                    ? DataplaneDrop.BROADCAST_DESTINATION
                    : DataplaneDrop.WRONG_DESTINATION_MAC;
        }
        final MacAddress peer = ingress.peerMac();
        return peer != null && peer.bits() != packet.sourceMac() ? DataplaneDrop.SPOOFED_SOURCE_MAC : null;
    }

    private void drop(DropReason reason, @Nullable Decision decided) {
        counters.drop(reason.id());
        takeDown(reason, decided);
        listener.dropped(packet, reason);
        transmitter.release(packet.handle());
    }

    private void takeDown(DropReason reason, @Nullable Decision decided) {
        events.dropped(reason.id(), packet.ingressPort(), packet.address(), packet.length(), decided, packet.nowNs());
    }

    private void decide(int notes, Ingress ingress, Snapshot snapshot) {
        counters.count(PathCounter.PIPELINE_RUNS);
        decision.reset(packet);
        listener.deciding(packet);
        final Verdict verdict = snapshot.pipeline().decide(packet, decision);
        switch (verdict) {
            case FORWARD, CONTINUE -> forward(notes, ingress, snapshot);
            case DROP -> {
                final DropReason reason = decision.reason();
                if (decision.isCacheable() && (isPlain() || isNewSyn()) && reason != null) {
                    FlowEncoder.encodeDrop(scratch, packet, decision, reason.id(), snapshot.epoch(), tick());
                    install();
                }
                drop(reason == null ? DataplaneDrop.NO_ROUTE : reason, decision);
            }
            case ANSWER -> answer(ingress, snapshot);
            case PUNT -> {
                counters.count(PathCounter.HELD);
                responder.hold(packet, decision, ingress, snapshot, transmitter);
                listener.held(packet);
                transmitter.release(packet.handle());
            }
        }
    }

    private void answer(Ingress ingress, Snapshot snapshot) {
        final DropReason reason = decision.reason();
        if (reason == null) {
            counters.count(PathCounter.ANSWERED);
        } else {
            counters.drop(reason.id());
            takeDown(reason, decision);
        }
        responder.answer(packet, decision, ingress, snapshot, transmitter);
        listener.answered(packet, decision.answer(), reason);
        transmitter.release(packet.handle());
    }

    private short tick() {
        return (short) (packet.nowNs() >>> FastPath.TICK_SHIFT);
    }

    /** The shapes that the fast path takes; it must never look for anything else but dropped SYNs. */
    private boolean isPlain() {
        final boolean state =
                (packet.tcpFlags() & (PacketParser.TCP_SYN | PacketParser.TCP_FIN | PacketParser.TCP_RST)) != 0;
        final boolean transport =
                packet.protocol() == PacketParser.PROTOCOL_UDP || packet.protocol() == PacketParser.PROTOCOL_TCP;
        return transport && !state && isWhole();
    }

    /** A SYN that belongs to no connection: within one, what it means depends on the connection's state. */
    private boolean isNewSyn() {
        return packet.protocol() == PacketParser.PROTOCOL_TCP
                && PlainHeaders.isSyn(packet.tcpFlags())
                && decision.connection() == Decision.NONE
                && isWhole();
    }

    private boolean isWhole() {
        return !packet.isFragment() && packet.l4Offset() == packet.l3Offset() + (packet.isIpv4() ? 20 : 40);
    }

    private void install() {
        cache.install(scratch, tick());
        counters.count(PathCounter.INSTALLED_FLOWS);
    }

    private void forward(int notes, Ingress ingress, Snapshot snapshot) {
        final long adjacency = snapshot.adjacencies().entry(decision.adjacency());
        final long ip = packet.address() + packet.l3Offset();
        final int ipLength = packet.l3Length();
        final int mtu = AdjacencyTable.mtuOf(adjacency);
        final boolean fits =
                ipLength <= mtu || FastPath.fitsInSegments(ip, packet.isIpv4() ? 20 : 40, notes, adjacency);
        if (!fits && (packet.isDontFragment() || packet.segmentSize() != 0)) {
            decision.mtu(mtu);
            decision.reject(DataplaneDrop.PACKET_TOO_BIG, Answer.TOO_BIG);
            answer(ingress, snapshot);
            return;
        }
        FlowEncoder.encodeForward(scratch, packet, decision, snapshot.epoch(), tick());
        if (decision.isCacheable() && isPlain()) {
            install();
            events.newFlow(packet.ingressPort(), packet.address(), packet.length(), decision, packet.nowNs());
        }
        final int hash = FlowCache.hashOf(scratch);
        rewrite(ip);
        if (snapshot.tunnels() != null && MssClamp.concerns(packet)) {
            clampSegmentSize(snapshot.tunnels(), adjacency);
        }
        listener.forwarded(packet, decision);
        if (!fits) {
            responder.fragment(adjacency, ip, ipLength, notes, hash, transmitter);
            transmitter.release(packet.handle());
            return;
        }
        transmitter.sendVia(adjacency, packet.handle(), ip, ipLength, notes, hash);
    }

    private void clampSegmentSize(TunnelTermination tunnels, long adjacency) {
        final int here = tunnels.segmentMtu(packet.scope(), adjacency);
        // what answers are told concerns packets of the other direction, which may come by a tunnel of their own
        final int there = tunnels.segmentMtu(decision.otherScope(), adjacency);
        final int mtu = here == 0 || there == 0 ? here + there : Math.min(here, there);
        if (mtu != 0) {
            MssClamp.apply(
                    packet.address() + packet.l4Offset(),
                    packet.l3End() - packet.l4Offset(),
                    mtu - (packet.isIpv4() ? 40 : 60),
                    packet.isChecksumPartial());
        }
    }

    private void rewrite(long ip) {
        final int action = FlowEntry.action(scratch);
        final long transport = packet.isLaterFragment() ? 0 : packet.address() + packet.l4Offset();
        if (packet.isIpv4()) {
            Rewriter.rewriteIpv4(scratch, action, ip, transport, packet.protocol(), packet.isChecksumPartial());
        } else {
            Rewriter.rewriteIpv6(scratch, action, ip, transport, packet.protocol(), packet.isChecksumPartial());
        }
        if (transport != 0 && decision.isTranslated()) {
            Rewriter.finishUncommon(packet, decision, transport);
        }
    }

    @Override
    public void close() {
        OffHeap.free(scratch);
    }
}
