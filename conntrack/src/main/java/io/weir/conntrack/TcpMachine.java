package io.weir.conntrack;

import static io.weir.conntrack.TcpState.CLOSE;
import static io.weir.conntrack.TcpState.CLOSE_WAIT;
import static io.weir.conntrack.TcpState.ESTABLISHED;
import static io.weir.conntrack.TcpState.FIN_WAIT;
import static io.weir.conntrack.TcpState.LAST_ACK;
import static io.weir.conntrack.TcpState.SYN_RECEIVED;
import static io.weir.conntrack.TcpState.SYN_SENT;
import static io.weir.conntrack.TcpState.SYN_SENT2;
import static io.weir.conntrack.TcpState.TIME_WAIT;

import io.weir.dataplane.memory.OffHeap;
import org.jspecify.annotations.Nullable;

/**
 * The TCP state machine of an observer in the middle, as Linux's conntrack runs it. Stateless: it reads an entry and
 * changes it only in {@link #apply}.
 */
final class TcpMachine {
    /** Outcomes of {@link #next} that are no state. */
    static final int IGNORE = -1;

    static final int INVALID = -2;
    static final int REOPEN = -3;

    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int ACK = 16;
    private static final int URG = 32;

    private static final TcpState[] STATES = TcpState.values();

    private TcpMachine() {}

    /** FIN, SYN, RST, ACK and URG in a combination that some sender has reason to use. */
    static boolean isFlagsValid(int tcpFlags) {
        return switch (tcpFlags & (FIN | SYN | RST | ACK | URG)) {
            case SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG -> true;
            default -> false;
        };
    }

    /** SYN, FIN and RST may move an established connection to another state. */
    static boolean changesState(int tcpFlags) {
        return (tcpFlags & (FIN | SYN | RST)) != 0;
    }

    /** Why a segment of no known connection cannot begin one; null when it can. */
    static @Nullable ConntrackDrop refuseNew(int tcpFlags, boolean loose) {
        if (!isFlagsValid(tcpFlags)) {
            return ConntrackDrop.TCP_FLAGS_INVALID;
        }
        final boolean opens = (tcpFlags & (SYN | ACK)) == SYN;
        final boolean midStream = (tcpFlags & (SYN | RST | FIN)) == 0;
        return opens || (midStream && loose) ? null : ConntrackDrop.TCP_NOT_A_SYN;
    }

    /** Fills the window of a fresh entry from its first segment; returns its status bits. */
    static int begin(long entry, long tcp, int segmentLength) {
        TcpWindow.clear(entry);
        TcpWindow.hear(entry, false, tcp, segmentLength);
        final boolean opens = (OffHeap.getByte(tcp + 13) & SYN) != 0;
        // the window scale of a connection whose SYN was not seen is unknown, so its windows cannot be judged
        return opens ? SYN_SENT.code : ESTABLISHED.code | Entry.LIBERAL;
    }

    /** The state after a segment, or {@link #IGNORE}, {@link #INVALID}, {@link #REOPEN}. */
    static int next(TcpState state, int tcpFlags, boolean reply, int status) {
        if ((tcpFlags & RST) != 0) {
            return CLOSE.code;
        }
        if ((tcpFlags & SYN) != 0) {
            return (tcpFlags & ACK) != 0 ? afterSynAck(state, reply) : afterSyn(state, reply);
        }
        return (tcpFlags & FIN) != 0 ? afterFin(state, reply, status) : afterAck(state, reply);
    }

    private static int afterSyn(TcpState state, boolean reply) {
        return switch (state) {
            case SYN_SENT -> reply ? SYN_SENT2.code : SYN_SENT.code;
            case SYN_SENT2 -> SYN_SENT2.code;
            // RFC 9293 section 3.6.1 lets a new SYN end TIME-WAIT early
            case NONE, TIME_WAIT, CLOSE -> REOPEN;
            // the sender lost its state: the peer's challenge ACK will make it send a reset
            case SYN_RECEIVED, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK -> reply ? INVALID : IGNORE;
        };
    }

