package io.weir.dataplane.route;

import io.weir.dataplane.memory.OffHeap;
import java.util.Arrays;
import org.agrona.collections.IntArrayList;

/**
 * The neighbours that packets are handed to: output port, MTU and the prebuilt header that goes in front of the IP packet.
 * Shared by all workers; an entry never changes while a published snapshot can lead to it.
 *
 * <pre>
 *  0  int   output port
 *  4  byte  kind: {@link #ETHERNET}, {@link #TUNNEL_IPV4}, {@link #TUNNEL_IPV6}; above it 24 bits: the tunnel's far end
 *  8  int   largest IP packet that fits, in bytes
 * 12  int   header length in bytes
 * 16  bytes header: 14 of Ethernet, or outer Ethernet + IP + UDP + VXLAN + inner Ethernet (64 or 84); at most 112
 * </pre>
 *
 * <p>The header's last two bytes, the EtherType, are the packet's own: one adjacency serves both families.
 *
 * <p>A tunnel header's length, identification, checksum, source port and ECN fields are zero; the rewriter fills them in.
 */
public final class AdjacencyTable implements AutoCloseable {
    public static final int ETHERNET = 0;
    public static final int TUNNEL_IPV4 = 1;
    public static final int TUNNEL_IPV6 = 2;

    /** Bytes of a tunnel's header that are inside of its UDP datagram: VXLAN and the inner Ethernet header. */
    public static final int INSIDE_LENGTH = 22;

    /** Bytes of an entry: two cache lines. */
    public static final int ENTRY_LENGTH = 128;

    /** Bytes of the longest header. */
    public static final int MAX_HEADER_LENGTH = 112;

    /** Outer Ethernet, IPv4, UDP, VXLAN and inner Ethernet. */
    public static final int IPV4_TUNNEL_HEADER_LENGTH = 64;

    /** The same over IPv6. */
    public static final int IPV6_TUNNEL_HEADER_LENGTH = 84;

    /** A flow entry has 24 bits for the index. */
    public static final int MAX_CAPACITY = 1 << 24;

    static final int PORT_OFFSET = 0;
    static final int KIND_OFFSET = 4;
    static final int MTU_OFFSET = 8;
    static final int HEADER_LENGTH_OFFSET = 12;
    static final int HEADER_OFFSET = 16;

    private final long address;
    private final int capacity;
    private final IntArrayList free = new IntArrayList();
    private int next;

    public AdjacencyTable(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is outside 1.." + MAX_CAPACITY);
        }
        this.capacity = capacity;
        address = OffHeap.allocate((long) capacity * ENTRY_LENGTH);
    }

    /**
     * Conductor: writes a new entry.
     *
     * @return its index
     * @throws IllegalStateException    when the table is full
     * @throws IllegalArgumentException when the header's length is not that of its kind
     */
    public synchronized int add(int outputPort, int kind, int mtu, byte[] header) {
        if (header.length > MAX_HEADER_LENGTH || !isHeaderOf(kind & 0xFF, header.length)) {
            throw new IllegalArgumentException("header of " + header.length + " bytes");
        }
        final int index;
        if (!free.isEmpty()) {
            index = free.removeAt(free.size() - 1);
        } else if (next < capacity) {
            index = next++;
        } else {
            throw new IllegalStateException("all " + capacity + " adjacencies are in use");
        }
        final long entry = entry(index);
        OffHeap.putInt(entry + PORT_OFFSET, outputPort);
        OffHeap.putInt(entry + KIND_OFFSET, kind);
        OffHeap.putInt(entry + MTU_OFFSET, mtu);
        OffHeap.putInt(entry + HEADER_LENGTH_OFFSET, header.length);
        OffHeap.copy(Arrays.copyOf(header, MAX_HEADER_LENGTH), 0, entry + HEADER_OFFSET, MAX_HEADER_LENGTH);
        return index;
    }

    /** The rewriter relies on it: a tunnel header has the length of its kind. */
    private static boolean isHeaderOf(int kind, int length) {
        return switch (kind) {
            case TUNNEL_IPV4 -> length == IPV4_TUNNEL_HEADER_LENGTH;
            case TUNNEL_IPV6 -> length == IPV6_TUNNEL_HEADER_LENGTH;
            default -> true;
        };
    }

    /** Conductor: the entry may be used again; call it when every worker has passed on. */
    public synchronized void remove(int index) {
        free.addInt(index);
    }

    public long entry(int index) {
        return address + ((long) index << 7);
    }

    public int outputPort(int index) {
        return OffHeap.getInt(entry(index) + PORT_OFFSET);
    }

    public int mtu(int index) {
        return OffHeap.getInt(entry(index) + MTU_OFFSET);
    }

    public int kind(int index) {
        return kindOf(entry(index));
    }

    public static int portOf(long entry) {
        return OffHeap.getInt(entry + PORT_OFFSET);
    }

    public static int kindOf(long entry) {
        return OffHeap.getInt(entry + KIND_OFFSET) & 0xFF;
    }

    /** The number by which packets through the tunnel are counted; 0: none. */
    public static int farEndOf(long entry) {
        return OffHeap.getInt(entry + KIND_OFFSET) >>> 8;
    }

    /** A tunnel's kind together with the number of its far end, as {@link #add} takes it. */
    public static int kindTo(int kind, int farEnd) {
        return kind | (farEnd << 8);
    }

    public static int mtuOf(long entry) {
        return OffHeap.getInt(entry + MTU_OFFSET);
    }

    public static int headerLengthOf(long entry) {
        return OffHeap.getInt(entry + HEADER_LENGTH_OFFSET);
    }

    public static long headerOf(long entry) {
        return entry + HEADER_OFFSET;
    }

    @Override
    public void close() {
        OffHeap.free(address);
    }
}
