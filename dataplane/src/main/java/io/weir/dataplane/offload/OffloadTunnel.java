package io.weir.dataplane.offload;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.InternetChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The header that a tunnel over IPv4 puts in front of the IP packets of one direction of a connection.
 *
 * <pre>
 *   0  outer Ethernet (14) | IPv4 (20) | UDP (8) | VXLAN (8) | inner Ethernet (14)
 * </pre>
 *
 * What differs from packet to packet is zero: lengths and ECN; the header's checksum is the one of the rest. The UDP checksum is zero,
 * too, as RFC 7348 section 5 has it. The identification is what an IPv4 packet's own is added to, without carry.
 */
public final class OffloadTunnel {
    /** Bytes of the header. */
    public static final int LENGTH = 64;

    static final int ETHERNET = 14;
    static final int TOTAL_LENGTH = 16;
    static final int IDENTIFICATION = 18;
    static final int CHECKSUM = 24;
    static final int ADDRESSES = 26;
    static final int UDP_PORTS = 34;
    static final int UDP_LENGTH = 38;
    static final int VNI = 46;
    static final int INNER_MACS = 50;

    private static final int IPV4_LENGTH = 20;
    private static final int MAC = 6;

    private final byte[] header;

    /**
     * @param header         as an adjacency has it
     * @param sourcePort     of the UDP header
     * @param identification for the IPv4 header
     */
    public OffloadTunnel(byte[] header, int sourcePort, int identification) {
        if (header.length != LENGTH) {
            throw new IllegalArgumentException("a tunnel header of " + header.length + " bytes");
        }
        this.header = ByteBuffer.wrap(header.clone())
                .putShort(UDP_PORTS, (short) sourcePort)
                .putShort(IDENTIFICATION, (short) identification)
                .array();
    }

    /** What packets have that come back by the tunnel; the UDP source port, which is the other node's choice, stays. */
    public OffloadTunnel opposite() {
        final byte[] back = header.clone();
        swap(back, 0, MAC);
        swap(back, ADDRESSES, Integer.BYTES);
        swap(back, INNER_MACS, MAC);
        return new OffloadTunnel(back, ByteBuffer.wrap(back).getShort(UDP_PORTS), 0);
    }

    private static void swap(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            final byte one = bytes[i];
            bytes[i] = bytes[i + length];
            bytes[i + length] = one;
        }
    }

    /** Which network of its ends' it is. */
    public int vni() {
        return ByteBuffer.wrap(header).getInt(VNI) >>> 8;
    }

    /** The tunnel packet with this Ethernet frame, whose addresses become the tunnel's. */
    public byte[] around(byte[] frame) {
        final byte[] packet = Arrays.copyOf(header, LENGTH - ETHERNET + frame.length);
        System.arraycopy(frame, ETHERNET - 2, packet, LENGTH - 2, frame.length - ETHERNET + 2);
        final ByteBuffer bytes = ByteBuffer.wrap(packet);
        bytes.putShort(TOTAL_LENGTH, (short) (packet.length - ETHERNET));
        bytes.putShort(UDP_LENGTH, (short) (packet.length - ETHERNET - IPV4_LENGTH));
        bytes.putShort(CHECKSUM, (short) 0);
        final long sum = InternetChecksum.sum(new UnsafeBuffer(packet), ETHERNET, IPV4_LENGTH);
        bytes.putShort(CHECKSUM, (short) InternetChecksum.ofSum(sum));
        return packet;
    }

    /** Writes it for programs: in place of the checksum the sum that it is made of. */
    void write(long at) {
        OffHeap.copy(header, 0, at, LENGTH);
        OffHeap.putShort(at + CHECKSUM, (short) ~OffHeap.getShort(at + CHECKSUM));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OffloadTunnel tunnel && Arrays.equals(header, tunnel.header);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(header);
    }

    @Override
    public String toString() {
        return "a tunnel of network " + vni();
    }
}
