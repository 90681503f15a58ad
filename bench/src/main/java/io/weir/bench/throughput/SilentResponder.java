package io.weir.bench.throughput;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Decision;

/** Answers nothing: a measurement sends nothing that wants an answer, and what would is seen as not forwarded. */
final class SilentResponder implements Responder {
    static final SilentResponder INSTANCE = new SilentResponder();

    private SilentResponder() {}

    @Override
    public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        // not part of a measurement
    }

    @Override
    public void answer(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        // not part of a measurement
    }

    @Override
    public void hold(Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
        // not part of a measurement
    }

    @Override
    public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
        // not part of a measurement
    }
}
