package io.weir.conntrack;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReason;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The datagrams whose fragments are followed: what identifies them, the ports of the first fragment, and which bytes have
 * passed. A hash table with chains in arrays of fixed size; all datagrams have the same timeout, so their list in order
 * of creation is also that of their deadlines. Not thread-safe.
 */
final class FragmentTable {
    static final int NONE = -1;

    /** Gaps that a datagram's fragments may leave between them while they arrive out of order. */
    private static final int MAX_RANGES = 8;

    private static final int KEY_WORDS = 5;
    private static final int HAS_FIRST = 1;
    private static final int COMPLETE = 2;
    private static final int POISONED = 4;

    private final int capacity;
    private final int[] heads;
    private final int[] chain;
    private final int[] older;
    private final int[] younger;
    private final long[] keys;
    private final int[] flags;
    private final int[] ports;
    private final int[] protocols;
    private final int[] icmpTypes;
    private final int[] totals;
    private final int[] deadlines;
    private final int[] held;
    private final int[] rangeCounts;
    /** Begin and end of the byte ranges that have passed, in order, never adjacent. */
    private final int[] ranges;

    private int free;
    private int oldest = NONE;
    private int youngest = NONE;
    private int count;

    FragmentTable(int capacity) {
        this.capacity = capacity;
        heads = new int[Integer.highestOneBit(capacity) * 2];
        Arrays.fill(heads, NONE);
        chain = new int[capacity];
        Arrays.setAll(chain, i -> i + 1 == capacity ? NONE : i + 1);
        older = new int[capacity];
        younger = new int[capacity];
        keys = new long[capacity * KEY_WORDS];
        flags = new int[capacity];
        ports = new int[capacity];
        protocols = new int[capacity];
        icmpTypes = new int[capacity];
        totals = new int[capacity];
        deadlines = new int[capacity];
        held = new int[capacity];
        rangeCounts = new int[capacity];
        ranges = new int[capacity * MAX_RANGES * 2];
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return count == capacity;
    }

    int oldest() {
        return oldest;
    }

    /** RFC 791 identifies an IPv4 datagram also by its protocol, RFC 8200 an IPv6 one not. */
    private static long identity(Packet packet, int zone) {
        final int protocol = packet.isIpv4() ? packet.protocol() : 0;
        return (long) packet.fragmentId() << 32 | (long) zone << 16 | (long) protocol << 1 | (packet.isIpv4() ? 1 : 0);
    }

