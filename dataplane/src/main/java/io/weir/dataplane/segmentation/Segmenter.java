package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;
import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.flow.Transmitter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.InternetChecksum;

/**
 * Cuts a big TCP or UDP packet into the packets that it stands for. Every piece has the headers of the whole, with its own
 * lengths, IPv4 identification (counted up), TCP sequence number and checksums; CWR is on the first alone (RFC 3168 section
 * 6.1.2), FIN and PSH on the last.
 */
final class Segmenter {
    private static final int ETHERNET = 14;
    private static final int TCP_SEQUENCE = 4;
    private static final int TCP_FLAGS = 13;
    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;

    private static final long NO_ADJACENCY = 0;

    /** Bytes of the longest frame that Linux segments for a device (GSO_MAX_SIZE, less one). */
    private static final int MAX_TRAIN = 65535;

    private long ip;
    private int ipLength;
    private boolean ipv4;
    private int protocol;
    private int transportOffset;
    private int headerLength;
    private int payload;
    private int done;
    private int count;
    private int port;
    private long adjacency;
    private int hash;

    /** Takes over a frame with a 14-byte Ethernet header, for a port. */
    void send(Transmitter transmitter, int outputPort, int handle, long frame, int length, int segmentSize) {
        port = outputPort;
        adjacency = NO_ADJACENCY;
        cut(transmitter, handle, frame + ETHERNET, length - ETHERNET, ETHERNET, segmentSize);
    }

    /**
     * Takes over an IP packet that goes into a tunnel: each piece gets the adjacency's header. By a port that takes big
     * packets they leave as trains, {@link Transmitter#sendTrain}.
     */
    void sendVia(
            Transmitter transmitter, long way, int handle, long packet, int length, int segmentSize, int flowHash) {
        adjacency = way;
        hash = flowHash;
        cut(transmitter, handle, packet, length, 0, segmentSize);
    }

    private void cut(Transmitter transmitter, int handle, long packet, int length, int linkHeader, int segmentSize) {
        if (!locate(packet, length)) {
            transmitter.drop(handle, DataplaneDrop.SEGMENTATION_FAILED);
            return;
        }
        done = 0;
        count = 0;
        final boolean takesTrains = adjacency != NO_ADJACENCY && transmitter.takesTrains(adjacency);
        do {
            final boolean sent = (takesTrains && left(segmentSize) > 1)
                    ? sendTrain(transmitter, segmentSize)
                    : sendPiece(transmitter, linkHeader, segmentSize);
            if (!sent) {
                transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
                break;
            }
        } while (done < payload);
        transmitter.counters().count(PathCounter.SEGMENTS, count);
        transmitter.release(handle);
    }

    /** Pieces that are not cut yet. */
    private int left(int segmentSize) {
        return (payload - done + segmentSize - 1) / segmentSize;
    }

    private boolean sendPiece(Transmitter transmitter, int linkHeader, int segmentSize) {
        final int most = linkHeader + headerLength + Math.min(segmentSize, payload - done);
        final int slot = transmitter.pool().acquireFor(most);
        if (slot == PacketPool.NULL_HANDLE) {
            return false;
        }
        final long frame = transmitter.pool().frameAddress(slot);
        final long piece = frame + linkHeader;
        OffHeap.copy(ip - linkHeader, frame, linkHeader);
        final int pieceLength = write(piece, segmentSize);
        if (adjacency == NO_ADJACENCY) {
            transmitter.send(port, slot, frame, linkHeader + pieceLength, 0);
        } else {
            putShortBigEndian(piece - 2, ipv4 ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6);
            transmitter.sendVia(adjacency, slot, piece, pieceLength, 0, hash);
        }
        return true;
    }

