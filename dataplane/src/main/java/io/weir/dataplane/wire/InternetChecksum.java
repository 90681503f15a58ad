package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.weir.dataplane.memory.OffHeap;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * The Internet checksum: in full (RFC 1071), and by difference when a field changes (RFC 1624 equation 3).
 *
 * <p>Two kinds of number occur. A <em>sum</em> is a {@code long} of words added up with no carry lost; sums of parts of
 * a packet that start at even offsets may be added. A <em>checksum</em> is the 16-bit value of a header field: the
 * complement of a folded sum. A <em>delta</em> is a sum of what changes: the complement of the old field plus the new.
 * Deltas may be added, so one delta can carry a whole address and port rewrite.
 */
public final class InternetChecksum {
    private static final boolean NATIVE_LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    /** Multiples of 0xFFFF in 64 bits; also the negated inverse of 0xFFFF modulo 2^64. */
    private static final long MULTIPLES = 0x0001_0001_0001_0001L;

    private InternetChecksum() {}

    /** The sum of {@code length} bytes; an odd last byte counts as the high half of a word. */
    public static long sum(DirectBuffer buffer, int offset, int length) {
        // Words of 32 bits: 16-bit words sum to the same modulo 0xFFFF, and 2^32 of them fit in a long.
        final int end = offset + length;
        long sum = 0;
        int at = offset;
        for (; at + 8 <= end; at += 8) {
            final long word = buffer.getLong(at, BIG_ENDIAN);
            sum += (word >>> 32) + (word & 0xFFFF_FFFFL);
        }
        for (; at + 2 <= end; at += 2) {
            sum += buffer.getShort(at, BIG_ENDIAN) & 0xFFFF;
        }
        return at < end ? sum + ((buffer.getByte(at) & 0xFFL) << 8) : sum;
    }

    /** The same over raw memory. */
    public static long sum(long address, int length) {
        final int wide = length & -32;
        long sum = wide == 0 ? 0 : sumWide(address, wide);
        int i = wide;
        for (; i + 8 <= length; i += 8) {
            final long word = OffHeap.getLongBigEndian(address + i);
            sum += (word >>> 32) + (word & 0xFFFF_FFFFL);
        }
        for (; i + 2 <= length; i += 2) {
            sum += OffHeap.getShortBigEndian(address + i);
        }
        return i < length ? sum + ((OffHeap.getByte(address + i) & 0xFFL) << 8) : sum;
    }

    /**
     * Four words a turn, in the machine's byte order: swapping the bytes of the folded sum instead of those of each word
     * comes to the same (RFC 1071 section 2 (B)).
     */
    private static long sumWide(long address, int length) {
        long high = 0;
        long low = 0;
        for (int i = 0; i < length; i += 32) {
            final long at = address + i;
            final long first = OffHeap.getLong(at);
            final long second = OffHeap.getLong(at + 8);
            final long third = OffHeap.getLong(at + 16);
            final long fourth = OffHeap.getLong(at + 24);
            high += (first >>> 32) + (second >>> 32) + (third >>> 32) + (fourth >>> 32);
            low += (first & 0xFFFF_FFFFL) + (second & 0xFFFF_FFFFL) + (third & 0xFFFF_FFFFL) + (fourth & 0xFFFF_FFFFL);
        }
        final int folded = fold(fold(high) + (long) fold(low));
        return NATIVE_LITTLE ? Short.reverseBytes((short) folded) & 0xFFFF : folded;
    }

    /** The pseudo header of RFC 9293 section 3.1 for IPv4; {@code length} is the transport header's and data's. */
    public static long pseudoHeader(int source, int destination, int protocol, int length) {
        return (source & 0xFFFF_FFFFL) + (destination & 0xFFFF_FFFFL) + protocol + length;
    }

    /** The pseudo header of RFC 8200 section 8.1 for IPv6. */
    public static long pseudoHeader(
            long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int protocol, int length) {
        return half(sourceHigh) + half(sourceLow) + half(destinationHigh) + half(destinationLow) + protocol + length;
    }

    /** The pseudo header of either family, by that of {@code source}. */
    public static long pseudoHeader(IpAddress source, IpAddress destination, int protocol, int length) {
        return source.isIpv4()
                ? pseudoHeader(source.ipv4Bits(), destination.ipv4Bits(), protocol, length)
                : pseudoHeader(source.high(), source.low(), destination.high(), destination.low(), protocol, length);
    }

    private static long half(long word) {
        return (word >>> 32) + (word & 0xFFFF_FFFFL);
    }

    /** A sum as 16 bits, carries added back in. */
    public static int fold(long sum) {
        long folded = (sum & 0xFFFF_FFFFL) + (sum >>> 32);
        folded = (folded & 0xFFFF) + (folded >>> 16);
        folded = (folded & 0xFFFF) + (folded >>> 16);
        return (int) ((folded & 0xFFFF) + (folded >>> 16));
    }

    /** The header field for a sum in which that field counted as zero. */
    public static int ofSum(long sum) {
        return ~fold(sum) & 0xFFFF;
    }

    /** The same for UDP, where 0 means "none": a computed 0 is sent as 0xFFFF (RFC 768). */
    public static int ofUdpSum(long sum) {
        final int checksum = ofSum(sum);
        return checksum == 0 ? 0xFFFF : checksum;
    }

    /** True for the sum of everything that a right checksum covers, the field itself included. */
    public static boolean isValid(long sum) {
        // that is a multiple of 0xFFFF but for 0: those are what its inverse modulo 2^64 makes small numbers of
        return sum != 0 && Long.compareUnsigned(sum * -MULTIPLES, MULTIPLES) <= 0;
    }

    /** The delta of a 16-bit field. */
    public static long delta16(int oldValue, int newValue) {
        return (~oldValue & 0xFFFFL) + (newValue & 0xFFFFL);
    }

    /** The delta of a 32-bit field at an even offset. */
    public static long delta32(int oldValue, int newValue) {
        return (~oldValue & 0xFFFF_FFFFL) + (newValue & 0xFFFF_FFFFL);
    }

    /** The delta of a 64-bit field at an even offset: half an IPv6 address. */
    public static long delta64(long oldValue, long newValue) {
        return half(~oldValue) + half(newValue);
    }

    /** RFC 1624 equation 3: the header field after a change. */
    public static int update(int checksum, long delta) {
        return ~fold((~checksum & 0xFFFF) + delta) & 0xFFFF;
    }

    /** The same for UDP: 0 ("none") stays 0, and a result of 0 becomes 0xFFFF (RFC 768). */
    public static int updateUdp(int checksum, long delta) {
        if (checksum == 0) {
            return 0;
        }
        final int updated = update(checksum, delta);
        return updated == 0 ? 0xFFFF : updated;
    }
}
