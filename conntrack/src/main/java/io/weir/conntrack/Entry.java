package io.weir.conntrack;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketParser;

/**
 * One connection in memory: three cache lines. Tuples, backend and hashes do not change while the connection lives.
 *
 * <pre>
 *    0  original tuple: source high, low, destination high, low, ports and zone and protocol     40 bytes
 *   40  hash of the original tuple, hash of the reply tuple, backend, original packets' scope    4 ints
 *   56  packets of the original direction                                                        long
 *   64  reply tuple                                                                              40 bytes
 *  104  packets of the reply direction, bytes original, bytes reply                              3 longs
 *  128  control: generation (odd while it lives) and status                                      long
 *  136  when it was created, in ns                                                               long
 *  144  original direction: end, allowed, largest window, scale and flags                        4 ints
 *  160  reply direction: the same                                                                4 ints
 *  176  highest acknowledgement of the original direction, of the reply direction                2 ints
 *  184  tick of the last refresh; end of an ignored SYN                                          2 ints
 * </pre>
 *
 * <p>A tuple's last word is {@code source port << 48 | destination port << 32 | zone << 16 | protocol}. For ICMP queries
 * both ports are the identifier. The reply tuple is the answer as it arrives: it differs from the inverted original tuple
 * by exactly the translation.
 *
 * <p>Of the window fields, the ones of a direction are written for packets of that direction only, once both directions
 * have been seen; see {@link TcpWindow}.
 */
final class Entry {
    static final int LENGTH = 192;
    static final int ORIGINAL = 0;
    static final int HASH_ORIGINAL = 40;
    static final int HASH_REPLY = 44;
    static final int BACKEND = 48;
    static final int SCOPE = 52;
    static final int PACKETS_ORIGINAL = 56;
    static final int REPLY = 64;
    static final int PACKETS_REPLY = 104;
    static final int BYTES_ORIGINAL = 112;
    static final int BYTES_REPLY = 120;
    static final int CONTROL = 128;
    static final int CREATED = 136;
    static final int WINDOW_ORIGINAL = 144;
    static final int WINDOW_REPLY = 160;
    static final int ACK_ORIGINAL = 176;
    static final int ACK_REPLY = 180;
    static final int REFRESHED = 184;
    static final int IGNORED_SYN_END = 188;

    /** Offsets in a tuple. */
    static final int SOURCE_HIGH = 0;

    static final int SOURCE_LOW = 8;
    static final int DESTINATION_HIGH = 16;
    static final int DESTINATION_LOW = 24;
    static final int META = 32;

    // status: the low half of the control word
    static final int STATE_MASK = 0x1F;
    static final int KIND_SHIFT = 5;
    static final int KIND_MASK = 7 << KIND_SHIFT;
    /** A packet of the reply direction was seen. */
    static final int REPLIED = 1 << 8;
    /** No window checks: its beginning, and so its window scale, was not seen. */
    static final int LIBERAL = 1 << 9;

    static final int SOURCE_NAT = 1 << 10;
    static final int DESTINATION_NAT = 1 << 11;
    static final int FIN_ORIGINAL = 1 << 12;
    static final int FIN_REPLY = 1 << 13;
    /** A SYN was let through without effect: if the peer takes it, the connection begins again. */
    static final int IGNORED_SYN = 1 << 14;
    /** Segments may have passed unseen, see {@link Handover}: what is known of the windows does not count. */
    static final int HANDED_OVER = 1 << 15;
    /** The direction's next segment says where its window is now. */
    private static final int RELEARN_ORIGINAL = 1 << 16;

    private static final int RELEARN_REPLY = 1 << 17;
    static final int RELEARN = RELEARN_ORIGINAL | RELEARN_REPLY;

    /** No segment is dropped because of its numbers. */
    static final int UNJUDGED = LIBERAL | HANDED_OVER;

    // kinds of protocol
    static final int TCP = 0;
    static final int UDP = 1;
    static final int SCTP = 2;
    static final int ICMP = 3;
    static final int OTHER = 4;
    /** Of whatever protocol: only packets of the original direction pass here, see {@link OneWay}. */
    static final int ONE_WAY = 5;

    private Entry() {}

    static int kindOfProtocol(int protocol) {
        return switch (protocol) {
            case PacketParser.PROTOCOL_TCP -> TCP;
            case PacketParser.PROTOCOL_UDP -> UDP;
            case PacketParser.PROTOCOL_SCTP -> SCTP;
            case PacketParser.PROTOCOL_ICMP, PacketParser.PROTOCOL_ICMPV6 -> ICMP;
            default -> OTHER;
        };
    }

    static int relearn(boolean reply) {
        return reply ? RELEARN_REPLY : RELEARN_ORIGINAL;
    }

    static int kind(int status) {
        return (status & KIND_MASK) >>> KIND_SHIFT;
    }

    static int state(int status) {
        return status & STATE_MASK;
    }

    static long control(long entry) {
        return OffHeap.getLongAcquire(entry + CONTROL);
    }

    static int generation(long control) {
        return (int) (control >>> 32);
    }

    static int status(long control) {
        return (int) control;
    }

    static long control(int generation, int status) {
        return (long) generation << 32 | (status & 0xFFFF_FFFFL);
    }

    static long created(long entry) {
        return OffHeap.getLong(entry + CREATED);
    }

    /** How old the connection was when it was refreshed last. */
    static int ageAtRefreshTicks(long entry) {
        return (OffHeap.getIntOpaque(entry + REFRESHED) - Life.tick(created(entry))) & 0x3FFF_FFFF;
    }

    static boolean isLive(long control) {
        return (control >>> 32 & 1) != 0;
    }

    static long meta(int sourcePort, int destinationPort, int zone, int protocol) {
        return (long) sourcePort << 48 | (long) destinationPort << 32 | (long) zone << 16 | protocol;
    }

    static int sourcePort(long meta) {
        return (int) (meta >>> 48);
    }

    static int destinationPort(long meta) {
        return (int) (meta >>> 32) & 0xFFFF;
    }

    static int zone(long meta) {
        return (int) (meta >>> 16) & 0xFFFF;
    }

    static int protocol(long meta) {
        return (int) meta & 0xFFFF;
    }

    static void tuple(
            long tuple, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta) {
        OffHeap.putLong(tuple + SOURCE_HIGH, sourceHigh);
        OffHeap.putLong(tuple + SOURCE_LOW, sourceLow);
        OffHeap.putLong(tuple + DESTINATION_HIGH, destinationHigh);
        OffHeap.putLong(tuple + DESTINATION_LOW, destinationLow);
        OffHeap.putLong(tuple + META, meta);
    }

    static boolean tupleIs(
            long tuple, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long meta) {
        return OffHeap.getLong(tuple + META) == meta
                && OffHeap.getLong(tuple + SOURCE_LOW) == sourceLow
                && OffHeap.getLong(tuple + DESTINATION_LOW) == destinationLow
                && OffHeap.getLong(tuple + SOURCE_HIGH) == sourceHigh
                && OffHeap.getLong(tuple + DESTINATION_HIGH) == destinationHigh;
    }

    static boolean sameTuple(long a, long b) {
        return tupleIs(
                a,
                OffHeap.getLong(b + SOURCE_HIGH),
                OffHeap.getLong(b + SOURCE_LOW),
                OffHeap.getLong(b + DESTINATION_HIGH),
                OffHeap.getLong(b + DESTINATION_LOW),
                OffHeap.getLong(b + META));
    }
}
