package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import org.jspecify.annotations.Nullable;

/**
 * Which sequence and acknowledgement numbers can be right, by what both sides have said so far (the method of Guido van
 * Rooij, "Real stateful TCP packet filtering in IP Filter", which Linux follows).
 *
 * <p>Of each direction four numbers are kept: {@code end}, the highest sequence number that it has sent, plus one;
 * {@code allowed}, up to where it lets the other side send (acknowledgement plus window); {@code largest window} that it
 * has offered; its window scale and whether it has been heard. They belong to the sender of the packet that changes
 * them, so two workers that see one direction each do not write to the same numbers after the handshake. A reader may
 * see the other direction's numbers a moment late; they only grow, and the packet that depends on the new value was
 * caused by the one that brought it.
 */
final class TcpWindow {
    /** Offsets in a direction's fields. */
    private static final int END = 0;

    private static final int ALLOWED = 4;
    private static final int LARGEST = 8;
    private static final int SCALE = 12;

    /** In the scale field: the direction has been heard; its SYN carried a window scale. */
    private static final int HEARD = 1 << 8;

    private static final int SCALES = 1 << 9;

    /** Acknowledgements may be this much behind, or the largest window if that is more. */
    private static final int LATE_ACK = 66_000;

    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int ACK = 16;

    private TcpWindow() {}

    private static long fields(long entry, boolean reply) {
        return entry + (reply ? Entry.WINDOW_REPLY : Entry.WINDOW_ORIGINAL);
    }

    private static long highestAck(long entry, boolean reply) {
        return entry + (reply ? Entry.ACK_REPLY : Entry.ACK_ORIGINAL);
    }

    /** Bytes in sequence space: SYN and FIN count as one each. */
    static int end(long tcp, int segmentLength) {
        final int flags = OffHeap.getByte(tcp + 13);
        return OffHeap.getIntBigEndian(tcp + 4) + segmentLength - headerLength(tcp) + (flags >>> 1 & 1) + (flags & 1);
    }

    private static int headerLength(long tcp) {
        return (OffHeap.getByte(tcp + 12) & 0xF0) >>> 2;
    }

    /** Some data of either side has not been acknowledged. */
    static boolean isUnacknowledged(long entry) {
        return isBehind(entry, false) || isBehind(entry, true);
    }

    private static boolean isBehind(long entry, boolean reply) {
        final int end = OffHeap.getIntOpaque(fields(entry, reply) + END);
        return end - OffHeap.getIntOpaque(highestAck(entry, !reply)) > 0;
    }

    static boolean isHeard(long entry, boolean reply) {
        return (OffHeap.getIntOpaque(fields(entry, reply) + SCALE) & HEARD) != 0;
    }

    /** The highest sequence number sent in this direction. */
    static int endOf(long entry, boolean reply) {
        return OffHeap.getIntOpaque(fields(entry, reply) + END);
    }

    /** A SYN that ends here has been seen before, at the beginning of this connection: it was repeated on its way. */
    static boolean isOldSyn(long entry, boolean reply, int end) {
        final int behind = endOf(entry, reply) - end;
        return behind >= 0 && behind <= Math.max(LATE_ACK, OffHeap.getIntOpaque(fields(entry, !reply) + LARGEST));
    }

    static int highestAckOf(long entry, boolean reply) {
        return OffHeap.getIntOpaque(highestAck(entry, reply));
    }

    /** For a fresh entry: nobody has been heard. */
    static void clear(long entry) {
        for (int offset = Entry.WINDOW_ORIGINAL; offset < Entry.LENGTH; offset += 8) {
            OffHeap.putLong(entry + offset, 0);
        }
    }

    /** The fields of a direction as they were before its first packet. */
    static void forget(long entry, boolean reply) {
        final long fields = fields(entry, reply);
        OffHeap.putLong(fields, 0);
        OffHeap.putLong(fields + 8, 0);
        OffHeap.putInt(highestAck(entry, reply), 0);
    }

    /** A connection that begins again with a SYN whose window and scale are no longer known. */
    static void restart(long entry, boolean sender, int end) {
        forget(entry, !sender);
        final long fields = fields(entry, sender);
        OffHeap.putInt(fields + END, end);
        OffHeap.putInt(fields + LARGEST, 65535);
        OffHeap.putInt(fields + SCALE, HEARD);
        OffHeap.putInt(fields(entry, !sender) + ALLOWED, end);
    }

