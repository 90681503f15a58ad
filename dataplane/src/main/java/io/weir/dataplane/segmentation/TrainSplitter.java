package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getLong;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.flow.TunnelTrains;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.segmentation.Coalescer.TcpSegment;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Takes trains of VXLAN packets (RFC 7348) apart. Consecutive pieces with TCP segments of one connection become one tunnel
 * packet with a big segment inside, by the rules of {@link Coalescer} and only if their VXLAN and inner headers are equal; every
 * other piece becomes the tunnel packet that it would have been on the wire.
 */
final class TrainSplitter implements TunnelTrains {
    private static final int ETHERNET = 14;
    private static final int UDP = 8;
    private static final int VXLAN = 8;
    private static final int IPV4_HEADER = 20;

    /** Of a piece whose inner packet has the least that can be read. */
    private static final int LEAST_PIECE = VXLAN + ETHERNET + IPV4_HEADER;

    private final MergedPacket merged = new MergedPacket();
    private final TcpSegment segment = new TcpSegment();
    private int handle = PacketPool.NULL_HANDLE;
    private long frame;
    private int outerLength;
    private int pieceBytes;
    private long at;
    private long end;
    private int packets;

    @Override
    public void begin(Transmitter transmitter, int slot, long start, int length, int bytes, int tunnelHeader) {
        handle = slot;
        frame = start;
        outerLength = tunnelHeader;
        pieceBytes = bytes;
        at = start + tunnelHeader;
        // the frame may be padded behind the datagram
        end = Math.min(start + length, at - UDP + getShortBigEndian(at - UDP + 4));
        packets = 0;
        if (end <= at) {
            transmitter.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
            handle = PacketPool.NULL_HANDLE;
        }
    }

    @Override
    public boolean next(Transmitter transmitter, Burst target) {
        while (at < end) {
            final long piece = at;
            final int length = length(piece);
            at += length;
            if ((at < end && isFirst(piece, length) && merge(transmitter, piece, length, target))
                    || copy(transmitter, piece, length, target)) {
                packets++;
                return true;
            }
        }
        if (handle != PacketPool.NULL_HANDLE) {
            transmitter.release(handle);
            handle = PacketPool.NULL_HANDLE;
            if (packets > 1) {
                transmitter.counters().count(PathCounter.SEGMENTS, packets);
            }
        }
        return false;
    }

    private int length(long piece) {
        return (int) Math.min(pieceBytes, end - piece);
    }

    private boolean isFirst(long piece, int length) {
        return isTcp(piece, length) && segment.mayBeFirst();
    }

    /** Reads a piece's inner packet; true for TCP in IPv4 with a right header checksum, or in IPv6. */
    private boolean isTcp(long piece, int length) {
        return length >= LEAST_PIECE
                && segment.read(piece + VXLAN, length - VXLAN, 0)
                && (!segment.ipv4 || InternetChecksum.isValid(InternetChecksum.sum(segment.ip(), IPV4_HEADER)));
    }

    /** Begins a big packet with a piece, and takes those that can follow; false when there is no slot for it. */
    private boolean merge(Transmitter transmitter, long first, int length, Burst target) {
        final PacketPool pool = transmitter.pool();
        final int slot = pool.acquireBig();
        if (slot == PacketPool.NULL_HANDLE) {
            return false;
        }
        final long inner = pool.frameAddress(slot);
        OffHeap.copy(first + VXLAN, inner, length - VXLAN);
        segment.read(inner, length - VXLAN, 0);
        merged.begin(0, slot, segment);
        while (at < end && !merged.isComplete()) {
            final int next = length(at);
            if (getLong(at) != getLong(first)
                    || !isTcp(at, next)
                    || !segment.isMergeable()
                    || !merged.isSameConnection(segment)
                    || !merged.append(segment, target, pool)) {
                break;
            }
            at += next;
        }
        final boolean isBig = merged.finishHeaders();
        final int payload = VXLAN + (isBig ? merged.frameLength() : length - VXLAN);
        final long start = inner - VXLAN - outerLength;
        OffHeap.copy(frame, start, outerLength);
        putLong(inner - VXLAN, getLong(first));
        finishOuter(start, payload);
        final int notes = isBig ? merged.mergedNotes() | Burst.TUNNELLED : Burst.CHECKSUM_VERIFIED;
        target.add(slot, start, outerLength + payload, notes);
        return true;
    }

    private boolean copy(Transmitter transmitter, long piece, int length, Burst target) {
        final PacketPool pool = transmitter.pool();
        final int slot = pool.acquireFor(outerLength + length);
        if (slot == PacketPool.NULL_HANDLE) {
            transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
            return false;
        }
        final long start = pool.frameAddress(slot);
        OffHeap.copy(frame, start, outerLength);
        OffHeap.copy(piece, start + outerLength, length);
        finishOuter(start, length);
        target.add(slot, start, outerLength + length, Burst.CHECKSUM_VERIFIED);
        return true;
    }

    /** Lengths and IPv4 checksum. The UDP checksum has been settled for the whole; none over IPv4, a stand-in over IPv6. */
    private void finishOuter(long start, int payload) {
        final long ip = start + ETHERNET;
        final long udp = start + outerLength - UDP;
        putShortBigEndian(udp + 4, UDP + payload);
        if (getShortBigEndian(start + 12) == PacketParser.ETHERTYPE_IPV4) {
            final int header = (getByte(ip) & 0xF) << 2;
            putShortBigEndian(ip + 2, outerLength - ETHERNET + payload);
            putShort(ip + 10, (short) 0);
            putShortBigEndian(ip + 10, InternetChecksum.ofSum(InternetChecksum.sum(ip, header)));
            putShort(udp + 6, (short) 0);
        } else {
            putShortBigEndian(ip + 4, UDP + payload);
            putShort(udp + 6, (short) 0xFFFF);
        }
    }
}