    private static int afterSynAck(TcpState state, boolean reply) {
        return switch (state) {
            case SYN_SENT -> reply ? SYN_RECEIVED.code : INVALID;
            case SYN_SENT2 -> SYN_RECEIVED.code;
            case SYN_RECEIVED -> reply ? IGNORE : SYN_RECEIVED.code;
            case NONE, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE -> reply ? IGNORE : INVALID;
        };
    }

    private static int afterFin(TcpState state, boolean reply, int status) {
        return switch (state) {
            case SYN_RECEIVED, ESTABLISHED -> FIN_WAIT.code;
            case FIN_WAIT, CLOSE_WAIT ->
                // the same side again: a retransmission, the other side is still open
                (status & (reply ? Entry.FIN_ORIGINAL : Entry.FIN_REPLY)) != 0 ? LAST_ACK.code : state.code;
            case LAST_ACK, TIME_WAIT, CLOSE -> state.code;
            case NONE, SYN_SENT, SYN_SENT2 -> INVALID;
        };
    }

    private static int afterAck(TcpState state, boolean reply) {
        return switch (state) {
            case NONE -> INVALID;
            case SYN_SENT, SYN_SENT2 -> reply ? IGNORE : INVALID;
            case SYN_RECEIVED -> reply ? SYN_RECEIVED.code : ESTABLISHED.code;
            case ESTABLISHED, TIME_WAIT, CLOSE -> state.code;
            case FIN_WAIT, CLOSE_WAIT -> CLOSE_WAIT.code;
            case LAST_ACK -> TIME_WAIT.code;
        };
    }

    /** The segment passes, but changes nothing. */
    static boolean isIgnored(int status, int tcpFlags, boolean reply) {
        return next(STATES[Entry.state(status)], tcpFlags, reply, status) < 0;
    }

    /**
     * Judges a segment of a known connection without changing anything.
     *
     * @return why it must be dropped, or null
     */
    static @Nullable ConntrackDrop judge(
            long entry, int status, boolean reply, int tcpFlags, long tcp, int segmentLength, boolean liberal) {
        if (!isFlagsValid(tcpFlags)) {
            return ConntrackDrop.TCP_FLAGS_INVALID;
        }
        final int next = next(STATES[Entry.state(status)], tcpFlags, reply, status);
        if (next == INVALID) {
            return ConntrackDrop.TCP_STATE_INVALID;
        }
        if (next < 0 || liberal || (status & Entry.UNJUDGED) != 0 || !needsCheck(entry, status, reply, tcp)) {
            return null;
        }
        final ConntrackDrop window = TcpWindow.check(entry, reply, tcp, segmentLength);
        if (window != null || (tcpFlags & RST) == 0) {
            return window;
        }
        final int sequence = OffHeap.getIntBigEndian(tcp + 4);
        final boolean old = sequence - TcpWindow.highestAckOf(entry, !reply) < 0;
        return old && (sequence != 0 || isOpen(status)) && TcpWindow.highestAckOf(entry, !reply) != 0
                ? ConntrackDrop.TCP_RESET_OUT_OF_WINDOW
                : null;
    }

    /** A direction's first segment, and a SYN that is repeated with another sequence number, set the window. */
    private static boolean needsCheck(long entry, int status, boolean reply, long tcp) {
        return TcpWindow.isHeard(entry, reply) && !isRepeatedSyn(status, reply, tcp);
    }

    private static boolean isRepeatedSyn(int status, boolean reply, long tcp) {
        final int state = Entry.state(status);
        final boolean opening = (state == SYN_SENT.code && !reply) || (state == SYN_RECEIVED.code && reply);
        return opening && (OffHeap.getByte(tcp + 13) & SYN) != 0;
    }

    static boolean isClosed(int status) {
        final int state = Entry.state(status);
        return state == TIME_WAIT.code || state == CLOSE.code;
    }

