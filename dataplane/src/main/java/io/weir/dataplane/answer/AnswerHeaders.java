package io.weir.dataplane.answer;

import static io.weir.dataplane.memory.OffHeap.putByte;
import static io.weir.dataplane.memory.OffHeap.putIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.putLong;
import static io.weir.dataplane.memory.OffHeap.putLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.putShort;
import static io.weir.dataplane.memory.OffHeap.putShortBigEndian;

import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.wire.InternetChecksum;

/** Writes the headers of packets that weir sends by itself. Owned by one worker. */
final class AnswerHeaders {
    static final int ETHERNET = 14;
    static final int IPV4 = 20;
    static final int IPV6 = 40;

    /** The default of Linux and the value that RFC 1700 recommended. */
    static final int TTL = 64;

    private int identification;

    /** @param seed the identification of the first IPv4 packet; workers start apart */
    AnswerHeaders(int seed) {
        identification = seed;
    }

    /** 14 bytes; the EtherType follows from the version of the IP packet behind them. */
    static void ethernet(long frame, long destination, long source, boolean isIpv4) {
        mac(frame, destination);
        mac(frame + 6, source);
        putShortBigEndian(frame + 12, isIpv4 ? PacketParser.ETHERTYPE_IPV4 : PacketParser.ETHERTYPE_IPV6);
    }

    /** 6 bytes. */
    static void mac(long at, long bits) {
        putShortBigEndian(at, (int) (bits >>> 32));
        putIntBigEndian(at + 2, (int) bits);
    }

    /** 20 bytes, checksum included. */
    void ipv4(long ip, int typeOfService, int totalLength, boolean dontFragment, int protocol, int source, int target) {
        putByte(ip, (byte) 0x45);
        putByte(ip + 1, (byte) typeOfService);
        putShortBigEndian(ip + 2, totalLength);
        putShortBigEndian(ip + 4, dontFragment ? 0 : identification++);
        putShortBigEndian(ip + 6, dontFragment ? 0x4000 : 0);
        putByte(ip + 8, (byte) TTL);
        putByte(ip + 9, (byte) protocol);
        putShort(ip + 10, (short) 0);
        putIntBigEndian(ip + 12, source);
        putIntBigEndian(ip + 16, target);
        putShortBigEndian(ip + 10, InternetChecksum.ofSum(InternetChecksum.sum(ip, IPV4)));
    }

    /** 40 bytes. */
    static void ipv6(
            long ip,
            int trafficClass,
            int payloadLength,
            int nextHeader,
            int hopLimit,
            long sourceHigh,
            long sourceLow,
            long targetHigh,
            long targetLow) {
        putLong(ip, 0);
        putIntBigEndian(ip, 0x6000_0000 | (trafficClass << 20));
        putShortBigEndian(ip + 4, payloadLength);
        putByte(ip + 6, (byte) nextHeader);
        putByte(ip + 7, (byte) hopLimit);
        putLongBigEndian(ip + 8, sourceHigh);
        putLongBigEndian(ip + 16, sourceLow);
        putLongBigEndian(ip + 24, targetHigh);
        putLongBigEndian(ip + 32, targetLow);
    }

    /** The sum over an IPv6 pseudo header and what follows the 40 bytes of header. */
    static long sumWithIpv6(long ip, int nextHeader, int length) {
        return InternetChecksum.sum(ip + 8, 32) + nextHeader + length + InternetChecksum.sum(ip + IPV6, length);
    }

    /** The same for IPv4 behind 20 bytes of header. */
    static long sumWithIpv4(long ip, int protocol, int length) {
        return InternetChecksum.sum(ip + 12, 8) + protocol + length + InternetChecksum.sum(ip + IPV4, length);
    }
}
