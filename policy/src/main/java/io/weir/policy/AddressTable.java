package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import java.util.Map;

/**
 * Address to identity and local endpoint, for every pod of the cluster. Immutable; a change is a copy.
 *
 * <p>Open addressing with linear probing, at most half full; three longs an entry: address high, address low, value. A
 * value holds the identity in its high half and the endpoint in its low one; 0 is no entry.
 */
final class AddressTable {
    /** Endpoint of this node's own addresses. */
    static final int NODE = -1;

    /** Endpoint whose pod is not known. */
    static final int UNKNOWN = -2;

    static final AddressTable EMPTY = new AddressTable(new long[3 * 8], 0);

    private final long[] entries;
    private final int mask;
    private int size;

    private AddressTable(long[] entries, int size) {
        this.entries = entries;
        this.mask = entries.length / 3 - 1;
        this.size = size;
    }

    static long value(int identity, int endpoint) {
        return (long) identity << 32 | (endpoint & 0xFFFF_FFFFL);
    }

    static int identity(long value) {
        return (int) (value >>> 32);
    }

    /** 1 and up for a local endpoint, {@link #NODE}, {@link #UNKNOWN}, or 0. */
    static int endpoint(long value) {
        return (int) value;
    }

    /** The value of an address, or 0. */
    long find(long high, long low) {
        int at = slot(high, low);
        while (true) {
            final long value = entries[3 * at + 2];
            if (value == 0 || (entries[3 * at + 1] == low && entries[3 * at] == high)) {
                return value;
            }
            at = (at + 1) & mask;
        }
    }

    private int slot(long high, long low) {
        long hash = (high * 0x9E3779B97F4A7C15L + low) * 0xC2B2AE3D27D4EB4FL;
        hash ^= hash >>> 32;
        return (int) hash & mask;
    }

    /** A copy with these values; 0 removes an address. */
    AddressTable with(Map<IpAddress, Long> changed) {
        if (changed.isEmpty()) {
            return this;
        }
        final int wanted = size + changed.size();
        final AddressTable copy;
        if (2 * wanted <= mask + 1) {
            copy = new AddressTable(entries.clone(), size);
        } else {
            copy = new AddressTable(new long[3 * Integer.highestOneBit(wanted) * 4], 0);
            for (int at = 0; at <= mask; at++) {
                if (entries[3 * at + 2] != 0) {
                    copy.put(entries[3 * at], entries[3 * at + 1], entries[3 * at + 2]);
                }
            }
        }
        changed.forEach((address, value) -> {
            if (value == 0) {
                copy.remove(address.high(), address.low());
            } else {
                copy.put(address.high(), address.low(), value);
            }
        });
        return copy;
    }

    private int locate(long high, long low) {
        int at = slot(high, low);
        while (entries[3 * at + 2] != 0 && (entries[3 * at + 1] != low || entries[3 * at] != high)) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private void put(long high, long low, long value) {
        final int at = locate(high, low);
        size += entries[3 * at + 2] == 0 ? 1 : 0;
        entries[3 * at] = high;
        entries[3 * at + 1] = low;
        entries[3 * at + 2] = value;
    }

    /** Closes the gap by moving later entries of the same run back, so that no probe stops early. */
    private void remove(long high, long low) {
        int gap = locate(high, low);
        if (entries[3 * gap + 2] == 0) {
            return;
        }
        size--;
        for (int at = (gap + 1) & mask; entries[3 * at + 2] != 0; at = (at + 1) & mask) {
            final int home = slot(entries[3 * at], entries[3 * at + 1]);
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                System.arraycopy(entries, 3 * at, entries, 3 * gap, 3);
                gap = at;
            }
        }
        entries[3 * gap + 2] = 0;
    }

    int size() {
        return size;
    }

    long sizeBytes() {
        return 8L * entries.length;
    }
}
