package io.weir.conntrack;

import static io.weir.conntrack.SctpState.CLOSED;
import static io.weir.conntrack.SctpState.COOKIE_ECHOED;
import static io.weir.conntrack.SctpState.COOKIE_WAIT;
import static io.weir.conntrack.SctpState.ESTABLISHED;
import static io.weir.conntrack.SctpState.SHUTDOWN_ACK_SENT;
import static io.weir.conntrack.SctpState.SHUTDOWN_RECEIVED;
import static io.weir.conntrack.SctpState.SHUTDOWN_SENT;

import io.weir.dataplane.memory.OffHeap;
import org.jspecify.annotations.Nullable;

/**
 * The SCTP association as an observer sees it (RFC 9260), single-homed. The verification tags that each side has asked for
 * are kept where TCP keeps its windows: a packet must carry the tag of its receiver.
 */
final class SctpMachine {
    static final int DATA = 0;
    static final int INIT = 1;
    static final int INIT_ACK = 2;
    static final int ABORT = 6;
    static final int SHUTDOWN = 7;
    static final int SHUTDOWN_ACK = 8;
    static final int ERROR = 9;
    static final int COOKIE_ECHO = 10;
    static final int COOKIE_ACK = 11;
    static final int SHUTDOWN_COMPLETE = 14;

    private static final int COMMON_HEADER = 12;
    private static final int CHUNK_HEADER = 4;

    /** The bit in an ABORT or SHUTDOWN COMPLETE that says: the tag is the sender's own (RFC 9260 section 8.5.1). */
    private static final int TAG_REFLECTED = 1;

    private static final int NONE = -1;

    private static final SctpState[] STATES = SctpState.values();

    private SctpMachine() {}

    /**
     * The chunk type that matters most in a packet, {@link #NONE} when the chunks are malformed.
     *
     * @param more the packet goes on in later fragments, and so may its last chunk
     */
    private static int decisiveChunk(long sctp, int length, boolean more) {
        int decisive = DATA;
        int count = 0;
        int at = COMMON_HEADER;
        boolean alone = false;
        while (at < length) {
            if (at + CHUNK_HEADER > length) {
                return more && count > 0 ? decisive : NONE;
            }
            final int type = OffHeap.getByte(sctp + at) & 0xFF;
            final int chunkLength = OffHeap.getShortBigEndian(sctp + at + 2);
            if (chunkLength < CHUNK_HEADER || (at + chunkLength > length && !more)) {
                return NONE;
            }
            alone |= type == INIT || type == INIT_ACK || type == SHUTDOWN_COMPLETE;
            if ((type == INIT || type == INIT_ACK) && (chunkLength < 20 || at + 20 > length)) {
                return NONE;
            }
            if (count == 0 || ((decisive == DATA || decisive > SHUTDOWN_COMPLETE) && isControl(type))) {
                decisive = type;
            }
            count++;
            at += (chunkLength + 3) & ~3;
        }
        return count == 0 || (alone && count > 1) ? NONE : decisive;
    }

    private static boolean isControl(int type) {
        return switch (type) {
            case ABORT, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK -> true;
            default -> false;
        };
    }

    static @Nullable ConntrackDrop refuseNew(long sctp, int length, boolean more) {
        final int chunk = decisiveChunk(sctp, length, more);
        if (chunk == NONE) {
            return ConntrackDrop.SCTP_CHUNK_INVALID;
        }
        // RFC 9260 section 8.5.1: only an INIT carries the tag 0
        return chunk == INIT && tag(sctp) == 0 ? null : ConntrackDrop.SCTP_NOT_AN_INIT;
    }

    static int begin(long entry, long sctp) {
        TcpWindow.clear(entry);
        OffHeap.putInt(entry + Entry.WINDOW_ORIGINAL, initiateTag(sctp));
        return Entry.SCTP << Entry.KIND_SHIFT | COOKIE_WAIT.code;
    }

    private static int tag(long sctp) {
        return OffHeap.getInt(sctp + 4);
    }

    private static int initiateTag(long sctp) {
        return OffHeap.getInt(sctp + COMMON_HEADER + CHUNK_HEADER);
    }

    private static int tagOf(long entry, boolean reply) {
        return OffHeap.getIntOpaque(entry + (reply ? Entry.WINDOW_REPLY : Entry.WINDOW_ORIGINAL));
    }

    static @Nullable ConntrackDrop judge(long entry, int status, boolean reply, long sctp, int length, boolean more) {
        final int chunk = decisiveChunk(sctp, length, more);
        if (chunk == NONE) {
            return ConntrackDrop.SCTP_CHUNK_INVALID;
        }
        if (next(STATES[Entry.state(status)], chunk, reply) == null) {
            return ConntrackDrop.SCTP_STATE_INVALID;
        }
        return isTagRight(entry, reply, chunk, sctp) ? null : ConntrackDrop.SCTP_TAG_INVALID;
    }

    private static boolean isTagRight(long entry, boolean reply, int chunk, long sctp) {
        final int receivers = tagOf(entry, !reply);
        if (chunk == INIT) {
            return tag(sctp) == 0;
        }
        if (chunk == ABORT || chunk == SHUTDOWN_COMPLETE) {
            final boolean reflected = (OffHeap.getByte(sctp + COMMON_HEADER + 1) & TAG_REFLECTED) != 0;
            return tag(sctp) == (reflected ? tagOf(entry, reply) : receivers);
        }
        return tag(sctp) == receivers;
    }

    /** Null when the chunk is impossible in the state. */
    private static @Nullable SctpState next(SctpState state, int chunk, boolean reply) {
        return switch (chunk) {
            case INIT -> state == CLOSED || state == COOKIE_WAIT ? COOKIE_WAIT : state;
            case INIT_ACK -> reply || state != CLOSED ? state : null;
            case ABORT -> CLOSED;
            case COOKIE_ECHO -> state == COOKIE_WAIT ? COOKIE_ECHOED : state == CLOSED ? null : state;
            case COOKIE_ACK -> state == COOKIE_ECHOED ? ESTABLISHED : state == ESTABLISHED ? state : null;
            case SHUTDOWN ->
                switch (state) {
                    case ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECEIVED -> reply ? SHUTDOWN_RECEIVED : SHUTDOWN_SENT;
                    case SHUTDOWN_ACK_SENT -> state;
                    case CLOSED, COOKIE_WAIT, COOKIE_ECHOED -> null;
                };
            case SHUTDOWN_ACK -> state == COOKIE_WAIT ? null : state == CLOSED ? state : SHUTDOWN_ACK_SENT;
            case SHUTDOWN_COMPLETE -> state == SHUTDOWN_ACK_SENT || state == CLOSED ? CLOSED : null;
            default -> state == COOKIE_WAIT ? null : state;
        };
    }

    /** Moves the state by a packet that {@link #judge} let pass; returns the new status. */
    static int apply(long entry, int status, boolean reply, long sctp, int length, boolean more) {
        final int chunk = decisiveChunk(sctp, length, more);
        final SctpState next = next(STATES[Entry.state(status)], chunk, reply);
        if (chunk == INIT || chunk == INIT_ACK) {
            OffHeap.putIntOpaque(entry + (reply ? Entry.WINDOW_REPLY : Entry.WINDOW_ORIGINAL), initiateTag(sctp));
        }
        final int state = next == null ? Entry.state(status) : next.code;
        return (status & ~Entry.STATE_MASK) | state | (reply ? Entry.REPLIED : 0);
    }
}
