package io.weir.agent.node;

import io.weir.conntrack.FragmentTracker;
import io.weir.dataplane.answer.RouterResponder;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Resumption;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * A router's answers, and the fragments that conntrack holds back: they are taken up again when their first fragment has
 * passed. One per worker; allocates nothing after start.
 */
final class NodeResponder implements Responder {
    /** Held fragments taken up in one turn of the worker. */
    private static final int FRAGMENTS_PER_TURN = 64;

    private final RouterResponder router;
    private final HeldFragments held = new HeldFragments();
    private volatile @Nullable FragmentTracker fragments;

    NodeResponder(RouterResponder router) {
        this.router = router;
    }

    /** Where fragments are held; before the worker starts. */
    void fragments(FragmentTracker tracker) {
        fragments = tracker;
    }

    @Override
    public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        router.neighbourPacket(packet, ingress, snapshot, transmitter);
    }

    @Override
    public void answer(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        router.answer(packet, decision, ingress, snapshot, transmitter);
    }

    @Override
    public void hold(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        router.hold(packet, decision, ingress, snapshot, transmitter);
    }

    @Override
    public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
        router.fragment(adjacency, ip, ipLength, notes, hash, transmitter);
    }

    @Override
    public int turn(Snapshot snapshot, Transmitter transmitter, Resumption resumption, long nowNs) {
        int work = router.turn(snapshot, transmitter, resumption, nowNs);
        final FragmentTracker tracker = fragments;
        if (tracker != null) {
            held.transmitter = transmitter;
            held.resumption = resumption;
            work += tracker.drain(held, nowNs, FRAGMENTS_PER_TURN);
        }
        return work;
    }

    /** Gives each frame a slot of the worker that took it up, which need not be the one that received it. */
    private static final class HeldFragments implements FragmentTracker.Sink {
        private @Nullable Transmitter transmitter;
        private @Nullable Resumption resumption;

        @Override
        public void onReady(long address, int length, int ingressPort, int scope, boolean checksumPartial) {
            final Transmitter way = transmitter;
            final Resumption pipeline = resumption;
            if (way == null || pipeline == null) {
                throw new IllegalStateException("frames are drained within a turn");
            }
            final PacketPool pool = way.pool();
            final int handle = pool.acquireFor(length);
            if (handle == PacketPool.NULL_HANDLE) {
                way.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
                return;
            }
            OffHeap.copy(address, pool.frameAddress(handle), length);
            pipeline.resume(handle, length, checksumPartial ? Burst.CHECKSUM_PARTIAL : 0, ingressPort, scope);
        }

        @Override
        public void onDropped(DropReason reason, int ingressPort, int length) {
            final Transmitter way = transmitter;
            if (way != null) {
                way.counters().drop(reason.id());
            }
        }
    }
}
