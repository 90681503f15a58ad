package io.weir.dataplane.wire;

import java.util.zip.CRC32C;

/**
 * Checksums computed the slow and obvious way, over whole packets, sharing no code with {@code InternetChecksum}: what
 * tests compare incremental updates with.
 */
public final class ReferenceChecksum {
    private ReferenceChecksum() {}

    /** RFC 1071: the complement of the ones' complement sum of 16-bit words; an odd last byte is padded with zero. */
    public static int internet(byte[] bytes, int offset, int length) {
        return ~onesComplementSum(0, bytes, offset, length) & 0xFFFF;
    }

    /** The same with the pseudo header of RFC 9293 section 3.1 (IPv4) or RFC 8200 section 8.1 (IPv6) before it. */
    public static int transport(byte[] source, byte[] destination, int protocol, byte[] bytes, int offset, int length) {
        int sum = onesComplementSum(0, source, 0, source.length);
        sum = onesComplementSum(sum, destination, 0, destination.length);
        final byte[] rest = {
            (byte) (length >>> 24),
            (byte) (length >>> 16),
            (byte) (length >>> 8),
            (byte) length,
            0,
            0,
            0,
            (byte) protocol
        };
        sum = onesComplementSum(sum, rest, 0, rest.length);
        return ~onesComplementSum(sum, bytes, offset, length) & 0xFFFF;
    }

    /** SCTP, RFC 9260 appendix A: CRC32c of the packet with its checksum field taken as zero, as the field's value. */
    public static int sctp(byte[] bytes, int offset, int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes, offset, 8);
        crc.update(new byte[4], 0, 4);
        crc.update(bytes, offset + 12, length - 12);
        return Integer.reverseBytes((int) crc.getValue());
    }

    private static int onesComplementSum(int start, byte[] bytes, int offset, int length) {
        int sum = start;
        for (int i = 0; i < length; i += 2) {
            final int high = bytes[offset + i] & 0xFF;
            final int low = i + 1 < length ? bytes[offset + i + 1] & 0xFF : 0;
            sum += high << 8 | low;
            if (sum > 0xFFFF) {
                sum = (sum & 0xFFFF) + 1;
            }
        }
        return sum;
    }
}
