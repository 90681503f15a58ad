package io.weir.dataplane.wire;

/**
 * The Toeplitz hash by which network cards spread flows over receive queues (RSS, as Microsoft's specification defines
 * it): for each set bit of the input, the 32 bits of the key that start at that bit's position are mixed in.
 *
 * <p>Immutable; allocates only when made.
 */
public final class ToeplitzHash {
    /** Source and destination of IPv6 and two ports: the longest input. */
    private static final int MAX_INPUT_BYTES = 36;

    /** {@code table[i << 8 | b]}: what byte {@code b} at input position {@code i} contributes. */
    private final int[] table = new int[MAX_INPUT_BYTES << 8];

    /** @param key at least 40 bytes: 36 of input and 32 bits more */
    public ToeplitzHash(byte[] key) {
        if (key.length < MAX_INPUT_BYTES + 4) {
            throw new IllegalArgumentException("a Toeplitz key has at least 40 bytes, not " + key.length);
        }
        for (int position = 0; position < MAX_INPUT_BYTES; position++) {
            for (int value = 0; value < 256; value++) {
                int hash = 0;
                for (int bit = 0; bit < 8; bit++) {
                    if ((value & (0x80 >>> bit)) != 0) {
                        hash ^= window(key, position * 8 + bit);
                    }
                }
                table[position << 8 | value] = hash;
            }
        }
    }

    /** IPv4 addresses only. */
    public int ipv4(int source, int destination) {
        return mix(mix(0, 0, source), 4, destination);
    }

    /** IPv4 addresses and ports. */
    public int ipv4(int source, int destination, int sourcePort, int destinationPort) {
        return mix(ipv4(source, destination), 8, sourcePort << 16 | destinationPort);
    }

    /** IPv6 addresses only. */
    public int ipv6(long sourceHigh, long sourceLow, long destinationHigh, long destinationLow) {
        int hash = mix(mix(0, 0, (int) (sourceHigh >>> 32)), 4, (int) sourceHigh);
        hash = mix(mix(hash, 8, (int) (sourceLow >>> 32)), 12, (int) sourceLow);
        hash = mix(mix(hash, 16, (int) (destinationHigh >>> 32)), 20, (int) destinationHigh);
        return mix(mix(hash, 24, (int) (destinationLow >>> 32)), 28, (int) destinationLow);
    }

    /** IPv6 addresses and ports. */
    public int ipv6(
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int sourcePort,
            int destinationPort) {
        return mix(
                ipv6(sourceHigh, sourceLow, destinationHigh, destinationLow), 32, sourcePort << 16 | destinationPort);
    }

    private int mix(int hash, int position, int word) {
        return hash
                ^ table[position << 8 | word >>> 24]
                ^ table[(position + 1) << 8 | ((word >>> 16) & 0xFF)]
                ^ table[(position + 2) << 8 | ((word >>> 8) & 0xFF)]
                ^ table[(position + 3) << 8 | (word & 0xFF)];
    }

    private static int window(byte[] key, int bit) {
        long bytes = 0;
        for (int i = 0; i < 5; i++) {
            final int at = bit / 8 + i;
            bytes = bytes << 8 | (at < key.length ? key[at] & 0xFF : 0);
        }
        return (int) (bytes >>> (8 - bit % 8));
    }
}
