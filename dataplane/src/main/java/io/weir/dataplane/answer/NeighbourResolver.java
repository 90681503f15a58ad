package io.weir.dataplane.answer;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Resumption;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.route.Route;
import io.weir.dataplane.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/**
 * Packets that wait until the Ethernet address of their next hop is known. Asks for it three times, a second apart; when a
 * neighbour answers, the conductor installs a route, and the packets go through the pipeline again in the first turn with that
 * route, ahead of every packet that comes later: nothing is overtaken. When none answers, their senders are told that the host
 * is unreachable (RFC 1122 section 2.3.2.2: the latest packets wait).
 *
 * <p>Bounded: {@link #NEIGHBOURS} times {@link WaitingNeighbour#PACKETS} packets, in slots of the worker's pool, of which half
 * are left to packets that need not wait. Owned by one worker; allocates nothing.
 */
final class NeighbourResolver {
    /** Neighbours that packets of one worker can wait for at a time. */
    static final int NEIGHBOURS = 64;

    private static final int TRIES = 3;
    private static final long TRY_INTERVAL_NS = 1_000_000_000L;
    private static final int PROBES = 256;

    private final NeighbourEvents events;
    private final IcmpErrors errors;
    private final WaitingNeighbour[] waiting = new WaitingNeighbour[NEIGHBOURS];
    private final WaitingNeighbour leaving = new WaitingNeighbour();
    private final Packet packet = new Packet();
    private final @Nullable WaitingNeighbour[] probes = new @Nullable WaitingNeighbour[PROBES];
    private int waitingCount;
    private int probeCount;
    private int seenEpoch;
    private long nextDueNs;

    NeighbourResolver(NeighbourEvents events, IcmpErrors errors) {
        this.events = events;
        this.errors = errors;
        for (int i = 0; i < NEIGHBOURS; i++) {
            waiting[i] = new WaitingNeighbour();
        }
    }

    /** Keeps a copy of the packet until the next hop of the decision's destination is known. */
    void hold(Packet held, Decision decision, Snapshot snapshot, Transmitter transmitter) {
        final Route route = snapshot.routes().find(decision.routeHigh(), decision.routeLow());
        final IpAddress gateway = route == null ? null : route.gateway();
        final long high = gateway == null ? decision.routeHigh() : gateway.high();
        final long low = gateway == null ? decision.routeLow() : gateway.low();
        WaitingNeighbour neighbour = find(decision.outputPort(), high, low);
        if (neighbour == null) {
            neighbour = begin(decision.outputPort(), high, low);
            if (neighbour == null) {
                transmitter.counters().drop(DataplaneDrop.NEIGHBOUR_QUEUE_FULL.id());
                return;
            }
            neighbour.destination(decision.routeHigh(), decision.routeLow());
            ask(neighbour, snapshot, transmitter, held.nowNs());
        }
        if (neighbour.isFull() || transmitter.pool().isScarceFor(held.length())) {
            if (neighbour.count() == 0) {
                transmitter.counters().drop(DataplaneDrop.NEIGHBOUR_QUEUE_FULL.id());
                return;
            }
            transmitter.drop(neighbour.removeOldest(), DataplaneDrop.NEIGHBOUR_QUEUE_FULL);
        }
        final int handle = transmitter.pool().acquireFor(held.length());
        if (handle == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return;
        }
        OffHeap.copy(held.address(), transmitter.pool().frameAddress(handle), held.length());
        final int notes = held.segmentSize() | (held.isChecksumPartial() ? Burst.CHECKSUM_PARTIAL : 0);
        neighbour.add(handle, held.length(), notes, held.ingressPort(), held.scope());
    }

    private @Nullable WaitingNeighbour find(int port, long high, long low) {
        if (waitingCount != 0) {
            for (final WaitingNeighbour neighbour : waiting) {
                if (neighbour.is(port, high, low)) {
                    return neighbour;
                }
            }
        }
        return null;
    }

    private @Nullable WaitingNeighbour begin(int port, long high, long low) {
        for (final WaitingNeighbour neighbour : waiting) {
            if (!neighbour.isUsed()) {
                neighbour.begin(port, high, low);
                waitingCount++;
                return neighbour;
            }
        }
        return null;
    }

    private void ask(WaitingNeighbour neighbour, Snapshot snapshot, Transmitter transmitter, long nowNs) {
        neighbour.asked(nowNs + TRY_INTERVAL_NS);
        if (waitingCount == 1 || neighbour.nextTryNs() < nextDueNs) {
            nextDueNs = neighbour.nextTryNs();
        }
        events.wanted(neighbour.port(), neighbour.high(), neighbour.low());
        final Ingress ingress = snapshot.ingresses().get(neighbour.port());
        if (ingress != null) {
            Solicitor.ask(ingress, neighbour.high(), neighbour.low(), 0, transmitter);
        }
    }

