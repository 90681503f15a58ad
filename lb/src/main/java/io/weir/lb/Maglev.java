package io.weir.lb;

import io.weir.dataplane.wire.IpAddress;
import java.util.Arrays;

/**
 * The lookup table of Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016), section
 * 3.4: each backend walks its own permutation of the table and takes the next free slot whenever it is its turn, so shares
 * are even to one slot, and a backend that comes or goes moves little more than its own share.
 *
 * <p>Weights: in each round a backend earns its weight, and takes a slot whenever it has earned the greatest weight. The
 * result depends only on the set of backends: the caller sorts them.
 */
public final class Maglev {
    /** Primes just below powers of two, as Cilium offers them. */
    private static final int[] SIZES = {251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071};

    /** The larger of the sizes that the paper measures; what a person asks for may be as large. */
    public static final int MAX_TABLE_SIZE = 655373;

    /** A table more than this many times larger than the number of backends gives each its share to 1 % (section 5.3). */
    private static final int SLOTS_PER_BACKEND = 100;

    private static final char FREE = Character.MAX_VALUE;

    private Maglev() {}

    /** The smallest of the usual sizes with more than 100 slots a backend; at most 131071. */
    public static int sizeFor(int backends) {
        for (final int size : SIZES) {
            if (size > (long) backends * SLOTS_PER_BACKEND) {
                return size;
            }
        }
        return SIZES[SIZES.length - 1];
    }

    /** A prime from 3 to {@link #MAX_TABLE_SIZE}. */
    public static boolean isTableSize(int size) {
        if (size < 3 || size > MAX_TABLE_SIZE || (size & 1) == 0) {
            return false;
        }
        for (int divisor = 3; divisor * divisor <= size; divisor += 2) {
            if (size % divisor == 0) {
                return false;
            }
        }
        return true;
    }

    /** Seeds a backend's permutation by what is the same on every node: its address and port. */
    public static long seed(IpAddress address, int port) {
        return mix(mix(address.high() ^ 0x9E37_79B9_7F4A_7C15L) ^ mix(address.low()) ^ port);
    }

    /**
     * Slot to backend.
     *
     * @param seeds   one per backend, at most 65535
     * @param weights above 0
     * @param size    a prime; see {@link #isTableSize}
     * @return {@code size} entries; empty when there is no backend
     */
    public static char[] table(long[] seeds, int[] weights, int size) {
        final int count = seeds.length;
        if (count == 0) {
            return new char[0];
        }
        final char[] table = new char[size];
        if (count == 1) {
            return table;
        }
        Arrays.fill(table, FREE);
        final int[] position = new int[count];
        final int[] skip = new int[count];
        int greatest = 0;
        for (int i = 0; i < count; i++) {
            position[i] = (int) Long.remainderUnsigned(seeds[i], size);
            skip[i] = (int) Long.remainderUnsigned(mix(seeds[i] + 0x632B_E59B_D9B4_E019L), size - 1) + 1;
            greatest = Math.max(greatest, weights[i]);
        }
        final int[] earned = new int[count];
        int filled = 0;
        while (true) {
            for (int i = 0; i < count; i++) {
                earned[i] += weights[i];
                if (earned[i] < greatest) {
                    continue;
                }
                earned[i] -= greatest;
                int at = position[i];
                final int step = skip[i];
                while (table[at] != FREE) {
                    at += step;
                    at -= at >= size ? size : 0;
                }
                table[at] = (char) i;
                position[i] = at;
                if (++filled == size) {
                    return table;
                }
            }
        }
    }

    /** Maps 32 hash bits onto a slot without a division. */
    public static int slot(int hash, int size) {
        return (int) (((hash & 0xFFFF_FFFFL) * size) >>> 32);
    }

    /** The finisher of SplitMix64: every input bit reaches every output bit. */
    static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }
}
