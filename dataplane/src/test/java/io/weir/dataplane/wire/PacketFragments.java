package io.weir.dataplane.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Splits a built packet at its first IP header, as a router (IPv4) or a sender (IPv6) would. */
final class PacketFragments {
    private PacketFragments() {}

    static List<byte[]> split(byte[] packet, int mtu) {
        final int ip = ipOffset(packet);
        final boolean isIpv4 = packet[ip] >>> 4 == 4;
        final int header = isIpv4 ? (packet[ip] & 0xF) * 4 : 40;
        final int room = (mtu - header - (isIpv4 ? 0 : 8)) / 8 * 8;
        final List<byte[]> fragments = new ArrayList<>();
        final int start = ip + header;
        for (int offset = 0; offset < packet.length - start; offset += room) {
            final int length = Math.min(room, packet.length - start - offset);
            final boolean more = start + offset + length < packet.length;
            final byte[] data = Arrays.copyOfRange(packet, start + offset, start + offset + length);
            fragments.add(isIpv4 ? ipv4(packet, ip, header, offset, more, data) : ipv6(packet, ip, offset, more, data));
        }
        return fragments;
    }

    private static int ipOffset(byte[] packet) {
        if ((packet[0] >>> 4 == 4 && (packet[0] & 0xF) == 5) || (packet[0] & 0xF0) == 0x60) {
            return 0;
        }
        return packet[12] == (byte) 0x81 ? 18 : 14;
    }

    private static byte[] ipv4(byte[] packet, int ip, int header, int offset, boolean more, byte[] data) {
        final ByteBuffer out = ByteBuffer.allocate(ip + header + data.length);
        out.put(packet, 0, ip + header).put(data);
        out.putShort(ip + 2, (short) (header + data.length));
        out.putShort(ip + 6, (short) (offset / 8 | (more ? 0x2000 : 0)));
        out.putShort(ip + 10, (short) 0);
        out.putShort(ip + 10, (short) ReferenceChecksum.internet(out.array(), ip, header));
        return out.array();
    }

    private static byte[] ipv6(byte[] packet, int ip, int offset, boolean more, byte[] data) {
        final ByteBuffer out = ByteBuffer.allocate(ip + 48 + data.length);
        out.put(packet, 0, ip + 40);
        out.put(packet[ip + 6]).put((byte) 0).putShort((short) (offset | (more ? 1 : 0)));
        out.putInt(Arrays.hashCode(Arrays.copyOfRange(packet, ip, ip + 40))).put(data);
        out.putShort(ip + 4, (short) (8 + data.length));
        out.put(ip + 6, (byte) 44);
        return out.array();
    }
}
