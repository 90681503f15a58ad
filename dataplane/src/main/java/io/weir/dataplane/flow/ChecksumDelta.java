package io.weir.dataplane.flow;

/**
 * One's complement arithmetic on checksums (RFC 1071, RFC 1624 equation 3). Sums do not depend on byte order as long as
 * all words are read in the same one; these are read in the machine's.
 */
final class ChecksumDelta {
    private ChecksumDelta() {}

    /** 16 bits from a sum of 16- or 32-bit words. */
    static int fold(long sum) {
        long folded = (sum & 0xFFFF_FFFFL) + (sum >>> 32);
        folded = (folded & 0xFFFF) + (folded >>> 16);
        folded = (folded & 0xFFFF) + (folded >>> 16);
        return (int) ((folded & 0xFFFF) + (folded >>> 16));
    }

    /** What replacing {@code before} by {@code after} adds to a sum: {@code after + ~before}. */
    static long ofInt(int before, int after) {
        return (after & 0xFFFF_FFFFL) + (~before & 0xFFFF_FFFFL);
    }

    /** What replacing {@code before} by {@code after} adds to a sum. */
    static long ofLong(long before, long after) {
        return ofInt((int) before, (int) after) + ofInt((int) (before >>> 32), (int) (after >>> 32));
    }

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