    /**
     * The first packet of a direction: its own numbers are taken as they are.
     *
     * @param tcp raw address of a TCP header
     */
    static void hear(long entry, boolean reply, long tcp, int segmentLength) {
        final long own = fields(entry, reply);
        final long peer = fields(entry, !reply);
        final int flags = OffHeap.getByte(tcp + 13);
        final int end = end(tcp, segmentLength);
        final int window = OffHeap.getShortBigEndian(tcp + 14);
        if ((flags & SYN) != 0) {
            final int scale = windowScale(tcp);
            OffHeap.putInt(own + LARGEST, Math.max(window, 1));
            // the window in the peer's own SYN counts from here (RFC 7413 uses it before the handshake ends)
            OffHeap.putInt(peer + ALLOWED, end + OffHeap.getInt(peer + LARGEST));
            if (scale < 0 || ((OffHeap.getInt(peer + SCALE) & HEARD) != 0 && !scales(peer))) {
                // both must offer scaling, or neither may use it
                OffHeap.putInt(own + SCALE, HEARD);
                OffHeap.putInt(peer + SCALE, OffHeap.getInt(peer + SCALE) & HEARD);
            } else {
                OffHeap.putInt(own + SCALE, HEARD | SCALES | scale);
            }
            OffHeap.putIntRelease(own + END, end);
            return;
        }
        final int ack = OffHeap.getIntBigEndian(tcp + 8);
        OffHeap.putInt(own + LARGEST, Math.max(window, 1));
        OffHeap.putInt(own + SCALE, OffHeap.getInt(own + SCALE) | HEARD);
        OffHeap.putInt(peer + ALLOWED, end + Math.max(window, 1));
        if ((OffHeap.getInt(peer + SCALE) & HEARD) == 0) {
            OffHeap.putInt(peer + END, ack);
            OffHeap.putInt(own + ALLOWED, ack + window);
        }
        OffHeap.putIntRelease(own + END, end);
    }

    private static boolean scales(long fields) {
        return (OffHeap.getInt(fields + SCALE) & SCALES) != 0;
    }

    /** The shift count of the window-scale option, at most 14 (RFC 7323); -1 without the option. */
    private static int windowScale(long tcp) {
        final long end = tcp + headerLength(tcp);
        long at = tcp + 20;
        while (at < end) {
            final int kind = OffHeap.getByte(at) & 0xFF;
            if (kind == 0) {
                return -1;
            }
            if (kind == 1) {
                at++;
                continue;
            }
            if (at + 1 >= end) {
                return -1;
            }
            final int length = OffHeap.getByte(at + 1) & 0xFF;
            if (length < 2 || at + length > end) {
                return -1;
            }
            if (kind == 3 && length == 3) {
                return Math.min(OffHeap.getByte(at + 2) & 0xFF, 14);
            }
            at += length;
        }
        return -1;
    }

    /**
     * Judges a segment without SYN, FIN and RST of a direction that has been heard, and moves the windows by it: {@link #check}
     * and {@link #advance} at once. What nearly all are, inside of the window and not far behind, is seen by four comparisons.
     *
     * @return whether it can be right
     */
    static boolean pass(long entry, boolean reply, long tcp, int segmentLength) {
        final long own = fields(entry, reply);
        final long peer = fields(entry, !reply);
        final int ownEnd = OffHeap.getIntAcquire(own + END);
        final int peerEnd = OffHeap.getIntAcquire(peer + END);
        final int allowed = OffHeap.getIntAcquire(peer + ALLOWED);
        final int flags = OffHeap.getByte(tcp + 13);
        final int end = OffHeap.getIntBigEndian(tcp + 4) + segmentLength - headerLength(tcp);
        final int ack = OffHeap.getIntBigEndian(tcp + 8);
        if ((flags & ACK) != 0
                && end - allowed <= 0
                && end - (ownEnd - OffHeap.getIntOpaque(peer + LARGEST)) >= 0
                && ack - peerEnd <= 0
                && ack - (peerEnd - LATE_ACK) >= 0) {
            if (end - ownEnd > 0) {
                OffHeap.putIntRelease(own + END, end);
            }
            acknowledge(entry, reply, ack, offer(own, flags, tcp));
            return true;
        }
        if (check(entry, reply, tcp, segmentLength) != null) {
            return false;
        }
        advance(entry, reply, tcp, segmentLength);
        return true;
    }

