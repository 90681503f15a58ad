package io.weir.dataplane.port;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import java.nio.ByteOrder;

/**
 * Tells from a frame alone that its sender has left the checksum to a device. A virtual interface (a veth, say) hands such
 * frames to XDP as they are, and XDP has no word for it.
 *
 * <p>The field of an unfinished checksum holds the sum of the pseudo header. One finished checksum in 65,536 looks the same by
 * chance: then the sum of all else is zero, and to finish it again leaves it as it is. So nothing that was right becomes wrong;
 * only a frame that was damaged and looks the same, too, would pass for a good one.
 */
final class UnfinishedChecksum {
    private static final int VXLAN_PORT = 4789;

    /** The port that Linux, and with it flannel, takes for VXLAN where none is given. */
    private static final int VXLAN_PORT_OF_LINUX = 8472;

    private static final int UDP_AND_VXLAN_HEADER = 16;
    private static final int VXLAN_FLAGS = 0x0800_0000;
    private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private UnfinishedChecksum() {}

    /**
     * Looks at a frame. A checksum inside of a VXLAN packet has no note: it is finished here.
     *
     * @return {@link Burst#CHECKSUM_PARTIAL} or 0
     */
    static int notes(long frame, int length) {
        final long transport = OffloadHeader.transport(frame, length);
        if (isUnfinished(frame, length, transport)) {
            return Burst.CHECKSUM_PARTIAL;
        }
        if ((int) (transport >>> Integer.SIZE) == PacketParser.PROTOCOL_UDP) {
            finishInner(frame, length, (int) transport);
        }
        return 0;
    }

    private static boolean isUnfinished(long frame, int length, long transport) {
        if (transport == OffloadHeader.NO_TRANSPORT) {
            return false;
        }
        final int protocol = (int) (transport >>> Integer.SIZE);
        final int start = (int) transport;
        final int field = start + OffloadHeader.checksumOffset(protocol);
        if (field < start || field + 2 > length) {
            return false;
        }
        final long ip = frame + OffloadHeader.ipOffset(frame);
        final int headers = (int) (frame + start - ip);
        long sum = protocol;
        if ((getByte(ip) & 0xF0) == 0x40) {
            // A fragment's checksum is that of the whole.
            if ((getShortBigEndian(ip + 6) & 0x3FFF) != 0) {
                return false;
            }
            sum += getShortBigEndian(ip + 2) - headers;
            sum += (getIntBigEndian(ip + 12) & 0xFFFF_FFFFL) + (getIntBigEndian(ip + 16) & 0xFFFF_FFFFL);
        } else {
            sum += getShortBigEndian(ip + 4) + 40 - headers;
            sum += halves(getLong(ip + 8)) + halves(getLong(ip + 16));
            sum += halves(getLong(ip + 24)) + halves(getLong(ip + 32));
        }
        sum = (sum & 0xFFFF_FFFFL) + (sum >>> 32);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return sum == getShortBigEndian(frame + field);
    }

    private static long halves(long bytes) {
        final long value = SWAP ? Long.reverseBytes(bytes) : bytes;
        return (value & 0xFFFF_FFFFL) + (value >>> 32);
    }

    private static void finishInner(long frame, int length, int udp) {
        if (udp + UDP_AND_VXLAN_HEADER > length) {
            return;
        }
        final int port = getShortBigEndian(frame + udp + 2);
        if ((port != VXLAN_PORT && port != VXLAN_PORT_OF_LINUX) || getIntBigEndian(frame + udp + 8) != VXLAN_FLAGS) {
            return;
        }
        final long inner = frame + udp + UDP_AND_VXLAN_HEADER;
        final int innerLength = length - udp - UDP_AND_VXLAN_HEADER;
        final long transport = OffloadHeader.transport(inner, innerLength);
        if (isUnfinished(inner, innerLength, transport)) {
            final int offset = OffloadHeader.checksumOffset((int) (transport >>> Integer.SIZE));
            OffloadHeader.complete(inner, innerLength, (int) transport, offset);
        }
    }
}