    private int bucket(Packet packet, long identity) {
        long hash = packet.sourceLow() * 31 + packet.sourceHigh();
        hash = hash * 31 + packet.destinationLow();
        hash = hash * 31 + packet.destinationHigh();
        hash = (hash * 31 + identity) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 40) & (heads.length - 1);
    }

    int find(Packet packet, int zone) {
        final long identity = identity(packet, zone);
        int datagram = heads[bucket(packet, identity)];
        while (datagram != NONE && !is(datagram, packet, identity)) {
            datagram = chain[datagram];
        }
        return datagram;
    }

    private boolean is(int datagram, Packet packet, long identity) {
        final int key = datagram * KEY_WORDS;
        return keys[key] == packet.sourceHigh()
                && keys[key + 1] == packet.sourceLow()
                && keys[key + 2] == packet.destinationHigh()
                && keys[key + 3] == packet.destinationLow()
                && keys[key + 4] == identity;
    }

    /** The table must not be full. */
    int add(Packet packet, int zone, int deadline) {
        final int datagram = free;
        free = chain[datagram];
        final long identity = identity(packet, zone);
        final int key = datagram * KEY_WORDS;
        keys[key] = packet.sourceHigh();
        keys[key + 1] = packet.sourceLow();
        keys[key + 2] = packet.destinationHigh();
        keys[key + 3] = packet.destinationLow();
        keys[key + 4] = identity;
        flags[datagram] = 0;
        totals[datagram] = NONE;
        deadlines[datagram] = deadline & 0x3FFF_FFFF;
        held[datagram] = NONE;
        rangeCounts[datagram] = 0;
        final int bucket = bucket(packet, identity);
        chain[datagram] = heads[bucket];
        heads[bucket] = datagram;
        older[datagram] = youngest;
        younger[datagram] = NONE;
        if (youngest == NONE) {
            oldest = datagram;
        } else {
            younger[youngest] = datagram;
        }
        youngest = datagram;
        count++;
        return datagram;
    }

    void remove(int datagram) {
        unchain(datagram);
        if (older[datagram] == NONE) {
            oldest = younger[datagram];
        } else {
            younger[older[datagram]] = younger[datagram];
        }
        if (younger[datagram] == NONE) {
            youngest = older[datagram];
        } else {
            older[younger[datagram]] = older[datagram];
        }
        chain[datagram] = free;
        free = datagram;
        count--;
    }

    private void unchain(int datagram) {
        final int key = datagram * KEY_WORDS;
        long hash = keys[key + 1] * 31 + keys[key];
        hash = hash * 31 + keys[key + 3];
        hash = hash * 31 + keys[key + 2];
        hash = (hash * 31 + keys[key + 4]) * 0x9E37_79B9_7F4A_7C15L;
        final int bucket = (int) (hash >>> 40) & (heads.length - 1);
        if (heads[bucket] == datagram) {
            heads[bucket] = chain[datagram];
            return;
        }
        int before = heads[bucket];
        while (chain[before] != datagram) {
            before = chain[before];
        }
        chain[before] = chain[datagram];
    }

    void begin(int datagram, Packet first) {
        flags[datagram] |= HAS_FIRST;
        ports[datagram] = first.sourcePort() << 16 | first.destinationPort();
        protocols[datagram] = first.protocol();
        icmpTypes[datagram] = first.icmpType();
    }

    boolean hasFirst(int datagram) {
        return (flags[datagram] & HAS_FIRST) != 0;
    }

    boolean isComplete(int datagram) {
        return (flags[datagram] & COMPLETE) != 0;
    }

    int protocol(int datagram) {
        return protocols[datagram];
    }

    int icmpType(int datagram) {
        return icmpTypes[datagram];
    }

    int sourcePort(int datagram) {
        return ports[datagram] >>> 16;
    }

    int destinationPort(int datagram) {
        return ports[datagram] & 0xFFFF;
    }

    int deadline(int datagram) {
        return deadlines[datagram];
    }

    int held(int datagram) {
        return held[datagram];
    }

    void held(int datagram, int frame) {
        held[datagram] = frame;
    }

    int takeHeld(int datagram) {
        final int list = held[datagram];
        held[datagram] = NONE;
        return list;
    }

    /**
     * Notes that these bytes of the datagram pass.
     *
     * @param change false to ask only
     * @return why they must not pass, or null
     */
    @Nullable
    DropReason cover(int datagram, Packet packet, int from, int to, boolean change) {
        if ((flags[datagram] & POISONED) != 0) {
            return DataplaneDrop.FRAGMENT_OVERLAP;
        }
        final int base = datagram * MAX_RANGES * 2;
        final int size = rangeCounts[datagram];
        int at = 0;
        while (at < size && ranges[base + at * 2 + 1] < from) {
            at++;
        }
        // the range at "at" is the first that touches or follows the new one
        final int total = totals[datagram];
        final boolean beyond = total != NONE && (to > total || (!packet.hasMoreFragments() && to != total));
        int last = at;
        boolean overlaps = beyond;
        for (; last < size && ranges[base + last * 2] <= to; last++) {
            final int begin = ranges[base + last * 2];
            final int end = ranges[base + last * 2 + 1];
            if (begin <= from && to <= end && to > from) {
                return ConntrackDrop.FRAGMENT_DUPLICATE;
            }
            overlaps |= begin < to && from < end;
        }
        if (overlaps) {
            if (change) {
                flags[datagram] |= POISONED;
            }
            return DataplaneDrop.FRAGMENT_OVERLAP;
        }
        if (last == at && size == MAX_RANGES) {
            return ConntrackDrop.FRAGMENT_HOLES;
        }
        if (change) {
            insert(datagram, at, last, from, to);
            if (!packet.hasMoreFragments()) {
                totals[datagram] = to;
            }
            if (rangeCounts[datagram] == 1 && ranges[base] == 0 && ranges[base + 1] == totals[datagram]) {
                flags[datagram] |= COMPLETE;
            }
        }
        return null;
    }

    /** Replaces the ranges from {@code at} to {@code last} (exclusive), which touch the new one, by their union with it. */
    private void insert(int datagram, int at, int last, int from, int to) {
        final int base = datagram * MAX_RANGES * 2;
        final int size = rangeCounts[datagram];
        int begin = from;
        int end = to;
        if (last > at) {
            begin = Math.min(begin, ranges[base + at * 2]);
            end = Math.max(end, ranges[base + last * 2 - 1]);
        }
        System.arraycopy(ranges, base + last * 2, ranges, base + (at + 1) * 2, (size - last) * 2);
        ranges[base + at * 2] = begin;
        ranges[base + at * 2 + 1] = end;
        rangeCounts[datagram] = size - (last - at) + 1;
    }
}
