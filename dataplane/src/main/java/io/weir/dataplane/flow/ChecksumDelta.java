package io.weir.dataplane.flow;

/**
 * Checksum fields after a change of what they cover (RFC 1624 equation 3), as {@link
 * io.weir.dataplane.wire.InternetChecksum} has them, but in the machine's byte order: sums do not depend on it as long as all
 * words are read in the same one.
 */
final class ChecksumDelta {
    private ChecksumDelta() {}

    /** A checksum field after the covered words' sum changed by {@code delta}. */
    static short apply(short field, int delta) {
        int sum = (~field & 0xFFFF) + delta;
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return (short) ~sum;
    }

    /** A partial checksum field, which holds a plain sum, after the pseudo header's sum changed by {@code delta}. */
    static short applyToSum(short field, int delta) {
        final int sum = (field & 0xFFFF) + delta;
        return (short) ((sum & 0xFFFF) + (sum >>> 16));
    }
}
