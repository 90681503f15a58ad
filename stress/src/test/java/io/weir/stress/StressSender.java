package io.weir.stress;

import io.weir.conntrack.ConntrackStages;
import io.weir.conntrack.ConntrackTable;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Pipeline;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import java.nio.ByteBuffer;
import java.util.List;

/** One worker's packets through the connection-tracking stages that all workers share. Owned by one thread. */
final class StressSender {
    private static final int ETHERNET = 14;
    private static final int UDP = ETHERNET + 20;
    private static final int LENGTH = UDP + 8;
    private static final int SWEEP_ENTRIES = 256;

    private static final Stage ROUTE = new Stage() {
        @Override
        public String name() {
            return "route";
        }

        @Override
        public Verdict decide(Packet packet, Decision decision) {
            decision.leaveBy(1, 9, 1500);
            return Verdict.CONTINUE;
        }

        @Override
        public String describe() {
            return "everything by one port";
        }
    };

    final Decision decision = new Decision();
    private final Packet packet = new Packet();
    private final long memory = OffHeap.allocate(4096);
    private final Pipeline pipeline;
    private final ConntrackTable table;

    /** Whose packets go out as conntrack and source NAT say. */
    StressSender(ConntrackStages stages, ConntrackTable table) {
        this.table = table;
        pipeline = new Pipeline(List.of(stages.conntrack(), ROUTE, stages.snat(), stages.commit()));
    }

    /** Looks for the connection of a UDP packet and decides; what was decided stays in {@link #decision}. */
    Verdict send(int source, int sourcePort, int destination, int destinationPort, long nowNs) {
        parse(source, sourcePort, destination, destinationPort, nowNs);
        return pipeline.decide(packet, decision);
    }

    /** As above, but goes no further than one stage. */
    Verdict ask(Stage stage, int source, int sourcePort, int destination, int destinationPort, long nowNs) {
        parse(source, sourcePort, destination, destinationPort, nowNs);
        return stage.decide(packet, decision);
    }

    private void parse(int source, int sourcePort, int destination, int destinationPort, long nowNs) {
        final ByteBuffer frame = ByteBuffer.allocate(LENGTH);
        frame.put(12, (byte) 0x08).put(ETHERNET, (byte) 0x45).putShort(ETHERNET + 2, (short) (LENGTH - ETHERNET));
        frame.put(ETHERNET + 8, (byte) 64).put(ETHERNET + 9, (byte) 17);
        frame.putInt(ETHERNET + 12, source).putInt(ETHERNET + 16, destination);
        int sum = 0;
        for (int i = ETHERNET; i < UDP; i += 2) {
            sum += frame.getShort(i) & 0xFFFF;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        frame.putShort(ETHERNET + 10, (short) ~((sum & 0xFFFF) + (sum >>> 16)));
        frame.putShort(UDP, (short) sourcePort).putShort(UDP + 2, (short) destinationPort);
        frame.putShort(UDP + 4, (short) (LENGTH - UDP));
        OffHeap.copy(frame.array(), 0, memory, LENGTH);
        PacketParser.locate(packet, memory, LENGTH, Packet.NONE, 3, 1, 0, false, nowNs);
        if (PacketParser.parse(packet) != null) {
            throw new IllegalStateException("the packet should be well formed");
        }
        decision.reset(packet);
        table.sweep(nowNs, SWEEP_ENTRIES);
    }
}
