package io.weir.policy.classify;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Longest-prefix match from an address to a {@link PortMap}. Immutable.
 *
 * <p>One hash table of prefixes, probed once for each prefix length in use, the longest first: the cost depends on how
 * many different lengths the rules use, not on how many rules there are. IPv4 and IPv6 prefixes never match each
 * other's addresses, so {@code ::/0} is not wider than IPv6 and {@code 0.0.0.0/0} not wider than IPv4.
 */
final class BlockMap {
    private final int[] lengthsIpv4;
    private final int[] lengthsIpv6;
    private final long[] highs;
    private final long[] lows;
    private final int[] lengths;
    private final @Nullable PortMap[] maps;

    BlockMap(Map<IpPrefix, PortMap> blocks) {
        final SortedSet<Integer> usedIpv4 = new TreeSet<>();
        final SortedSet<Integer> usedIpv6 = new TreeSet<>();
        final int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, blocks.size())) << 2);
        highs = new long[capacity];
        lows = new long[capacity];
        lengths = new int[capacity];
        maps = new @Nullable PortMap[capacity];
        blocks.forEach((prefix, map) -> {
            (prefix.isIpv4() ? usedIpv4 : usedIpv6).add(prefix.mappedLength());
            put(prefix, map);
        });
        lengthsIpv4 = descending(usedIpv4);
        lengthsIpv6 = descending(usedIpv6);
    }

    private static int[] descending(SortedSet<Integer> lengths) {
        return lengths.reversed().stream().mapToInt(Integer::intValue).toArray();
    }

    private void put(IpPrefix prefix, PortMap map) {
        final long high = prefix.address().high();
        final long low = prefix.address().low();
        final int length = prefix.mappedLength();
        int at = slot(high, low, length);
        while (maps[at] != null) {
            at = (at + 1) & (maps.length - 1);
        }
        highs[at] = high;
        lows[at] = low;
        lengths[at] = length;
        maps[at] = map;
    }

    private int slot(long high, long low, int length) {
        long hash = (high * 0x9E3779B97F4A7C15L + low + length) * 0xC2B2AE3D27D4EB4FL;
        hash ^= hash >>> 32;
        return (int) hash & (maps.length - 1);
    }

    /** {@link PortMap#EMPTY} when no block holds the address. */
    PortMap find(long high, long low) {
        final int[] tried = IpAddress.isIpv4(high, low) ? lengthsIpv4 : lengthsIpv6;
        for (final int length : tried) {
            final long highMask = length >= 64 ? -1L : length == 0 ? 0 : -1L << (64 - length);
            final long lowMask = length == 128 ? -1L : length <= 64 ? 0 : -1L << (128 - length);
            final PortMap map = exact(high & highMask, low & lowMask, length);
            if (map != null) {
                return map;
            }
        }
        return PortMap.EMPTY;
    }

    private @Nullable PortMap exact(long high, long low, int length) {
        int at = slot(high, low, length);
        while (true) {
            final PortMap map = maps[at];
            if (map == null || (lows[at] == low && highs[at] == high && lengths[at] == length)) {
                return map;
            }
            at = (at + 1) & (maps.length - 1);
        }
    }

    long sizeBytes() {
        return 24L * maps.length;
    }
}
