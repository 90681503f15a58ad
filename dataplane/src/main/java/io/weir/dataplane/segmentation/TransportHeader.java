package io.weir.dataplane.segmentation;

import static io.weir.dataplane.memory.OffHeap.getByte;

import io.weir.dataplane.packet.PacketParser;

/** Finds the TCP or UDP header of an IP packet, behind options or extension headers. */
final class TransportHeader {
    /** {@link #locate}: there is neither TCP nor UDP. */
    static final int MISSING = -1;

    static final int TCP_CHECKSUM = 16;
    static final int UDP_CHECKSUM = 6;
    static final int UDP_LENGTH = 8;
    static final int TCP_MINIMUM = 20;

    private static final int MAX_EXTENSION_HEADERS = 8;

    private TransportHeader() {}

    /** Protocol and offset from the IP header in one number, for {@link #protocol} and {@link #offset}. */
    static int locate(long ip, int ipLength) {
        if (ipLength < 20) {
            return MISSING;
        }
        final int version = (getByte(ip) & 0xFF) >>> 4;
        if (version == 4) {
            return checked(getByte(ip + 9) & 0xFF, (getByte(ip) & 0xF) << 2, ipLength);
        }
        return version == 6 && ipLength >= 40 ? locateIpv6(ip, ipLength) : MISSING;
    }

    private static int locateIpv6(long ip, int ipLength) {
        int next = getByte(ip + 6) & 0xFF;
        int offset = 40;
        for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
            final boolean options = next == 0 || next == 43 || next == 60;
            if (!options) {
                break;
            }
            if (offset + 8 > ipLength) {
                return MISSING;
            }
            next = getByte(ip + offset) & 0xFF;
            offset += ((getByte(ip + offset + 1) & 0xFF) + 1) << 3;
        }
        return checked(next, offset, ipLength);
    }

    private static int checked(int protocol, int offset, int ipLength) {
        final int minimum = protocol == PacketParser.PROTOCOL_TCP
                ? TCP_MINIMUM
                : protocol == PacketParser.PROTOCOL_UDP ? UDP_LENGTH : Integer.MAX_VALUE;
        return minimum == Integer.MAX_VALUE || offset + minimum > ipLength ? MISSING : (protocol << 16) | offset;
    }

    static int protocol(int located) {
        return located >>> 16;
    }

    static int offset(int located) {
        return located & 0xFFFF;
    }
}
