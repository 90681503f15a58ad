package io.weir.dataplane.wire;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.weir.dataplane.memory.OffHeap;
import org.agrona.DirectBuffer;

/**
 * CRC32c, the checksum of SCTP (RFC 9260 appendix A), without allocation and over memory that the JDK's own class can't
 * reach without a wrapper object: raw addresses and Agrona buffers.
 *
 * <p>A <em>value</em> is the CRC as the JDK gives it; the SCTP field holds it with its bytes swapped, see {@link
 * #toSctpField}.
 */
public final class Crc32c {
    /** The polynomial 0x1EDC6F41 with its bits reversed. */
    private static final int POLYNOMIAL = 0x82F6_3B78;

    /** {@code TABLES[k][b]}: what byte {@code b} with {@code k} zero bytes behind it contributes. */
    private static final int[][] TABLES = tables();

    /** {@code POWERS[k]} is x to the power of 2^k modulo the polynomial, highest power in the lowest bit. */
    private static final int[] POWERS = powers();

    private Crc32c() {}

    public static int compute(DirectBuffer buffer, int offset, int length) {
        return ~extend(-1, buffer, offset, length);
    }

    /** Over raw memory. */
    public static int compute(long address, int length) {
        return ~extend(-1, address, length);
    }

    /** The value for an SCTP packet: its checksum field, bytes 8 to 11, counts as zero. {@code length} is at least 12. */
    public static int computeSctp(DirectBuffer buffer, int offset, int length) {
        return ~extend(zeros4(extend(-1, buffer, offset, 8)), buffer, offset + 12, length - 12);
    }

    /** The same over raw memory. */
    public static int computeSctp(long address, int length) {
        return ~extend(zeros4(extend(-1, address, 8)), address + 12, length - 12);
    }

    /** From a value to the big-endian 32-bit field of an SCTP header, and back. */
    public static int toSctpField(int value) {
        return Integer.reverseBytes(value);
    }

    /**
     * The value after 4 bytes changed: costs the logarithm of {@code bytesBehind}, not its length, and keeps a wrong
     * value wrong.
     *
     * @param value       the CRC before
     * @param difference  old exclusive-or new of the 4 bytes, big-endian
     * @param bytesBehind bytes that the CRC covers behind these 4
     */
    public static int update(int value, int difference, int bytesBehind) {
        // The CRC is linear: that of the difference, pushed on by the bytes behind it, is the difference of the CRCs.
        final int crc = step4(Integer.reverseBytes(difference));
        return value ^ multiply(powerOfX((long) bytesBehind * 8), crc);
    }

    private static int extend(int state, DirectBuffer buffer, int offset, int length) {
        final int end = offset + length;
        int crc = state;
        int at = offset;
        for (; at + 8 <= end; at += 8) {
            crc = step8(crc, buffer.getLong(at, LITTLE_ENDIAN));
        }
        for (; at < end; at++) {
            crc = step1(crc, buffer.getByte(at));
        }
        return crc;
    }

    private static int extend(int state, long address, int length) {
        final long end = address + length;
        int crc = state;
        long at = address;
        for (; at + 8 <= end; at += 8) {
            crc = step8(crc, Long.reverseBytes(OffHeap.getLongBigEndian(at)));
        }
        for (; at < end; at++) {
            crc = step1(crc, OffHeap.getByte(at));
        }
        return crc;
    }

    private static int step1(int crc, byte next) {
        return (crc >>> 8) ^ TABLES[0][(crc ^ next) & 0xFF];
    }

    /** Four bytes, first one lowest, with the state already mixed in. */
    private static int step4(int word) {
        return TABLES[3][word & 0xFF]
                ^ TABLES[2][(word >>> 8) & 0xFF]
                ^ TABLES[1][(word >>> 16) & 0xFF]
                ^ TABLES[0][word >>> 24];
    }

    private static int zeros4(int crc) {
        return step4(crc);
    }

    private static int step8(int crc, long next) {
        final int low = crc ^ (int) next;
        return TABLES[7][low & 0xFF]
                ^ TABLES[6][(low >>> 8) & 0xFF]
                ^ TABLES[5][(low >>> 16) & 0xFF]
                ^ TABLES[4][low >>> 24]
                ^ step4((int) (next >>> 32));
    }

    /** The product of two polynomials modulo the CRC's; the coefficient of x^0 is the highest bit. */
    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bit = 31; bit >= 0; bit--) {
            product ^= shifted & -((a >>> bit) & 1);
            shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
        }
        return product;
    }

    private static int powerOfX(long exponent) {
        int power = 1 << 31;
        for (int k = 0; exponent >>> k != 0; k++) {
            if ((exponent >>> k & 1) != 0) {
                power = multiply(POWERS[k], power);
            }
        }
        return power;
    }

    private static int[] powers() {
        final int[] powers = new int[35];
        powers[0] = 1 << 30;
        for (int k = 1; k < powers.length; k++) {
            powers[k] = multiply(powers[k - 1], powers[k - 1]);
        }
        return powers;
    }

    private static int[][] tables() {
        final int[][] tables = new int[8][256];
        for (int b = 0; b < 256; b++) {
            int crc = b;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ (POLYNOMIAL & -(crc & 1));
            }
            tables[0][b] = crc;
        }
        for (int k = 1; k < 8; k++) {
            for (int b = 0; b < 256; b++) {
                tables[k][b] = (tables[k - 1][b] >>> 8) ^ tables[0][tables[k - 1][b] & 0xFF];
            }
        }
        return tables;
    }
}
