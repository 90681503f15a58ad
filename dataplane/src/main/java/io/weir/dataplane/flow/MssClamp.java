package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Lowers the maximum segment size that a SYN announces (RFC 9293 section 3.7.1) to what a tunnel carries, so that a
 * connection through it needs no path MTU discovery. A SYN without the option is left alone: it means 536 bytes.
 */
final class MssClamp {
    private static final int TCP_HEADER = 20;
    private static final int CHECKSUM = 16;
    private static final int END_OF_OPTIONS = 0;
    private static final int NO_OPERATION = 1;
    private static final int MAXIMUM_SEGMENT_SIZE = 2;

    private MssClamp() {}

    /** Whether the packet announces a segment size at all. */
    static boolean concerns(Packet packet) {
        return packet.protocol() == PacketParser.PROTOCOL_TCP
                && (packet.tcpFlags() & PacketParser.TCP_SYN) != 0
                && !packet.isFragment();
    }

    /**
     * Lowers the option if it is above what fits.
     *
     * @param tcp     raw address of the TCP header
     * @param length  bytes from there to the packet's end
     * @param limit   largest segment, in bytes
     * @param partial the checksum covers the pseudo header alone, which does not change
     */
    static void apply(long tcp, int length, int limit, boolean partial) {
        if (length < TCP_HEADER) {
            return;
        }
        final int end = Math.min((getByte(tcp + 12) & 0xF0) >>> 2, length);
        int at = TCP_HEADER;
        while (at < end) {
            final int kind = getByte(tcp + at) & 0xFF;
            if (kind == END_OF_OPTIONS) {
                return;
            }
            if (kind == NO_OPERATION) {
                at++;
                continue;
            }
            if (at + 2 > end) {
                return;
            }
            final int size = getByte(tcp + at + 1) & 0xFF;
            if (size < 2 || at + size > end) {
                return; // the receiver ignores what is malformed, and so do we
            }
            if (kind == MAXIMUM_SEGMENT_SIZE && size == 4) {
                lower(tcp, at + 2, limit, partial);
                return;
            }
            at += size;
        }
    }

    private static void lower(long tcp, int at, int limit, boolean partial) {
        final int before = ((getByte(tcp + at) & 0xFF) << 8) | (getByte(tcp + at + 1) & 0xFF);
        if (before <= limit) {
            return;
        }
        putByte(tcp + at, (byte) (limit >>> 8));
        putByte(tcp + at + 1, (byte) limit);
        if (!partial) {
            // at an odd offset the two bytes belong to two words of the sum, which is the same as swapping them (RFC
            // 1071)
            final boolean odd = (at & 1) != 0;
            final long delta = InternetChecksum.delta16(odd ? swapped(before) : before, odd ? swapped(limit) : limit);
            putShortBigEndian(tcp + CHECKSUM, InternetChecksum.update(getShortBigEndian(tcp + CHECKSUM), delta));
        }
    }

    private static int swapped(int value) {
        return ((value & 0xFF) << 8) | (value >>> 8);
    }
}
