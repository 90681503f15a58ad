package io.weir.policy;

import io.weir.dataplane.wire.IpAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Address to identity and local endpoint, for every pod of the cluster. Immutable; a change copies the one of
 * {@value #SEGMENTS} segments that it falls into.
 *
 * <p>A segment is open addressing with linear probing, at most half full; three longs an entry: address high, address
 * low, value. A value holds the identity in its high half and the endpoint in its low one; 0 is no entry.
 */
final class AddressTable {
    /** Endpoint of this node's own addresses. */
    static final int NODE = -1;

    /** Endpoint whose pod is not known. */
    static final int UNKNOWN = -2;

    private static final int SEGMENTS = 64;

    static final AddressTable EMPTY = new AddressTable(emptySegments());

    private final Segment[] segments;

    private AddressTable(Segment[] segments) {
        this.segments = segments;
    }

    private static Segment[] emptySegments() {
        final Segment[] segments = new Segment[SEGMENTS];
        Arrays.fill(segments, new Segment(new long[3 * 4], 0));
        return segments;
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

    private static int hash(long high, long low) {
        final long hash = (high * 0x9E3779B97F4A7C15L + low) * 0xC2B2AE3D27D4EB4FL;
        return (int) (hash ^ hash >>> 32);
    }

    private static int segmentOf(int hash) {
        return hash >>> 26;
    }

    /** The value of an address, or 0. */
    long find(long high, long low) {
        final int hash = hash(high, low);
        return segments[segmentOf(hash)].find(hash, high, low);
    }

    /** A copy with these values; 0 removes an address. */
    AddressTable with(Map<IpAddress, Long> changed) {
        if (changed.isEmpty()) {
            return this;
        }
        final Map<Integer, Map<IpAddress, Long>> bySegment = new HashMap<>();
        changed.forEach((address, value) -> bySegment
                .computeIfAbsent(segmentOf(hash(address.high(), address.low())), key -> new HashMap<>())
                .put(address, value));
        final Segment[] copy = segments.clone();
        bySegment.forEach((index, values) -> copy[index] = copy[index].with(values));
        return new AddressTable(copy);
    }

    int size() {
        return Arrays.stream(segments).mapToInt(segment -> segment.size).sum();
    }

    long sizeBytes() {
        return Arrays.stream(segments)
                .mapToLong(segment -> 8L * segment.entries.length)
                .sum();
    }

    /** One part of the table. */
    private static final class Segment {
        private final long[] entries;
        private final int mask;
        private int size;

        Segment(long[] entries, int size) {
            this.entries = entries;
            this.mask = entries.length / 3 - 1;
            this.size = size;
        }

        long find(int hash, long high, long low) {
            int at = hash & mask;
            while (true) {
                final long value = entries[3 * at + 2];
                if (value == 0 || (entries[3 * at + 1] == low && entries[3 * at] == high)) {
                    return value;
                }
                at = (at + 1) & mask;
            }
        }

        Segment with(Map<IpAddress, Long> changed) {
            final int wanted = size + changed.size();
            final Segment copy;
            if (2 * wanted <= mask + 1) {
                copy = new Segment(entries.clone(), size);
            } else {
                copy = new Segment(new long[3 * Integer.highestOneBit(wanted) * 4], 0);
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
            int at = hash(high, low) & mask;
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
                final int home = hash(entries[3 * at], entries[3 * at + 1]) & mask;
                if (((at - home) & mask) >= ((at - gap) & mask)) {
                    System.arraycopy(entries, 3 * at, entries, 3 * gap, 3);
                    gap = at;
                }
            }
            entries[3 * gap + 2] = 0;
        }
    }
}
