package io.weir.agent.api;

import io.weir.agent.node.WeirDropReasons;
import io.weir.agent.simulation.StageRecorder;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PacketListener;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.DropReason;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.pipeline.Explanation;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.worker.Dataplane;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes down what one worker does with the packets that somebody traces. On the worker's thread. */
final class TraceListener implements PacketListener {
    /** Bytes of each packet that are shown. */
    private static final int SHOWN = 256;

    /** More clients than that don't get packets; a mask has 64 bits. */
    private static final int MAX_CLIENTS = 64;

    private final int worker;
    private final Dataplane dataplane;
    private final List<TraceHub.Subscription> subscriptions;
    private final StageRecorder recorder = new StageRecorder();
    private TraceHub.Subscription[] clients = {};
    private long wantedBy;
    private boolean begun;
    private byte[] bytes = {};

    TraceListener(int worker, Dataplane dataplane, List<TraceHub.Subscription> subscriptions) {
        this.worker = worker;
        this.dataplane = dataplane;
        this.subscriptions = subscriptions;
    }

    @Override
    public Explanation explanation() {
        return recorder;
    }

    private void begin(Packet packet) {
        begun = true;
        clients = subscriptions.toArray(TraceHub.Subscription[]::new);
        wantedBy = 0;
        for (int i = 0; i < clients.length && i < MAX_CLIENTS; i++) {
            if (clients[i].filters().get(worker).matches(packet.address(), packet.length())) {
                wantedBy |= 1L << i;
            }
        }
        recorder.start("");
        if (wantedBy != 0) {
            bytes = new byte[Math.min(SHOWN, packet.length())];
            OffHeap.copy(packet.address(), bytes, 0, bytes.length);
        }
    }

    private void end(Packet packet, String verdict, @Nullable String reason, @Nullable Decision forwarded) {
        if (!begun) {
            begin(packet);
        }
        begun = false;
        if (wantedBy == 0) {
            return;
        }
        final long nowMs = System.currentTimeMillis();
        final TracedPacket traced = new TracedPacket(
                nowMs * 1_000_000L,
                worker,
                port(packet.ingressPort()),
                bytes,
                packet.length(),
                verdict,
                reason,
                forwarded == null ? null : port(dataplane.adjacencies().outputPort(forwarded.adjacency())),
                forwarded == null
                        ? null
                        : Protocols.endpoint(
                                new IpAddress(forwarded.sourceHigh(), forwarded.sourceLow()), forwarded.sourcePort()),
                forwarded == null
                        ? null
                        : Protocols.endpoint(
                                new IpAddress(forwarded.destinationHigh(), forwarded.destinationLow()),
                                forwarded.destinationPort()),
                recorder.stages());
        for (int i = 0; i < clients.length && i < MAX_CLIENTS; i++) {
            if ((wantedBy >>> i & 1) != 0) {
                clients[i].queue().offer(traced);
            }
        }
    }

    private String port(int id) {
        final List<@Nullable Ingress> ports = dataplane.snapshot().ingresses();
        final Ingress port = id >= 0 && id < ports.size() ? ports.get(id) : null;
        return port == null ? "port " + id : port.name();
    }

    @Override
    public void deciding(Packet packet) {
        begin(packet);
    }

    @Override
    public void forwarded(Packet packet, Decision decision) {
        end(packet, "forward", null, decision);
    }

    @Override
    public void dropped(Packet packet, DropReason reason) {
        end(packet, "drop", reason.label(), null);
    }

    @Override
    public void droppedInTunnel(Packet packet, int reasonId) {
        final DropReason reason = WeirDropReasons.ALL.byId(reasonId);
        end(packet, "drop", reason == null ? "reason " + reasonId : reason.label(), null);
    }

    @Override
    public void answered(Packet packet, Answer answer, @Nullable DropReason reason) {
        end(
                packet,
                reason == null ? "answer" : "reject",
                reason == null ? DropReasons.labelOf(answer.name()) : reason.label(),
                null);
    }

    @Override
    public void neighbourPacket(Packet packet) {
        end(packet, "neighbour", null, null);
    }

    @Override
    public void held(Packet packet) {
        end(packet, "hold", null, null);
    }
}
