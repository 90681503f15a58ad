package io.weir.vxlan;

import static io.weir.dataplane.memory.OffHeap.getLong;

import java.nio.ByteOrder;
import java.util.List;
import java.util.function.ToIntBiFunction;

/**
 * Who may send tunnel packets over IPv4 into which network, by what their packets must have in common, as words of the frame in
 * the machine's byte order: one probe and three comparisons answer what would be questions for each header. Immutable.
 *
 * <pre>
 *  byte 26  source and destination address                     the slot is chosen by this word
 *  byte 34  UDP: destination port, no checksum                 {@link #UDP_MASK}
 *  byte 42  VXLAN: flags and VNI
 *  byte 50  inner Ethernet: destination, which is this node's  {@link #MAC_MASK}
 * </pre>
 *
 * <p>Slots are a power of two of eight longs: these four words, network + 1 (0: the slot is free), the sender's number in the
 * tally, and where the network's tunnels end, as the packet inside would have it that is a tunnel's itself.
 */
final class PlainSenders {
    /** Not found. */
    static final int MISSING = -1;

    /** Of a word that begins with an Ethernet address: that address. */
    static final long MAC_MASK = word(0xFFFF_FFFF_FFFF_0000L);

    private static final long UDP_MASK = word(0x0000_FFFF_0000_FFFFL);
    private static final int SLOT_LONGS = 8;
    private static final int UDP = 1;
    private static final int VXLAN = 2;
    private static final int MAC = 3;
    private static final int NETWORK = 4;
    private static final int FAR_END = 5;
    private static final int END = 6;

    /** From byte 80: destination address and ports, of which the destination's counts. */
    private static final int INNER_DESTINATION = 80;

    private static final long END_MASK = word(0xFFFF_FFFF_0000_FFFFL);

    private final long[] slots;
    private final int mask;

    /** Where tunnels over IPv4 end, each once. */
    private final long[] ends;

    PlainSenders(List<VxlanNetwork> networks, ToIntBiFunction<VxlanNetwork, RemoteVtep> farEnds) {
        final int remotes =
                networks.stream().mapToInt(network -> network.remotes().size()).sum();
        final int count = Integer.highestOneBit(Math.max(4, 4 * remotes));
        slots = new long[SLOT_LONGS * count];
        mask = count - 1;
        ends = networks.stream()
                .filter(network -> network.localAddress().isIpv4())
                .mapToLong(PlainSenders::end)
                .distinct()
                .toArray();
        for (int i = 0; i < networks.size(); i++) {
            final VxlanNetwork network = networks.get(i);
            if (network.localAddress().isIpv4()) {
                for (final RemoteVtep remote : network.remotes()) {
                    add(network, i, remote, farEnds.applyAsInt(network, remote));
                }
            }
        }
    }

    /** A word as it is loaded from the frame; its first byte is the number's highest. */
    static long word(long bigEndian) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Long.reverseBytes(bigEndian) : bigEndian;
    }

    private void add(VxlanNetwork network, int index, RemoteVtep remote, int farEnd) {
        final long addresses =
                word((remote.underlay().low() << 32) | (network.localAddress().low() & 0xFFFF_FFFFL));
        final long vxlan = word(((long) TunnelHeader.VXLAN_FLAGS << 32) | ((long) network.vni() << 8));
        int slot = slot(addresses);
        while (slots[slot + NETWORK] != 0) {
            if (slots[slot] == addresses && slots[slot + VXLAN] == vxlan) {
                return; // a node with several prefixes
            }
            slot = next(slot);
        }
        slots[slot] = addresses;
        slots[slot + UDP] = word((long) network.port() << 32);
        slots[slot + VXLAN] = vxlan;
        slots[slot + MAC] = word(network.localMac().bits() << 16);
        slots[slot + NETWORK] = index + 1L;
        slots[slot + FAR_END] = farEnd;
        slots[slot + END] = end(network);
    }

    private static long end(VxlanNetwork network) {
        return word((network.localAddress().low() << 32) | network.port());
    }

    private int slot(long addresses) {
        return ((int) ((addresses * 0x9E37_79B9_7F4A_7C15L) >>> 32) & mask) * SLOT_LONGS;
    }

    private int next(int slot) {
        return (slot + SLOT_LONGS) & (slots.length - 1);
    }

    /**
     * Where this packet's sender stands, or {@link #MISSING}.
     *
     * @param frame raw address of 64 bytes at least, whose outer header is IPv4 without options
     */
    int find(long frame) {
        final long[] all = slots;
        final long addresses = getLong(frame + 26);
        final long udp = getLong(frame + 34) & UDP_MASK;
        final long vxlan = getLong(frame + 42);
        int slot = slot(addresses);
        while (all[slot + NETWORK] != 0) {
            if (all[slot] == addresses && all[slot + UDP] == udp && all[slot + VXLAN] == vxlan) {
                final boolean toThisNode = ((getLong(frame + 50) ^ all[slot + MAC]) & MAC_MASK) == 0;
                return toThisNode ? slot : MISSING;
            }
            slot = next(slot);
        }
        return MISSING;
    }

    /** Whether a tunnel's packet is inside of this sender's packet, whose inner header is IPv4 without options. */
    boolean isNested(int slot, long frame) {
        final long end = getLong(frame + INNER_DESTINATION) & END_MASK;
        return end == slots[slot + END] || (ends.length > 1 && isAnyEnd(end));
    }

    private boolean isAnyEnd(long end) {
        for (final long known : ends) {
            if (known == end) {
                return true;
            }
        }
        return false;
    }

    /** This node's Ethernet address in the sender's network, as a word that begins with it. */
    long localMac(int slot) {
        return slots[slot + MAC];
    }

    /** The network's index and 1. */
    int scope(int slot) {
        return (int) slots[slot + NETWORK];
    }

    /** The sender's number in the tally. */
    int farEnd(int slot) {
        return (int) slots[slot + FAR_END];
    }
}
