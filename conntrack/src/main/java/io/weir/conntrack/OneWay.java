package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import java.util.List;

/**
 * A connection of which one direction alone passes here, because its backend's node answers the client itself (direct server
 * return). Its packets can't be judged by what the other side has said, so the state only tells how long it may be silent;
 * the backend's node tracks it in full. When the table is full such connections make room first: the service stage chooses
 * the same backend again as long as the Service has the same ones.
 */
final class OneWay {
    /** Nothing but what begins a connection was seen. */
    static final int FIRST = 0;

    static final int USED = 1;

    /** The client has ended it or reset it. */
    static final int ENDED = 2;

    private static final int SYN_ACK = PacketParser.TCP_SYN | PacketParser.TCP_ACK;

    private OneWay() {}

    /** The status of a connection that begins with this packet. */
    static int begin(Packet packet) {
        final boolean midStream =
                packet.protocol() == PacketParser.PROTOCOL_TCP && (packet.tcpFlags() & PacketParser.TCP_SYN) == 0;
        return Entry.ONE_WAY << Entry.KIND_SHIFT | (midStream ? USED : FIRST);
    }

    /** The status after this packet. Answers may pass here all the same, where routing wants it so. */
    static int next(int status, Packet packet, boolean reply) {
        if (reply) {
            return status | Entry.REPLIED;
        }
        if (packet.protocol() != PacketParser.PROTOCOL_TCP) {
            return with(status, USED);
        }
        final int flags = packet.tcpFlags();
        if ((flags & (PacketParser.TCP_FIN | PacketParser.TCP_RST)) != 0) {
            return with(status, ENDED);
        }
        return Entry.state(status) == FIRST && (flags & PacketParser.TCP_SYN) == 0 ? with(status, USED) : status;
    }

    private static int with(int status, int state) {
        return (status & ~Entry.STATE_MASK) | state;
    }

    /** A SYN on the ports of a connection that the client has ended begins another. */
    static boolean reopens(int status, int tcpFlags) {
        return Entry.kind(status) == Entry.ONE_WAY
                && Entry.state(status) == ENDED
                && (tcpFlags & SYN_ACK) == PacketParser.TCP_SYN;
    }

    /** The connection's backend is gone, or its node does not answer for itself any more: it has to be decided again. */
    static boolean isLost(BackendStates backends, int backend, int status) {
        return backends.isGone(backend) || (Entry.kind(status) == Entry.ONE_WAY && !backends.isDirect(backend));
    }

    /** All that {@link #stateName} can be. */
    static final List<String> STATES = List.of("ONE_WAY_FIRST", "ONE_WAY", "ONE_WAY_ENDED");

    static String stateName(int status) {
        return switch (Entry.state(status)) {
            case FIRST -> STATES.get(0);
            case USED -> STATES.get(1);
            default -> STATES.get(2);
        };
    }
}
