package io.weir.agent.simulation;

import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.Responder;
import io.weir.dataplane.flow.Snapshot;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.worker.Dataplane;
import java.util.ArrayList;
import java.util.List;

/** For a node that only decides: no packet is ever received, so nothing is answered or sent. */
final class DryParts implements Dataplane.WorkerParts, AutoCloseable {
    private final List<Long> memory = new ArrayList<>();

    @Override
    public long counterMemory(int workerId, long length) {
        final long address = OffHeap.allocate(length);
        memory.add(address);
        return address;
    }

    @Override
    public Responder responder(int workerId) {
        return new NeverAsked();
    }

    @Override
    public Transmitter.Offload offload(int workerId) {
        return new NeverAsked();
    }

    @Override
    public void close() {
        memory.forEach(OffHeap::free);
        memory.clear();
    }

    private static final class NeverAsked implements Responder, Transmitter.Offload {
        private static AssertionError asked() {
            return new AssertionError("a dry run receives no packet");
        }

        @Override
        public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            throw asked();
        }

        @Override
        public void answer(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            throw asked();
        }

        @Override
        public void hold(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            throw asked();
        }

        @Override
        public void fragment(long adjacency, long ip, int ipLength, int hash, Transmitter transmitter) {
            throw asked();
        }

        @Override
        public void send(Transmitter transmitter, int port, int handle, long frame, int length, int notes) {
            throw asked();
        }

        @Override
        public void sendTunnelled(
                Transmitter transmitter, long adjacency, int handle, long ip, int ipLength, int notes, int hash) {
            throw asked();
        }
    }
}