    /**
     * Judges a packet of a direction that has been heard. As in Linux, data may overshoot the window by another largest
     * window: some senders do, and a connection must not hang for it. A reset may not.
     *
     * @return why it cannot be right, or null
     */
    static @Nullable ConntrackDrop check(long entry, boolean reply, long tcp, int segmentLength) {
        final long own = fields(entry, reply);
        final long peer = fields(entry, !reply);
        final int flags = OffHeap.getByte(tcp + 13);
        final int peerEnd = OffHeap.getIntAcquire(peer + END);
        final int ownEnd = OffHeap.getIntAcquire(own + END);
        int sequence = OffHeap.getIntBigEndian(tcp + 4);
        int end = end(tcp, segmentLength);
        int ack = OffHeap.getIntBigEndian(tcp + 8);
        if ((flags & ACK) == 0 || ((flags & RST) != 0 && ack == 0)) {
            ack = peerEnd;
        }
        if ((flags & RST) != 0 && sequence == 0) {
            // the answer to a SYN carries no sequence number of its own (RFC 9293 section 3.10.7.1)
            sequence = ownEnd;
            end = ownEnd;
        }
        final int peerLargest = OffHeap.getIntOpaque(peer + LARGEST);
        final int allowed = OffHeap.getIntAcquire(peer + ALLOWED);
        if (sequence - allowed > 0) {
            if ((flags & RST) != 0) {
                return ConntrackDrop.TCP_RESET_OUT_OF_WINDOW;
            }
            if (end - allowed > peerLargest) {
                return ConntrackDrop.TCP_SEQUENCE_AHEAD;
            }
        }
        if (ack - peerEnd > 0) {
            return ConntrackDrop.TCP_ACK_UNSENT;
        }
        if (peerLargest != 0 && end - (ownEnd - peerLargest) < 0) {
            return (flags & RST) != 0 ? ConntrackDrop.TCP_RESET_OUT_OF_WINDOW : ConntrackDrop.TCP_SEQUENCE_OLD;
        }
        if (ack - (peerEnd - Math.max(LATE_ACK, OffHeap.getIntOpaque(own + LARGEST))) < 0) {
            return ConntrackDrop.TCP_SEQUENCE_OLD;
        }
        return null;
    }

    /** Moves the windows by a packet that is right. */
    static void advance(long entry, boolean reply, long tcp, int segmentLength) {
        final long own = fields(entry, reply);
        final long peer = fields(entry, !reply);
        final int flags = OffHeap.getByte(tcp + 13);
        final int end = end(tcp, segmentLength);
        final int allowed = OffHeap.getIntOpaque(peer + ALLOWED);
        if (end - OffHeap.getIntOpaque(own + END) > 0) {
            OffHeap.putIntRelease(own + END, end);
        }
        final boolean begunWithin = OffHeap.getIntBigEndian(tcp + 4) - allowed <= 0;
        if (end - allowed > 0 && begunWithin && (OffHeap.getIntOpaque(peer + SCALE) & HEARD) != 0) {
            // the segment began within the window and overshoots it: the receiver may take it
            OffHeap.putIntOpaque(peer + LARGEST, OffHeap.getIntOpaque(peer + LARGEST) + end - allowed);
        }
        final int window = offer(own, flags, tcp);
        if ((flags & ACK) != 0) {
            acknowledge(entry, reply, OffHeap.getIntBigEndian(tcp + 8), window);
        }
    }

    /** What both sides sent unseen counts as acknowledged, so that a silent connection keeps its usual timeout. */
    static void settle(long entry) {
        OffHeap.putIntOpaque(highestAck(entry, true), endOf(entry, false));
        OffHeap.putIntOpaque(highestAck(entry, false), endOf(entry, true));
    }

    /**
     * A segment after others that were not seen: it is where its direction is now.
     *
     * @param peerToo the other direction's segments were not seen either, and none has come since
     */
    static void relearn(long entry, boolean reply, boolean peerToo, long tcp, int segmentLength) {
        final long own = fields(entry, reply);
        final int flags = OffHeap.getByte(tcp + 13);
        OffHeap.putIntRelease(own + END, end(tcp, segmentLength));
        final int window = offer(own, flags, tcp);
        if ((flags & ACK) == 0) {
            return;
        }
        final int ack = OffHeap.getIntBigEndian(tcp + 8);
        OffHeap.putIntOpaque(highestAck(entry, reply), ack);
        OffHeap.putIntRelease(own + ALLOWED, ack + Math.max(window, 1));
        if (peerToo) {
            OffHeap.putIntRelease(fields(entry, !reply) + END, ack); // at least: until the peer says it itself
        }
    }

    /** The window that the packet offers. */
    private static int offer(long own, int flags, long tcp) {
        int window = OffHeap.getShortBigEndian(tcp + 14);
        if ((flags & SYN) == 0) {
            window <<= OffHeap.getIntOpaque(own + SCALE) & 0xFF;
        }
        if (window > OffHeap.getIntOpaque(own + LARGEST)) {
            OffHeap.putIntOpaque(own + LARGEST, window);
        }
        return window;
    }

    private static void acknowledge(long entry, boolean reply, int ack, int window) {
        final long own = fields(entry, reply);
        final long highest = highestAck(entry, reply);
        if (ack - OffHeap.getIntOpaque(highest) > 0 || (OffHeap.getIntOpaque(highest) == 0 && ack != 0)) {
            OffHeap.putIntOpaque(highest, ack);
        }
        final int limit = window == 0 ? ack + 1 : ack + window;
        if (limit - OffHeap.getIntOpaque(own + ALLOWED) > 0) {
            OffHeap.putIntRelease(own + ALLOWED, limit);
        }
    }
}