    /** As many pieces as fit one datagram, at least two; one by one where there is no slot for it. */
    private boolean sendTrain(Transmitter transmitter, int segmentSize) {
        final int slot = transmitter.pool().acquireBig();
        if (slot == PacketPool.NULL_HANDLE) {
            return sendPiece(transmitter, 0, segmentSize);
        }
        final int etherType = ipv4 ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6;
        final long inside = AdjacencyTable.headerOf(adjacency)
                + AdjacencyTable.headerLengthOf(adjacency)
                - AdjacencyTable.INSIDE_LENGTH;
        final int pieceBytes = AdjacencyTable.INSIDE_LENGTH + headerLength + segmentSize;
        final int room = MAX_TRAIN - AdjacencyTable.headerLengthOf(adjacency) + AdjacencyTable.INSIDE_LENGTH;
        final int pieces = Math.min(left(segmentSize), room / pieceBytes);
        final long first = transmitter.pool().frameAddress(slot);
        long at = first;
        for (int i = 0; i < pieces; i++) {
            if (i != 0) {
                OffHeap.copy(inside, at, AdjacencyTable.INSIDE_LENGTH);
                at += AdjacencyTable.INSIDE_LENGTH;
            }
            putShortBigEndian(at - 2, etherType);
            at += write(at, segmentSize);
        }
        transmitter.sendTrain(adjacency, slot, first, (int) (at - first), pieceBytes, pieces, hash);
        return true;
    }

    /** Writes the next piece, an IP packet; its length. */
    private int write(long piece, int segmentSize) {
        final int size = Math.min(segmentSize, payload - done);
        OffHeap.copy(ip, piece, headerLength);
        OffHeap.copy(ip + headerLength + done, piece + headerLength, size);
        finishIp(piece, headerLength + size, count);
        finishTransport(piece, headerLength + size, done, done + size == payload);
        done += size;
        count++;
        return headerLength + size;
    }

    /** The frame may be padded behind the IP packet, whose own length counts. */
    private boolean locate(long packet, int available) {
        if (available < 20) {
            return false;
        }
        ip = packet;
        ipv4 = (getByte(packet) & 0xF0) == 0x40;
        ipLength = ipv4 ? getShortBigEndian(packet + 2) : getShortBigEndian(packet + 4) + 40;
        final int found = ipLength > available ? TransportHeader.MISSING : TransportHeader.locate(packet, ipLength);
        if (found == TransportHeader.MISSING) {
            return false;
        }
        protocol = TransportHeader.protocol(found);
        transportOffset = TransportHeader.offset(found);
        final int transportHeader = protocol == PacketParser.PROTOCOL_TCP
                ? (getByte(packet + transportOffset + 12) & 0xF0) >>> 2
                : TransportHeader.UDP_LENGTH;
        headerLength = transportOffset + transportHeader;
        payload = ipLength - headerLength;
        final boolean isWhole = protocol == PacketParser.PROTOCOL_UDP || transportHeader >= TransportHeader.TCP_MINIMUM;
        return isWhole && headerLength <= ipLength;
    }

    private void finishIp(long piece, int length, int number) {
        if (ipv4) {
            putShortBigEndian(piece + 2, length);
            putShortBigEndian(piece + 4, getShortBigEndian(ip + 4) + number);
            putShort(piece + 10, (short) 0);
            final int header = (getByte(piece) & 0xF) << 2;
            putShortBigEndian(piece + 10, InternetChecksum.ofSum(InternetChecksum.sum(piece, header)));
        } else {
            putShortBigEndian(piece + 4, length - 40);
        }
    }

    private void finishTransport(long piece, int length, int offset, boolean isLast) {
        final long transport = piece + transportOffset;
        final int transportLength = length - transportOffset;
        final long pseudo = (ipv4 ? InternetChecksum.sum(piece + 12, 8) : InternetChecksum.sum(piece + 8, 32))
                + protocol
                + transportLength;
        if (protocol == PacketParser.PROTOCOL_TCP) {
            putIntBigEndian(transport + TCP_SEQUENCE, getIntBigEndian(transport + TCP_SEQUENCE) + offset);
            int flags = getByte(transport + TCP_FLAGS) & 0xFF;
            flags &= isLast ? 0xFF : ~FIN_PSH;
            flags &= offset == 0 ? 0xFF : ~CWR;
            putByte(transport + TCP_FLAGS, (byte) flags);
            putShort(transport + TransportHeader.TCP_CHECKSUM, (short) 0);
            final int checksum = InternetChecksum.ofSum(pseudo + InternetChecksum.sum(transport, transportLength));
            putShortBigEndian(transport + TransportHeader.TCP_CHECKSUM, checksum);
        } else {
            putShortBigEndian(transport + 4, transportLength);
            putShort(transport + TransportHeader.UDP_CHECKSUM, (short) 0);
            final int checksum = InternetChecksum.ofUdpSum(pseudo + InternetChecksum.sum(transport, transportLength));
            putShortBigEndian(transport + TransportHeader.UDP_CHECKSUM, checksum);
        }
    }
}