    /** A SYN for a connection that has ended: the port is used again. */
    static boolean reopens(int status, int tcpFlags) {
        return (tcpFlags & (SYN | ACK | RST | FIN)) == SYN && isClosed(status);
    }

    /** The same for a connection of any kind. */
    static boolean isReopened(int status, int tcpFlags) {
        return (Entry.kind(status) == Entry.TCP && reopens(status, tcpFlags)) || OneWay.reopens(status, tcpFlags);
    }

    private static boolean isOpen(int status) {
        return Entry.state(status) == ESTABLISHED.code;
    }

    /**
     * Moves windows and state by a segment that {@link #judge} let pass.
     *
     * @return the new status
     */
    static int apply(long entry, int status, boolean reply, int tcpFlags, long tcp, int segmentLength) {
        final int replied = reply ? Entry.REPLIED : 0;
        final int next = next(STATES[Entry.state(status)], tcpFlags, reply, status);
        if (next < 0) {
            return applyIgnored(entry, status, reply, tcpFlags, tcp, segmentLength);
        }
        if ((tcpFlags & RST) != 0) {
            return isExactReset(entry, status, reply, tcp)
                    ? (status & ~Entry.STATE_MASK) | CLOSE.code
                    : status; // in the window but not exact: the peer will challenge it (RFC 5961 section 3.2)
        }
        final int relearn = status & Entry.relearn(reply);
        if (relearn != 0) {
            TcpWindow.relearn(entry, reply, (status & Entry.relearn(!reply)) != 0, tcp, segmentLength);
        } else if (needsCheck(entry, status, reply, tcp)) {
            TcpWindow.advance(entry, reply, tcp, segmentLength);
        } else {
            if (TcpWindow.isHeard(entry, reply)) {
                TcpWindow.forget(entry, reply);
            }
            TcpWindow.hear(entry, reply, tcp, segmentLength);
            TcpWindow.advance(entry, reply, tcp, segmentLength);
        }
        int fin = 0;
        if ((tcpFlags & FIN) != 0) {
            fin = reply ? Entry.FIN_REPLY : Entry.FIN_ORIGINAL;
        }
        return (status & ~(Entry.STATE_MASK | Entry.IGNORED_SYN | relearn)) | next | fin | replied;
    }

    private static boolean isExactReset(long entry, int status, boolean reply, long tcp) {
        if (!isOpen(status) || (status & Entry.UNJUDGED) != 0) {
            return true;
        }
        final int sequence = OffHeap.getIntBigEndian(tcp + 4);
        return sequence == TcpWindow.highestAckOf(entry, !reply) || sequence == TcpWindow.endOf(entry, reply);
    }

    /** A SYN out of sync is remembered; the SYN-ACK that accepts it proves that both ends have begun anew. */
    private static int applyIgnored(long entry, int status, boolean reply, int tcpFlags, long tcp, int segmentLength) {
        final int open = tcpFlags & (SYN | ACK);
        if (open == SYN && !reply) {
            final int end = TcpWindow.end(tcp, segmentLength);
            if (TcpWindow.isOldSyn(entry, false, end)) {
                return status;
            }
            OffHeap.putIntRelease(entry + Entry.IGNORED_SYN_END, end);
            return status | Entry.IGNORED_SYN;
        }
        final boolean accepts = open == (SYN | ACK)
                && reply
                && (status & Entry.IGNORED_SYN) != 0
                && OffHeap.getIntBigEndian(tcp + 8) == OffHeap.getIntAcquire(entry + Entry.IGNORED_SYN_END);
        if (!accepts) {
            return status;
        }
        TcpWindow.restart(entry, false, OffHeap.getIntBigEndian(tcp + 8));
        TcpWindow.hear(entry, true, tcp, segmentLength);
        TcpWindow.advance(entry, true, tcp, segmentLength);
        final int cleared = Entry.STATE_MASK | Entry.IGNORED_SYN | Entry.FIN_ORIGINAL | Entry.FIN_REPLY;
        return (status & ~cleared) | SYN_RECEIVED.code | Entry.REPLIED | Entry.LIBERAL;
    }
}
