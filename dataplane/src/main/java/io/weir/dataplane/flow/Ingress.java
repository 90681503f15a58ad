package io.weir.dataplane.flow;

import io.weir.dataplane.wire.MacAddress;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What a worker knows of a port before it looks at a packet from it: immutable, part of a snapshot.
 *
 * <p>The fast path compares the first 14 bytes of a frame with two masked words: the destination must be the port's own
 * Ethernet address; from a pod, the source must be the pod's.
 */
public final class Ingress {
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final int port;
    private final String name;
    private final Role role;
    private final MacAddress mac;
    private final @Nullable MacAddress peerMac;
    private final int mtu;
    private final PortAddresses addresses;

    final long destinationWord;
    final long destinationMask;
    final long sourceWordIpv4;
    final long sourceWordIpv6;
    final long sourceMask;

    /** What is behind a port. */
    public enum Role {
        /** One pod: it may use its own addresses only. */
        POD,
        /** The node's network. */
        UPLINK,
        /** The node's own namespace. */
        HOST
    }

    /** With the addresses that the role usually has: the gateways towards a pod, none elsewhere. */
    public Ingress(int port, String name, Role role, MacAddress mac, @Nullable MacAddress peerMac, int mtu) {
        this(port, name, role, mac, peerMac, mtu, role == Role.POD ? PortAddresses.POD_GATEWAYS : PortAddresses.EMPTY);
    }

    /**
     * @param port    the port's id, which is also the scope of packets that come from it undecapsulated
     * @param name    as in reports
     * @param role    what is behind it
     * @param mac     the Ethernet address that packets for weir carry
     * @param peerMac the only Ethernet address that may send here; null: any
     * @param mtu     the largest IP packet that the port takes, in bytes
     * @param addresses weir's own on this port
     */
    public Ingress(
            int port,
            String name,
            Role role,
            MacAddress mac,
            @Nullable MacAddress peerMac,
            int mtu,
            PortAddresses addresses) {
        this.addresses = addresses;
        this.port = port;
        this.name = name;
        this.role = role;
        this.mac = mac;
        this.peerMac = peerMac;
        this.mtu = mtu;
        destinationMask = word(0xFFFF_FFFF_FFFFL << 16);
        destinationWord = word(mac.bits() << 16);
        sourceMask = word(peerMac == null ? 0xFFFF : -1L);
        final long source = peerMac == null ? 0 : peerMac.bits() << 16;
        sourceWordIpv4 = word(source | 0x0800);
        sourceWordIpv6 = word(source | 0x86DD);
    }

    private static long word(long bigEndian) {
        return LITTLE ? Long.reverseBytes(bigEndian) : bigEndian;
    }

    public int port() {
        return port;
    }

    public String name() {
        return name;
    }

    public Role role() {
        return role;
    }

    public MacAddress mac() {
        return mac;
    }

    public @Nullable MacAddress peerMac() {
        return peerMac;
    }

    public int mtu() {
        return mtu;
    }

    /** weir's own addresses on this port. */
    public PortAddresses addresses() {
        return addresses;
    }
}
