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

    private long ip;
    private int ipLength;
    private boolean ipv4;
    private int protocol;
    private int transportOffset;
    private int headerLength;
    private int port;
    private long adjacency;
    private int hash;

    /** Takes over a frame with a 14-byte Ethernet header, for a port. */
    void send(Transmitter transmitter, int outputPort, int handle, long frame, int length, int segmentSize) {
        port = outputPort;
        adjacency = NO_ADJACENCY;
        cut(transmitter, handle, frame + ETHERNET, length - ETHERNET, ETHERNET, segmentSize);
    }

    /** Takes over an IP packet; each piece gets the adjacency's header. */
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
        final int payload = ipLength - headerLength;
        int done = 0;
        int count = 0;
        do {
            final int size = Math.min(segmentSize, payload - done);
            final int slot = transmitter.pool().acquireFor(linkHeader + headerLength + size);
            if (slot == PacketPool.NULL_HANDLE) {
                transmitter.counters().drop(DataplaneDrop.POOL_EXHAUSTED.id());
                break;
            }
            final long frame = transmitter.pool().frameAddress(slot);
            final long piece = frame + linkHeader;
            OffHeap.copy(ip - linkHeader, frame, linkHeader + headerLength);
            OffHeap.copy(ip + headerLength + done, piece + headerLength, size);
            finishIp(piece, headerLength + size, count);
            finishTransport(piece, headerLength + size, done, done + size == payload);
            done += size;
            count++;
            if (adjacency == NO_ADJACENCY) {
                transmitter.send(port, slot, frame, linkHeader + headerLength + size, 0);
            } else {
                putShortBigEndian(piece - 2, ipv4 ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6);
                transmitter.sendVia(adjacency, slot, piece, headerLength + size, 0, hash);
            }
        } while (done < payload);
        transmitter.counters().count(PathCounter.SEGMENTS, count);
        transmitter.release(handle);
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
        final boolean isWhole = protocol == PacketParser.PROTOCOL_UDP || transportHeader >= TransportHeader.TCP_MINIMUM;
        return isWhole && headerLength <= ipLength;
    }

    private void finishIp(long piece, int length, int count) {
        if (ipv4) {
            putShortBigEndian(piece + 2, length);
            putShortBigEndian(piece + 4, getShortBigEndian(ip + 4) + count);
            putShort(piece + 10, (short) 0);
            final int header = (getByte(piece) & 0xF) << 2;
            putShortBigEndian(piece + 10, InternetChecksum.ofSum(InternetChecksum.sum(piece, header)));
        } else {
            putShortBigEndian(piece + 4, length - 40);
        }
    }

    private void finishTransport(long piece, int length, int done, boolean isLast) {
        final long transport = piece + transportOffset;
        final int transportLength = length - transportOffset;
        final long pseudo = (ipv4 ? InternetChecksum.sum(piece + 12, 8) : InternetChecksum.sum(piece + 8, 32))
                + protocol
                + transportLength;
        if (protocol == PacketParser.PROTOCOL_TCP) {
            putIntBigEndian(transport + TCP_SEQUENCE, getIntBigEndian(transport + TCP_SEQUENCE) + done);
            int flags = getByte(transport + TCP_FLAGS) & 0xFF;
            flags &= isLast ? 0xFF : ~FIN_PSH;
            flags &= done == 0 ? 0xFF : ~CWR;
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
