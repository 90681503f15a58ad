package io.weir.dataplane.wire;

import java.util.Arrays;

/** Finds the first wrong checksum of a packet by full recomputation, going into tunnels; text empty when all hold. */
final class PacketChecksums {
    private PacketChecksums() {}

    static String faultOfFrame(byte[] frame) {
        int offset = 12;
        while (offset + 2 <= frame.length && (u16(frame, offset) == 0x8100 || u16(frame, offset) == 0x88A8)) {
            offset += 4;
        }
        if (offset + 2 > frame.length) {
            return "frame too short for checksums";
        }
        final int type = u16(frame, offset);
        return type == 0x0800 || type == 0x86DD ? faultOfIp(Arrays.copyOfRange(frame, offset + 2, frame.length)) : "";
    }

    static String faultOfIp(byte[] ip) {
        if (ip.length < 20) {
            return "too short for an IP header";
        }
        return ip[0] >>> 4 == 4 ? faultOfIpv4(ip) : faultOfIpv6(ip);
    }

    private static String faultOfIpv4(byte[] ip) {
        final int header = (ip[0] & 0xF) * 4;
        final int total = u16(ip, 2);
        if (total > ip.length || header < 20 || header > total) {
            return "IPv4 lengths are impossible: header " + header + ", total " + total + ", bytes " + ip.length;
        }
        if (ReferenceChecksum.internet(ip, 0, header) != 0) {
            return "IPv4 header checksum is wrong: 0x" + Integer.toHexString(u16(ip, 10));
        }
        if ((u16(ip, 6) & 0x3FFF) != 0) {
            return ""; // a fragment: the transport checksum covers bytes that are not here
        }
        final byte[] source = Arrays.copyOfRange(ip, 12, 16);
        final byte[] destination = Arrays.copyOfRange(ip, 16, 20);
        return faultOfTransport(source, destination, ip[9] & 0xFF, Arrays.copyOfRange(ip, header, total));
    }

    private static String faultOfIpv6(byte[] ip) {
        if (ip.length < 40 || 40 + u16(ip, 4) > ip.length) {
            return "IPv6 length is impossible for " + ip.length + " bytes";
        }
        int next = ip[6] & 0xFF;
        int offset = 40;
        while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
            if (next == 44 && (u16(ip, offset + 2) & 0xFFF9) != 0) {
                return "";
            }
            final int words = ip[offset + 1] & 0xFF;
            final int size = next == 44 ? 8 : next == 51 ? (words + 2) * 4 : (words + 1) * 8;
            next = ip[offset] & 0xFF;
            offset += size;
        }
        final byte[] source = Arrays.copyOfRange(ip, 8, 24);
        final byte[] destination = Arrays.copyOfRange(ip, 24, 40);
        return faultOfTransport(source, destination, next, Arrays.copyOfRange(ip, offset, 40 + u16(ip, 4)));
    }

    private static String faultOfTransport(byte[] source, byte[] destination, int protocol, byte[] data) {
        return switch (protocol) {
            case 1 -> ReferenceChecksum.internet(data, 0, data.length) == 0 ? "" : wrong("ICMP", data, 2);
            case 6 -> sum(source, destination, protocol, data) == 0 ? "" : wrong("TCP", data, 16);
            case 58 -> sum(source, destination, protocol, data) == 0 ? "" : wrong("ICMPv6", data, 2);
            case 17 -> faultOfUdp(source, destination, data);
            case 132 ->
                ReferenceChecksum.sctp(data, 0, data.length) == (u16(data, 8) << 16 | u16(data, 10))
                        ? ""
                        : wrong("SCTP", data, 8);
            default -> "";
        };
    }

    private static String faultOfUdp(byte[] source, byte[] destination, byte[] data) {
        if (u16(data, 6) == 0) {
            if (source.length == 16) {
                return "UDP checksum is zero over IPv6 (RFC 8200 section 8.1)";
            }
        } else if (sum(source, destination, 17, data) != 0) {
            return wrong("UDP", data, 6);
        }
        final int port = u16(data, 2);
        return (port == 4789 || port == 8472) && data.length >= 30
                ? inner(faultOfFrame(Arrays.copyOfRange(data, 16, data.length)))
                : "";
    }

    private static String inner(String fault) {
        return fault.isEmpty() ? "" : "inner " + fault;
    }

    private static int sum(byte[] source, byte[] destination, int protocol, byte[] data) {
        return ReferenceChecksum.transport(source, destination, protocol, data, 0, data.length);
    }

    private static String wrong(String name, byte[] data, int offset) {
        return name + " checksum is wrong: 0x" + Integer.toHexString(u16(data, offset));
    }

    private static int u16(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFF) << 8 | (bytes[offset + 1] & 0xFF);
    }
}
