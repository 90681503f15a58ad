package io.weir.stress;

import io.weir.conntrack.Handover;
import io.weir.dataplane.pipeline.Decision;

/**
 * An established TCP connection of one iteration. Both ends have sent a segment of 100 bytes, which was acknowledged, and offer windows of
 * 8192 bytes.
 */
final class StressConnection {
    static final int SERVER = 0xC000_0202;
    static final int CLIENT_PORT = 4000;
    static final int SERVER_PORT = 80;

    /** Bytes of payload. */
    static final int SEGMENT = 100;

    static final int SYN_OR_RST = 2 | 4;
    static final int ACK = 16;

    /** What each side sends next. */
    static final int CLIENT_NEXT = 1001 + SEGMENT;

    static final int SERVER_NEXT = 5001 + SEGMENT;

    /** More than windows allow. */
    static final int FAR = 10_000_000;

    private static final int FIN_ACK = 17;
    private static final int RST = 4;
    private static final SharedConnections SHARED = new SharedConnections(false);

    private final int iteration = SharedConnections.nextIteration();
    private final int connection;
    private final int generation;

    StressConnection() {
        final StressSender sender = SHARED.sender();
        final boolean isEstablished = sender.passes(this, false, 2, 1000, 0, Decision.NONE, 0)
                && sender.passes(this, true, 2 | ACK, 5000, 1001, Decision.NONE, 0)
                && sender.passes(this, false, ACK, 1001, 5001, Decision.NONE, 0)
                && sender.passes(this, true, ACK, 5001, CLIENT_NEXT, Decision.NONE, 0);
        connection = sender.decision.connection();
        generation = sender.decision.connectionGeneration();
        if (!isEstablished || !handover().isOpen(connection, generation)) {
            throw new IllegalStateException("the connection should be established");
        }
    }

    int client() {
        return SharedConnections.addressOf(iteration);
    }

    long nowNs() {
        return SharedConnections.timeOf(iteration);
    }

    Handover handover() {
        return SHARED.table().handover();
    }

    boolean begin() {
        return handover().begin(connection, generation);
    }

    void end() {
        handover().end(connection, generation);
    }

    boolean isOpen() {
        return handover().isOpen(connection, generation);
    }

    /** Sequence numbers of what both sides send next, as far as conntrack knows. */
    boolean isAt(int clientNext, int serverNext) {
        return handover().validNumbers(connection, false) == (((long) clientNext << 32) | (serverNext & 0xFFFF_FFFFL));
    }

    /** A segment of a flow that the worker has remembered. */
    boolean segment(boolean reply, int sequence, int acknowledgement) {
        return SHARED.sender().passes(this, reply, ACK, sequence, acknowledgement, connection, generation);
    }

    /** A segment of a flow that the worker has not remembered. */
    boolean slowSegment(boolean reply, int sequence, int acknowledgement) {
        return SHARED.sender().passes(this, reply, ACK, sequence, acknowledgement, Decision.NONE, 0);
    }

    boolean clientEnds() {
        return SHARED.sender().passes(this, false, FIN_ACK, CLIENT_NEXT, SERVER_NEXT, Decision.NONE, 0);
    }

    /** Makes room for others. */
    void reset(int clientNext) {
        SHARED.sender().passes(this, false, RST, clientNext, 0, Decision.NONE, 0);
    }
}
