package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;

/**
 * Merges consecutive TCP segments of one connection, within a burst, into one big packet: for a port that takes those, the
 * cost of a packet is worth more than that of copying its bytes. The rules are those of Linux' generic receive offload:
 * all headers are the same but for lengths, IPv4 identification and checksums; sequence numbers follow one another; only ACK
 * and PSH are set; timestamps are equal; all pieces have the size of the first, except that the last may be shorter. A piece
 * with a wrong checksum is left alone, so the receiver sees it as it came.
 *
 * <p>A connection's packets stay in order. Owned by one worker; allocates nothing.
 */
final class Coalescer {
    /** Connections of one burst that are merged side by side. */
    private static final int FLOWS = 16;

    private final MergedPacket[] flows = new MergedPacket[FLOWS];
    private final TcpSegment segment = new TcpSegment();
    private int flowCount;

    Coalescer() {
        for (int i = 0; i < FLOWS; i++) {
            flows[i] = new MergedPacket();
        }
    }

    /** Merges what can be merged; the burst holds fewer packets afterwards, and emptied slots are released. */
    void coalesce(Burst burst, PacketPool pool) {
        flowCount = 0;
        int kept = 0;
        final int size = burst.size();
        for (int i = 0; i < size; i++) {
            final int handle = burst.handle(i);
            final long frame = burst.address(i);
            final int length = burst.length(i);
            final int notes = burst.notes(i);
            final boolean isTcp = segment.read(frame, length, notes);
            final int open = isTcp ? find() : -1;
            if (open >= 0) {
                final MergedPacket flow = flows[open];
                if (segment.isMergeable() && flow.append(segment, burst, pool)) {
                    pool.release(handle);
                    if (flow.isComplete()) {
                        close(open, burst);
                    }
                    continue;
                }
                close(open, burst);
            }
            burst.replace(kept, handle, frame, length, notes);
            if (isTcp && segment.mayBeFirst()) {
                open(kept, handle, burst);
            }
            kept++;
        }
        while (flowCount > 0) {
            close(flowCount - 1, burst);
        }
        burst.truncate(kept);
    }

    private int find() {
        for (int i = 0; i < flowCount; i++) {
            if (flows[i].isSameConnection(segment)) {
                return i;
            }
        }
        return -1;
    }

    private void open(int index, int handle, Burst burst) {
        if (flowCount == FLOWS) {
            close(0, burst);
        }
        flows[flowCount++].begin(index, handle, segment);
    }

    private void close(int index, Burst burst) {
        final MergedPacket closed = flows[index];
        closed.finish(burst);
        flows[index] = flows[--flowCount];
        flows[flowCount] = closed;
    }

    /** Equal bytes of two headers, in whole words. */
    static boolean isSame(long one, long other, int from, int to) {
        for (int i = from; i < to; i += 4) {
            if (getInt(one + i) != getInt(other + i)) {
                return false;
            }
        }
        return true;
    }

    /** What was read of one frame. */
    static final class TcpSegment {
        private static final int ETHERNET = 14;
        private static final int ACK = 0x10;
        private static final int PSH = 0x08;
        private static final int TCP = 6;

        long frame;
        int notes;
        boolean ipv4;
        int ipHeader;
        int ipLength;
        int tcpHeader;
        int flags;
        int sequence;

        /** True for TCP without IP options or extension headers, not in fragments, and not merged already. */
        boolean read(long start, int length, int note) {
            if (length < ETHERNET + 40 || Burst.segmentSizeOf(note) != 0) {
                return false;
            }
            frame = start;
            notes = note;
            final int etherType = getShortBigEndian(start + 12);
            final long ip = start + ETHERNET;
            if (etherType == 0x0800) {
                ipv4 = true;
                ipHeader = 20;
                ipLength = getShortBigEndian(ip + 2);
                if (getByte(ip) != 0x45 || getByte(ip + 9) != TCP || (getShortBigEndian(ip + 6) & 0x3FFF) != 0) {
                    return false;
                }
            } else if (etherType == 0x86DD && length >= ETHERNET + 60) {
                ipv4 = false;
                ipHeader = 40;
                ipLength = getShortBigEndian(ip + 4) + 40;
                if ((getByte(ip) & 0xF0) != 0x60 || getByte(ip + 6) != TCP) {
                    return false;
                }
            } else {
                return false;
            }
            if (ipLength < ipHeader + 20 || ETHERNET + ipLength > length) {
                return false;
            }
            final long tcp = tcp();
            tcpHeader = (getByte(tcp + 12) & 0xF0) >>> 2;
            flags = getByte(tcp + 13) & 0xFF;
            sequence = getIntBigEndian(tcp + 4);
            return tcpHeader >= 20 && ipHeader + tcpHeader <= ipLength;
        }

        long ip() {
            return frame + ETHERNET;
        }

        long tcp() {
            return frame + ETHERNET + ipHeader;
        }

        int headersLength() {
            return ETHERNET + ipHeader + tcpHeader;
        }

        int payloadLength() {
            return ipLength - ipHeader - tcpHeader;
        }

        boolean isPushed() {
            return (flags & PSH) != 0;
        }

        /** It may follow another. */
        boolean isMergeable() {
            return (flags & ~PSH) == ACK && payloadLength() > 0;
        }

        /** Others may follow it. */
        boolean mayBeFirst() {
            return flags == ACK && payloadLength() > 0;
        }

        /** The same addresses and ports. */
        boolean isSameConnection(long otherFrame, boolean otherIsIpv4) {
            if (ipv4 != otherIsIpv4) {
                return false;
            }
            final int addresses = ipv4 ? 26 : 22;
            return getInt(tcp()) == getInt(otherFrame + ETHERNET + ipHeader)
                    && getLong(frame + addresses) == getLong(otherFrame + addresses)
                    && (ipv4 || isSame(frame, otherFrame, 30, 54));
        }
    }
}
