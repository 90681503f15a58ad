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
    private static final int TRANSPORT = ETHERNET + 20;
    private static final int LENGTH = TRANSPORT + 8;
    private static final int TCP_HEADER = 20;
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
        frame.putShort(TRANSPORT, (short) sourcePort).putShort(TRANSPORT + 2, (short) destinationPort);
        frame.putShort(TRANSPORT + 4, (short) (LENGTH - TRANSPORT));
        parse(frame, PacketParser.PROTOCOL_UDP, source, destination, nowNs);
    }

    private void parse(ByteBuffer frame, int protocol, int source, int destination, long nowNs) {
        final int length = frame.capacity();
        frame.put(12, (byte) 0x08).put(ETHERNET, (byte) 0x45).putShort(ETHERNET + 2, (short) (length - ETHERNET));
        frame.put(ETHERNET + 8, (byte) 64).put(ETHERNET + 9, (byte) protocol);
        frame.putInt(ETHERNET + 12, source).putInt(ETHERNET + 16, destination);
        int sum = 0;
        for (int i = ETHERNET; i < TRANSPORT; i += 2) {
            sum += frame.getShort(i) & 0xFFFF;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        frame.putShort(ETHERNET + 10, (short) ~((sum & 0xFFFF) + (sum >>> 16)));
        for (int i = 0; i < length; i++) {
            OffHeap.putByte(memory + i, frame.get(i));
        }
        PacketParser.locate(packet, memory, length, Packet.NONE, 3, 1, 0, false, nowNs);
        if (PacketParser.parse(packet) != null) {
            throw new IllegalStateException("the packet should be well formed");
        }
        decision.reset(packet);
        table.sweep(nowNs, SWEEP_ENTRIES);
    }

    /**
     * A TCP segment without options, of 100 bytes unless it opens or resets, as a worker treats it: shown to the connection that it
     * is known to be of, and if that has something against it, or it is not known, decided about.
     *
     * @param connection that a worker has remembered, or {@link Decision#NONE}
     */
    boolean passes(
            StressConnection of,
            boolean reply,
            int flags,
            int sequence,
            int acknowledgement,
            int connection,
            int generation) {
        final int payload = (flags & StressConnection.SYN_OR_RST) != 0 ? 0 : StressConnection.SEGMENT;
        final ByteBuffer frame = ByteBuffer.allocate(TRANSPORT + TCP_HEADER + payload);
        frame.putShort(TRANSPORT, (short) (reply ? StressConnection.SERVER_PORT : StressConnection.CLIENT_PORT));
        frame.putShort(TRANSPORT + 2, (short) (reply ? StressConnection.CLIENT_PORT : StressConnection.SERVER_PORT));
        frame.putInt(TRANSPORT + 4, sequence).putInt(TRANSPORT + 8, acknowledgement);
        frame.put(TRANSPORT + 12, (byte) 0x50).put(TRANSPORT + 13, (byte) flags).putShort(TRANSPORT + 14, (short) 8192);
        parse(
                frame,
                PacketParser.PROTOCOL_TCP,
                reply ? StressConnection.SERVER : of.client(),
                reply ? of.client() : StressConnection.SERVER,
                of.nowNs());
        return (connection != Decision.NONE
                        && table.segment(
                                connection,
                                generation,
                                reply,
                                memory + TRANSPORT,
                                frame.capacity() - TRANSPORT,
                                of.nowNs()))
                || pipeline.decide(packet, decision) == Verdict.FORWARD;
    }
}
