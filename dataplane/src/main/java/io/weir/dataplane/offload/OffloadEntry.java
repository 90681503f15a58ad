package io.weir.dataplane.offload;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;

/**
 * One direction of a connection as the kernel's program sees it; numbers in the machine's byte order, ports, Ethernet and IP
 * addresses as in a packet.
 *
 * <pre>
 *    0  key: ingress interface (4) | source port (2) | destination port (2) | source (16) | destination (16)
 *   40  egress interface (4), 0 when closed | MTU (2) | flags (2) | destination MAC (6) | source MAC (6)
 *   60  slot of the other direction (4), -1: none
 *   64  packets (8) | bytes (8) | last used (8) | unused (40)
 *  128  what a translation does: {@link OffloadTranslation} | unused (20)
 *  192  a tunnel's header: {@link OffloadTunnel}
 * </pre>
 *
 * IPv4 addresses are ::ffff:a.b.c.d. The first line of 64 bytes is read for each packet, the second one is written; the third and
 * the fourth are read when a flag says so.
 */
final class OffloadEntry {
    static final int KEY_LENGTH = 40;
    static final int LENGTH = 256;

    static final int INTERFACE = 0;
    static final int PORTS = 4;
    static final int SOURCE = 8;
    static final int DESTINATION = 24;
    static final int EGRESS = 40;
    static final int MTU = 44;
    static final int FLAGS = 46;
    static final int MACS = 48;
    static final int PARTNER = 60;
    static final int PACKETS = 64;
    static final int BYTES = 72;
    static final int LAST_USED = 80;
    static final int TRANSLATION = 128;
    static final int TUNNEL = 192;

    /** Flag: addresses and ports change. */
    static final int TRANSLATED = 1;

    /** Flag: packets come or go by a tunnel. */
    static final int TUNNELLED = 2;

    /** Flag: the addresses are IPv6's. */
    static final int IPV6 = 4;

    /** No slot. */
    static final int ALONE = -1;

    private OffloadEntry() {}

    static byte[] key(int ingressInterface, OffloadKey key) {
        final byte[] bytes = new byte[KEY_LENGTH];
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[INTERFACE + i] = (byte) (ingressInterface >>> (8 * i));
        }
        bytes[PORTS] = (byte) (key.sourcePort() >>> 8);
        bytes[PORTS + 1] = (byte) key.sourcePort();
        bytes[PORTS + 2] = (byte) (key.destinationPort() >>> 8);
        bytes[PORTS + 3] = (byte) key.destinationPort();
        address(key.source(), bytes, SOURCE);
        address(key.destination(), bytes, DESTINATION);
        return bytes;
    }

    /** All 16 bytes of it, as in a packet. */
    static void address(IpAddress address, byte[] bytes, int offset) {
        for (int i = 0; i < Long.BYTES; i++) {
            final int shift = 56 - (8 * i);
            bytes[offset + i] = (byte) (address.high() >>> shift);
            bytes[offset + Long.BYTES + i] = (byte) (address.low() >>> shift);
        }
    }

    /**
     * Writes an entry that no program finds yet; it counts on from an earlier count.
     *
     * @param partner slot of the other direction
     */
    static void write(
            long entry, byte[] key, int egressInterface, OffloadedFlow flow, int partner, OffloadCount earlier) {
        OffHeap.zero(entry, LENGTH);
        OffHeap.copy(key, 0, entry, KEY_LENGTH);
        mac(entry + MACS, flow.destinationMac());
        mac(entry + MACS + MacAddress.LENGTH, flow.sourceMac());
        OffHeap.putShort(entry + MTU, (short) flow.mtu());
        int flags = flow.key().source().isIpv4() ? 0 : IPV6;
        if (flow.isTranslated()) {
            flags |= TRANSLATED;
            OffloadTranslation.write(entry + TRANSLATION, flow);
        }
        final OffloadTunnel tunnel = flow.tunnel();
        if (tunnel != null) {
            flags |= TUNNELLED;
            tunnel.write(entry + TUNNEL);
        }
        OffHeap.putShort(entry + FLAGS, (short) flags);
        OffHeap.putInt(entry + PARTNER, partner);
        OffHeap.putLong(entry + PACKETS, earlier.packets());
        OffHeap.putLong(entry + BYTES, earlier.bytes());
        OffHeap.putLong(entry + LAST_USED, earlier.lastUsedNs());
        OffHeap.putIntRelease(entry + EGRESS, egressInterface);
    }

    private static void mac(long address, MacAddress mac) {
        OffHeap.copy(mac.toBytes(), 0, address, MacAddress.LENGTH);
    }

    /** From now on packets go to weir. */
    static void shut(long entry) {
        OffHeap.putIntRelease(entry + EGRESS, 0);
    }

    /** What closes this one closes no other one any more. */
    static void leave(long entry) {
        OffHeap.putIntRelease(entry + PARTNER, ALONE);
    }

    static OffloadCount count(long entry) {
        return new OffloadCount(
                OffHeap.getLongAcquire(entry + PACKETS),
                OffHeap.getLongAcquire(entry + BYTES),
                OffHeap.getLongAcquire(entry + LAST_USED));
    }
}
