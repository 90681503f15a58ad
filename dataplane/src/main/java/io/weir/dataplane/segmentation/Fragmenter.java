package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Cuts an IPv4 packet that is too long for its way out into fragments (RFC 791 section 3.2). The packet may be a fragment
 * itself. Of its options the first piece has all, the others those whose copied flag is set.
 */
public final class Fragmenter {
    private static final int HEADER = 20;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int OFFSET_MASK = 0x1FFF;

    /**
     * Sends the pieces; the packet's own slot stays the caller's.
     *
     * @param adjacency raw address of an {@link AdjacencyTable} entry
     * @param ip        raw address of the IPv4 header
     * @param notes     a partial checksum is completed first
     */
    public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
        if ((notes & Burst.CHECKSUM_PARTIAL) != 0 && !PartialChecksum.complete(ip, ipLength)) {
            transmitter.counters().drop(DataplaneDrop.SEGMENTATION_FAILED.id());
            return;
        }
        final int mtu = AdjacencyTable.mtuOf(adjacency);
        final int firstHeader = (getByte(ip) & 0xF) << 2;
        final int laterHeader = HEADER + copyOptions(ip, firstHeader, 0);
        if (mtu < firstHeader + 8) {
            transmitter.counters().drop(DataplaneDrop.SEGMENTATION_FAILED.id());
            return;
        }
        final int field = getShortBigEndian(ip + 6);
        final int dataLength = ipLength - firstHeader;
        int done = 0;
        while (done < dataLength) {
            final int header = done == 0 ? firstHeader : laterHeader;
            int length = dataLength - done;
            int more = field & MORE_FRAGMENTS;
            if (header + length > mtu) {
                length = (mtu - header) & -8;
                more = MORE_FRAGMENTS;
            }
            final int handle = transmitter.pool().acquireFor(header + length);
            if (handle == PacketPool.NULL_HANDLE) {
                transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
                return;
            }
            final long piece = transmitter.pool().frameAddress(handle);
            putShortBigEndian(piece - 2, PacketParser.ETHERTYPE_IPV4);
            OffHeap.copy(ip, piece, done == 0 ? firstHeader : HEADER);
            if (done != 0) {
                copyOptions(ip, firstHeader, piece + HEADER);
                putByte(piece, (byte) (0x40 | (laterHeader >>> 2)));
            }
            OffHeap.copy(ip + firstHeader + done, piece + header, length);
            putShortBigEndian(piece + 2, header + length);
            putShortBigEndian(piece + 6, more | ((field & OFFSET_MASK) + (done >>> 3)));
            putShort(piece + 10, (short) 0);
            putShortBigEndian(piece + 10, InternetChecksum.ofSum(InternetChecksum.sum(piece, header)));
            transmitter.counters().count(PathCounter.FRAGMENTS);
            transmitter.sendVia(adjacency, handle, piece, header + length, 0, hash);
            done += length;
        }
    }

    /**
     * Copies the options that every fragment must have.
     *
     * @param target where to, or 0 only to learn their length
     * @return their bytes, padded to whole words
     */
    private static int copyOptions(long ip, int headerLength, long target) {
        int copied = 0;
        int at = HEADER;
        while (at < headerLength) {
            final int kind = getByte(ip + at) & 0xFF;
            if (kind == 0) {
                break;
            }
            if (kind == 1) {
                at++;
                continue;
            }
            final int length = at + 1 < headerLength ? getByte(ip + at + 1) & 0xFF : 0;
            if (length < 2 || at + length > headerLength) {
                break;
            }
            if ((kind & 0x80) != 0) {
                if (target != 0) {
                    OffHeap.copy(ip + at, target + copied, length);
                }
                copied += length;
            }
            at += length;
        }
        final int padded = (copied + 3) & -4;
        if (target != 0) {
            OffHeap.zero(target + copied, padded - copied);
        }
        return padded;
    }
}
