package io.weir.dataplane.flow;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getLongBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

import io.weir.dataplane.packet.Burst;

/**
 * New flows come in bursts: before the slow path decides about the first of them, the memory is loaded in which it will look
 * for each one's connection, so that the cache misses overlap. Changes nothing.
 */
final class ConnectionTouch {
    /** Ethernet, IP and ports. */
    private static final int MIN_IPV4 = 14 + 20 + 4;

    private static final int MIN_IPV6 = 14 + 40 + 4;

    /** Upper part of the low word of an IPv4 address in mapped form. */
    private static final long MAPPED = 0xFFFF_0000_0000L;

    private final long[] places;

    ConnectionTouch(int burstCapacity) {
        places = new long[burstCapacity];
    }

    /**
     * Loads for each packet whose flow is not remembered. What is no usual packet is loaded for in vain at worst. The loads
     * have a loop of their own: with the hashing between them, fewer would overlap.
     *
     * @param entries as {@link FastPath} found them
     * @return means nothing; to be used, so that the loads are not optimised away
     */
    int touch(Burst burst, PlainHeaders headers, long[] entries, ConnectionTracker tracker) {
        int count = 0;
        for (int i = 0; i < burst.size(); i++) {
            if (entries[i] == FlowCache.NULL && headers.kinds[i] != PlainHeaders.DROPPED) {
                places[count++] = places(burst.address(i) + 14, burst.length(i), headers.scopes[i], tracker);
            }
        }
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += tracker.touch(places[i]);
        }
        return sum;
    }

    private static long places(long ip, int length, int scope, ConnectionTracker tracker) {
        if (length < MIN_IPV4) {
            return 0;
        }
        if (getByte(ip) == 0x45) {
            return tracker.places(
                    0,
                    MAPPED | (getIntBigEndian(ip + 12) & 0xFFFF_FFFFL),
                    0,
                    MAPPED | (getIntBigEndian(ip + 16) & 0xFFFF_FFFFL),
                    getShortBigEndian(ip + 20),
                    getShortBigEndian(ip + 22),
                    getByte(ip + 9) & 0xFF,
                    scope);
        }
        if ((getByte(ip) & 0xF0) == 0x60 && length >= MIN_IPV6) {
            return tracker.places(
                    getLongBigEndian(ip + 8),
                    getLongBigEndian(ip + 16),
                    getLongBigEndian(ip + 24),
                    getLongBigEndian(ip + 32),
                    getShortBigEndian(ip + 40),
                    getShortBigEndian(ip + 42),
                    getByte(ip + 6) & 0xFF,
                    scope);
        }
        return 0;
    }
}