    /** The conductor wants to know whether this neighbour is still there; 0 for an unknown Ethernet address. */
    void onProbe(int port, long high, long low, long mac) {
        if (probeCount < PROBES) {
            if (probes[probeCount] == null) {
                probes[probeCount] = new WaitingNeighbour();
            }
            probes[probeCount++].probe(port, high, low, mac);
        }
    }

    /** What is due by time; returns packets sent or taken up. */
    int turn(Snapshot snapshot, Transmitter transmitter, Resumption resumption, long nowNs) {
        if (probeCount == 0 && waitingCount == 0) {
            return 0;
        }
        int work = sendProbes(snapshot, transmitter);
        final boolean newRoutes = snapshot.epoch() != seenEpoch;
        seenEpoch = snapshot.epoch();
        if (waitingCount == 0 || (!newRoutes && nowNs - nextDueNs < 0)) {
            return work;
        }
        long earliest = nowNs + TRY_INTERVAL_NS;
        for (final WaitingNeighbour neighbour : waiting) {
            if (!neighbour.isUsed()) {
                continue;
            }
            if (newRoutes && !stillWaits(neighbour, snapshot)) {
                work += resume(neighbour, resumption);
            } else if (nowNs - neighbour.nextTryNs() >= 0) {
                if (neighbour.tries() >= TRIES) {
                    work += giveUp(neighbour, snapshot, transmitter, nowNs);
                } else {
                    ask(neighbour, snapshot, transmitter, nowNs);
                    work++;
                }
            }
            if (neighbour.isUsed() && neighbour.nextTryNs() - earliest < 0) {
                earliest = neighbour.nextTryNs();
            }
        }
        nextDueNs = earliest;
        return work;
    }

    /** Whether the way to the first packet's destination still waits for this neighbour. */
    private static boolean stillWaits(WaitingNeighbour neighbour, Snapshot snapshot) {
        final long high = neighbour.destinationHigh();
        final long low = neighbour.destinationLow();
        final Route route = snapshot.routes().find(high, low);
        if (route == null || route.kind() != Route.Kind.RESOLVE || route.port() != neighbour.port()) {
            return false;
        }
        final IpAddress gateway = route.gateway();
        return gateway == null
                ? high == neighbour.high() && low == neighbour.low()
                : gateway.high() == neighbour.high() && gateway.low() == neighbour.low();
    }

    private int sendProbes(Snapshot snapshot, Transmitter transmitter) {
        final int count = probeCount;
        for (int i = 0; i < count; i++) {
            final WaitingNeighbour probe = probes[i];
            final Ingress ingress = snapshot.ingresses().get(probe.port());
            if (ingress != null) {
                Solicitor.ask(ingress, probe.high(), probe.low(), probe.mac(), transmitter);
            }
        }
        probeCount = 0;
        return count;
    }

    /** A packet that is taken up may have to wait again, so the entry is free before the first one goes. */
    private int resume(WaitingNeighbour neighbour, Resumption resumption) {
        leave(neighbour);
        for (int i = 0; i < leaving.count(); i++) {
            resumption.resume(
                    leaving.handle(i), leaving.length(i), leaving.notes(i), leaving.ingressPort(i), leaving.scope(i));
        }
        return leaving.count();
    }

    private void leave(WaitingNeighbour neighbour) {
        leaving.takeFrom(neighbour);
        waitingCount--;
    }

    private int giveUp(WaitingNeighbour neighbour, Snapshot snapshot, Transmitter transmitter, long nowNs) {
        leave(neighbour);
        for (int i = 0; i < leaving.count(); i++) {
            final int handle = leaving.handle(i);
            final Ingress ingress = snapshot.ingresses().get(leaving.ingressPort(i));
            PacketParser.locate(
                    packet,
                    transmitter.pool().frameAddress(handle),
                    leaving.length(i),
                    handle,
                    leaving.ingressPort(i),
                    leaving.scope(i),
                    Burst.segmentSizeOf(leaving.notes(i)),
                    (leaving.notes(i) & Burst.CHECKSUM_PARTIAL) != 0,
                    nowNs);
            if (ingress != null && PacketParser.parse(packet) == null) {
                errors.send(packet, Answer.HOST_UNREACHABLE, 0, ingress, snapshot, transmitter);
            }
            transmitter.drop(handle, DataplaneDrop.NEIGHBOUR_UNRESOLVED);
        }
        return leaving.count();
    }
}
