package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import java.util.Arrays;

/**
 * Virtual address, port and protocol to Service and kind of address: open addressing, at most half full, in four arrays.
 * Filled by one thread, then only read.
 *
 * <p>Besides each cluster IP's ports it has the bare address (port and protocol 0), which tells a wrong port from an
 * address that does not exist.
 */
final class AddressTable {
    static final int MISSING = -1;

    private static final int KIND_BITS = 2;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;

    private final int mask;
    private final long[] highs;
    private final long[] lows;
    /** {@code port << 8 | protocol}. */
    private final int[] ports;
    /** {@code service << 2 | kind}, or {@link #MISSING} in an unused place. */
    private final int[] values;

    AddressTable(int entries) {
        final int size = Integer.highestOneBit(Math.max(8, entries * 2)) << 1;
        mask = size - 1;
        highs = new long[size];
        lows = new long[size];
        ports = new int[size];
        values = new int[size];
        Arrays.fill(values, MISSING);
    }

    static int value(int service, AddressKind kind) {
        return service << KIND_BITS | kind.code();
    }

    static int service(int value) {
        return value >>> KIND_BITS;
    }

    static AddressKind kind(int value) {
        return AddressKind.of(value & KIND_MASK);
    }

    /** Adds or replaces. */
    void put(IpAddress address, int port, int protocol, int value) {
        final int at = place(address.high(), address.low(), port << 8 | protocol);
        highs[at] = address.high();
        lows[at] = address.low();
        ports[at] = port << 8 | protocol;
        values[at] = value;
    }

    /** The value, or {@link #MISSING}. */
    int find(long high, long low, int port, int protocol) {
        return values[place(high, low, port << 8 | protocol)];
    }

    private int place(long high, long low, int portAndProtocol) {
        int at = (int) Maglev.mix(Maglev.mix(low ^ ((long) portAndProtocol << 40)) ^ high) & mask;
        while (values[at] != MISSING && (lows[at] != low || highs[at] != high || ports[at] != portAndProtocol)) {
            at = (at + 1) & mask;
        }
        return at;
    }

    long memoryBytes() {
        return 24L * highs.length;
    }
}
