package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShort;
import static io.weir.dataplane.memory.OffHeap.putInt;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;

import io.weir.dataplane.packet.PacketParser;
import java.nio.ByteOrder;

/**
 * The layout of a remembered decision: two cache lines, of which an IPv4 packet touches the first alone.
 *
 * <pre>
 *        IPv4                                        IPv6
 *   0  ports(4) protocol(1) family(1) scope(2)       the same; family 0: the entry is empty
 *   8  source(4) destination(4)                      source(16) …
 *  16  new source(4) new destination(4)
 *  24  new ports(4)                                  … destination(16)
 *  28  unused(2), header sum delta(2)
 *  32  bytes since the last refresh(4), unused(4)
 *  40  epoch in which the decision was made or last confirmed(4)      the same from here on
 *  44  tick of the last packet(2), transport sum delta(2)
 *  48  flags(1) in the top bits, adjacency or drop reason(3)
 *  52  connection(4)                  of a dropped flow: where the absence of a connection shows
 *  56  connection's generation(4)     of a dropped flow: the stamp there
 *  60  packets since the last refresh(4)
 *  64  unused(32)                                    new source(16) new destination(16)
 *  96  unused(8)                                     new ports(4), bytes since the last refresh(4)
 * 104  six version slots(24)                         the same
 * </pre>
 *
 * <p>Addresses and ports are as on the wire. Sum deltas are one's complement sums in the machine's byte order, to be
 * added to the inverse of a checksum field (RFC 1624); the header sum delta of IPv4 includes the TTL's decrement.
 */
public final class FlowEntry {
    /** Bytes of an entry. */
    public static final int LENGTH = 128;

    public static final int FAMILY_IPV4 = 4;
    public static final int FAMILY_IPV6 = 6;

    /**
     * In a key, in place of TCP's number: SYNs that are dropped. They lie apart from their flow's other segments, which the
     * pipeline may think differently of.
     */
    static final int DROPPED_SYN = 0x80 | PacketParser.PROTOCOL_TCP;

    /** The decision is to drop; the reason's id stands in place of the adjacency. */
    public static final int DROP = 0x01;
    /** The packet runs against its connection's first direction. */
    public static final int REPLY = 0x02;
    /** Each TCP segment is shown to the connection's window. */
    public static final int WINDOW = 0x04;
    /** The connection wants a refresh once a tick. */
    public static final int TRACKED = 0x08;
    /** Addresses or ports change. */
    public static final int TRANSLATE = 0x10;
    /** The packets are IPv6. */
    public static final int IPV6 = 0x20;
    /** Dropped, and there is no connection: place and stamp of its absence stand in place of connection and generation. */
    public static final int ABSENT = 0x40;

    static final int WORD0 = 0;
    static final int IPV4_ADDRESSES = 8;
    static final int IPV6_ADDRESSES = 8;
    static final int IPV4_NEW_ADDRESSES = 16;
    static final int IPV4_NEW_PORTS = 24;
    static final int HEADER_SUM_DELTA = 30;
    static final int IPV4_BYTES = 32;
    static final int EPOCH = 40;
    static final int TICK = 44;
    static final int TRANSPORT_SUM_DELTA = 46;
    static final int ACTION = 48;
    static final int CONNECTION = 52;
    static final int GENERATION = 56;
    static final int PACKETS = 60;
    static final int IPV6_NEW_ADDRESSES = 64;
    static final int IPV6_NEW_PORTS = 96;
    static final int IPV6_BYTES = 100;
    static final int SLOTS = 104;

    private static final int INDEX_MASK = 0xFF_FFFF;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long MOMENT_MASK = LITTLE ? 0xFFFF_FFFF_FFFFL : ~0xFFFFL;

    private FlowEntry() {}

    /** The first key word: ports as a native int of the wire's bytes, protocol, family, scope. */
    static long word0(int portsOnWire, int protocol, int family, int scope) {
        return (portsOnWire & 0xFFFF_FFFFL) | ((long) protocol << 32) | ((long) family << 40) | ((long) scope << 48);
    }

    static int family(long entry) {
        return getByte(entry + 5);
    }

    static int protocol(long entry) {
        final int inKey = getByte(entry + 4) & 0xFF;
        return inKey == DROPPED_SYN ? PacketParser.PROTOCOL_TCP : inKey;
    }

    static boolean isSyn(long entry) {
        return (getByte(entry + 4) & 0xFF) == DROPPED_SYN;
    }

    static int flags(int action) {
        return action >>> 24;
    }

    /** Adjacency or drop reason. */
    static int index(int action) {
        return action & INDEX_MASK;
    }

    static void action(long entry, int flags, int index) {
        putInt(entry + ACTION, (flags << 24) | index);
    }

    static int action(long entry) {
        return getInt(entry + ACTION);
    }

    static boolean isDrop(long entry) {
        return (flags(action(entry)) & DROP) != 0;
    }

    static int epoch(long entry) {
        return getInt(entry + EPOCH);
    }

    static void epoch(long entry, int epoch) {
        putInt(entry + EPOCH, epoch);
    }

    /** Epoch and tick as one word, to compare with {@link #isOf}. */
    static long moment(int epoch, short tick) {
        return LITTLE
                ? ((tick & 0xFFFFL) << 32) | (epoch & 0xFFFF_FFFFL)
                : ((long) epoch << 32) | (tick & 0xFFFFL) << 16;
    }

    /** Made or confirmed in this epoch, and last used in this tick. */
    static boolean isOf(long entry, long moment) {
        return ((getLong(entry + EPOCH) ^ moment) & MOMENT_MASK) == 0;
    }

    static short tick(long entry) {
        return getShort(entry + TICK);
    }

    static void tick(long entry, short tick) {
        putShort(entry + TICK, tick);
    }

    static int connection(long entry) {
        return getInt(entry + CONNECTION);
    }

    static int generation(long entry) {
        return getInt(entry + GENERATION);
    }

    static void connection(long entry, int connection, int generation) {
        putInt(entry + CONNECTION, connection);
        putInt(entry + GENERATION, generation);
    }

    static void count(long entry, int bytesOffset, int length) {
        putInt(entry + PACKETS, getInt(entry + PACKETS) + 1);
        putInt(entry + bytesOffset, getInt(entry + bytesOffset) + length);
    }

    static int packets(long entry) {
        return getInt(entry + PACKETS);
    }

    static int bytesOffset(int family) {
        return family == FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;
    }

    static void clearCounts(long entry, int bytesOffset) {
        putInt(entry + PACKETS, 0);
        putInt(entry + bytesOffset, 0);
    }

    static boolean holds(long entry, VersionSlots slots) {
        final int epoch = epoch(entry);
        if (VersionSlots.isAfter(slots.changedAt(VersionSlots.EVERYTHING), epoch)) {
            return false;
        }
        for (int i = 0; i < 6; i++) {
            final int slot = getInt(entry + SLOTS + 4L * i);
            if (VersionSlots.isAfter(slots.changedAt(slot), epoch)) {
                return false;
            }
        }
        return true;
    }

    static void copyKey(long from, long to) {
        putLong(to, getLong(from));
        putLong(to + 8, getLong(from + 8));
    }
}
