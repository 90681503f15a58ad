package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getInt;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.segmentation.Coalescer.TcpSegment;
import io.weir.dataplane.wire.InternetChecksum;

/** A TCP segment of a burst and those that were appended to it. */
final class MergedPacket {
    private static final int ETHERNET = 14;
    private static final int MAX_IP_LENGTH = 0xFFFF;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int TCP_FLAGS = 13;
    private static final int TCP_CHECKSUM = 16;
    private static final int PSH = 0x08;

    /** Data offset, flags and window, without PSH. */
    private static final int SAME_WORD = ~(PSH << 16);

    private int index;
    private int handle;
    private long frame;
    private int notes;
    private boolean ipv4;
    private int ipHeader;
    private int tcpHeader;
    private int ipLength;
    private int segmentSize;
    private int nextSequence;
    private int count;
    private boolean complete;
    private boolean isFirstRight;

    void begin(int at, int slot, TcpSegment first) {
        index = at;
        handle = slot;
        frame = first.frame;
        notes = first.notes;
        ipv4 = first.ipv4;
        ipHeader = first.ipHeader;
        tcpHeader = first.tcpHeader;
        ipLength = first.ipLength;
        segmentSize = first.payloadLength();
        nextSequence = first.sequence + segmentSize;
        count = 1;
        complete = false;
        isFirstRight = false;
    }

    boolean isSameConnection(TcpSegment other) {
        return other.isSameConnection(frame, ipv4);
    }

    /** Nothing may be appended any more. */
    boolean isComplete() {
        return complete;
    }

    /** Appends a segment of the same connection; false when it can't follow. */
    boolean append(TcpSegment next, Burst burst, PacketPool pool) {
        final int payload = next.payloadLength();
        if (complete
                || next.sequence != nextSequence
                || payload > segmentSize
                || ipLength + payload > MAX_IP_LENGTH
                || !hasSameHeaders(next)
                || !isRight(next.ip(), next.ipLength, next.notes)) {
            return false;
        }
        if (count == 1 && !makeRoom(burst, pool)) {
            return false;
        }
        OffHeap.copy(next.frame + next.headersLength(), frame + ETHERNET + ipLength, payload);
        ipLength += payload;
        nextSequence += payload;
        count++;
        if (next.isPushed()) {
            final long flags = tcp() + TCP_FLAGS;
            putByte(flags, (byte) (getByte(flags) | PSH));
        }
        complete = payload < segmentSize || next.isPushed();
        return true;
    }

    private boolean hasSameHeaders(TcpSegment next) {
        if (next.tcpHeader != tcpHeader
                || getLong(next.frame) != getLong(frame)
                || getLong(next.frame + 6) != getLong(frame + 6)) {
            return false;
        }
        final long ip = frame + ETHERNET;
        final long nextIp = next.ip();
        if (ipv4) {
            final int field = getShortBigEndian(ip + 6);
            final int expected = (getShortBigEndian(ip + 4) + count) & 0xFFFF;
            if (getByte(ip + 1) != getByte(nextIp + 1)
                    || getByte(ip + 8) != getByte(nextIp + 8)
                    || field != getShortBigEndian(nextIp + 6)
                    || ((field & DONT_FRAGMENT) == 0 && getShortBigEndian(nextIp + 4) != expected)) {
                return false;
            }
        } else if (getInt(ip) != getInt(nextIp) || getByte(ip + 7) != getByte(nextIp + 7)) {
            return false;
        }
        final long tcp = tcp();
        final long nextTcp = next.tcp();
        return getInt(tcp + 8) == getInt(nextTcp + 8)
                && ((getIntBigEndian(tcp + 12) ^ getIntBigEndian(nextTcp + 12)) & SAME_WORD) == 0
                && Coalescer.isSame(tcp, nextTcp, 20, tcpHeader);
    }

    private long tcp() {
        return frame + ETHERNET + ipHeader;
    }

    /** The whole will be handed on as if its checksum were known to be right, so that of each part has to be. */
    private boolean isRight(long ip, int length, int note) {
        if ((note & (Burst.CHECKSUM_PARTIAL | Burst.CHECKSUM_VERIFIED)) != 0) {
            return true;
        }
        return InternetChecksum.isValid(
                pseudoHeader(ip, length) + InternetChecksum.sum(ip + ipHeader, length - ipHeader));
    }

    private long pseudoHeader(long ip, int length) {
        final long addresses = ipv4 ? InternetChecksum.sum(ip + 12, 8) : InternetChecksum.sum(ip + 8, 32);
        return addresses + PacketParser.PROTOCOL_TCP + length - ipHeader;
    }

    /** Moves the first segment to where the others fit behind it. */
    private boolean makeRoom(Burst burst, PacketPool pool) {
        if (!isFirstRight) {
            if (!isRight(frame + ETHERNET, ipLength, notes)) {
                complete = true;
                return false;
            }
            isFirstRight = true;
        }
        if (pool.capacity(handle) == PacketPool.BIG_FRAME_CAPACITY && frame == pool.frameAddress(handle)) {
            return true;
        }
        final int big = pool.acquireBig();
        if (big == PacketPool.NULL_HANDLE) {
            return false;
        }
        final long target = pool.frameAddress(big);
        OffHeap.copy(frame, target, ETHERNET + ipLength);
        pool.release(handle);
        handle = big;
        frame = target;
        burst.replace(index, handle, frame, ETHERNET + ipLength, notes);
        return true;
    }

    /** Gives the burst the packet as it has become. */
    void finish(Burst burst) {
        if (finishHeaders()) {
            burst.replace(index, handle, frame, frameLength(), mergedNotes());
        }
    }

    /** Writes lengths and checksums; false when nothing was appended. */
    boolean finishHeaders() {
        if (count == 1) {
            return false;
        }
        final long ip = frame + ETHERNET;
        if (ipv4) {
            putShortBigEndian(ip + 2, ipLength);
            putShort(ip + 10, (short) 0);
            putShortBigEndian(ip + 10, InternetChecksum.ofSum(InternetChecksum.sum(ip, ipHeader)));
        } else {
            putShortBigEndian(ip + 4, ipLength - ipHeader);
        }
        putShortBigEndian(tcp() + TCP_CHECKSUM, InternetChecksum.fold(pseudoHeader(ip, ipLength)));
        return true;
    }

    /** Bytes of the frame as it has become. */
    int frameLength() {
        return ETHERNET + ipLength;
    }

    /** What the burst is to know of a merged packet. */
    int mergedNotes() {
        return segmentSize | Burst.CHECKSUM_PARTIAL;
    }
}
