package io.weir.dataplane.wire;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An IPv4 or IPv6 address as 128 bits in two longs.
 *
 * <p>An IPv4 address is held in its IPv4-mapped form {@code ::ffff:a.b.c.d} (RFC 4291 section 2.5.5.2), so that tables
 * compare addresses of both families in the same way. The mapped form never appears on a wire that weir accepts: a
 * packet that carries it is dropped as {@code martian-address}.
 *
 * @param high bytes 0 to 7 in network order
 * @param low  bytes 8 to 15 in network order
 */
public record IpAddress(long high, long low) implements Comparable<IpAddress> {
    /** Bits 32 to 63 of {@link #low()} of an IPv4 address. */
    public static final long IPV4_MARK = 0x0000_FFFF_0000_0000L;

    /** {@code ::}. */
    public static final IpAddress ANY_V6 = new IpAddress(0, 0);

    /** {@code 0.0.0.0}. */
    public static final IpAddress ANY_V4 = ipv4(0);

    /** The address with these 32 bits, most significant byte first ({@code 0x0A000001} is 10.0.0.1). */
    public static IpAddress ipv4(int bits) {
        return new IpAddress(0, IPV4_MARK | (bits & 0xFFFF_FFFFL));
    }

    /**
     * Parses the text form of either family. A host name is refused, and so is a zone ({@code fe80::1%eth0}).
     *
     * @throws IllegalArgumentException when the text is no address
     */
    public static IpAddress parse(String text) {
        final boolean looksIpv6 = text.indexOf(':') >= 0;
        if (text.isEmpty() || text.indexOf('%') >= 0 || (!looksIpv6 && !isDottedQuad(text))) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'");
        }
        try {
            return of(InetAddress.ofLiteral(text));
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException("not an IP address: '" + text + "'", e);
        }
    }

    private static boolean isDottedQuad(String text) {
        final String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return false;
        }
        for (final String part : parts) {
            if (part.isEmpty() || part.length() > 3 || !part.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return false;
            }
            if ((part.length() > 1 && part.charAt(0) == '0') || Integer.parseInt(part) > 255) {
                return false;
            }
        }
        return true;
    }

    public static IpAddress of(InetAddress address) {
        return ofBytes(address.getAddress());
    }

    /** From 4 or 16 bytes in network order. */
    public static IpAddress ofBytes(byte[] bytes) {
        if (bytes.length == 4) {
            return ipv4((int) bigEndian(bytes, 0, 4));
        }
        if (bytes.length == 16) {
            return new IpAddress(bigEndian(bytes, 0, 8), bigEndian(bytes, 8, 8));
        }
        throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + bytes.length);
    }

    private static long bigEndian(byte[] bytes, int offset, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = (value << 8) | (bytes[offset + i] & 0xFF);
        }
        return value;
    }

    /** Reads 4 bytes in network order. */
    public static IpAddress readIpv4(DirectBuffer buffer, int offset) {
        return ipv4(buffer.getInt(offset, ByteOrder.BIG_ENDIAN));
    }

    /** Reads 16 bytes in network order. */
    public static IpAddress readIpv6(DirectBuffer buffer, int offset) {
        return new IpAddress(
                buffer.getLong(offset, ByteOrder.BIG_ENDIAN), buffer.getLong(offset + 8, ByteOrder.BIG_ENDIAN));
    }

    /** Writes 4 or 16 bytes in network order, by family. */
    public void write(MutableDirectBuffer buffer, int offset) {
        if (isIpv4()) {
            buffer.putInt(offset, ipv4Bits(), ByteOrder.BIG_ENDIAN);
        } else {
            buffer.putLong(offset, high, ByteOrder.BIG_ENDIAN);
            buffer.putLong(offset + 8, low, ByteOrder.BIG_ENDIAN);
        }
    }

    public static boolean isIpv4(long high, long low) {
        return high == 0 && (low & 0xFFFF_FFFF_0000_0000L) == IPV4_MARK;
    }

    public boolean isIpv4() {
        return isIpv4(high, low);
    }

    public boolean isIpv6() {
        return !isIpv4();
    }

    /** The 32 bits of an IPv4 address. */
    public int ipv4Bits() {
        return (int) low;
    }

    /** 32 or 128. */
    public int bitLength() {
        return isIpv4() ? 32 : 128;
    }

    public boolean isLinkLocal() {
        return isIpv4() ? (ipv4Bits() >>> 16) == 0xA9FE : isIpv6LinkLocal(high);
    }

    /** fe80::/10, by the upper half of an address. */
    public static boolean isIpv6LinkLocal(long high) {
        return high >>> 54 == 0xFE80L >>> 6;
    }

    public boolean isMulticast() {
        return isIpv4() ? (ipv4Bits() >>> 28) == 0xE : (high >>> 56) == 0xFF;
    }

    public boolean isLoopback() {
        return isIpv4() ? (ipv4Bits() >>> 24) == 127 : high == 0 && low == 1;
    }

    public boolean isUnspecified() {
        return equals(ANY_V4) || equals(ANY_V6);
    }

    /** The address {@code count} above this one; wraps within the family's width. */
    public IpAddress plus(long count) {
        if (isIpv4()) {
            return ipv4((int) (ipv4Bits() + count));
        }
        final long newLow = low + count;
        final boolean carry = count >= 0 ? Long.compareUnsigned(newLow, low) < 0 : false;
        final boolean borrow = count < 0 && Long.compareUnsigned(newLow, low) > 0;
        return new IpAddress(high + (carry ? 1 : 0) - (borrow ? 1 : 0), newLow);
    }

    /** 4 or 16 bytes in network order. */
    public byte[] toBytes() {
        final int length = isIpv4() ? 4 : 16;
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            final int shift = 8 * (length - 1 - i);
            bytes[i] = (byte) (shift >= 64 ? high >>> (shift - 64) : low >>> shift);
        }
        return bytes;
    }

    public InetAddress toInetAddress() {
        try {
            return InetAddress.getByAddress(toBytes());
        } catch (final UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are an address", e);
        }
    }

    /** IPv4 before IPv6, then by value. */
    @Override
    public int compareTo(IpAddress other) {
        if (isIpv4() != other.isIpv4()) {
            return isIpv4() ? -1 : 1;
        }
        final int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** Dotted quad, or RFC 5952 text. */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(40);
        appendTo(text, high, low);
        return text.toString();
    }

    /** Appends dotted quad or RFC 5952 text. */
    public static void appendTo(StringBuilder text, long high, long low) {
        if (isIpv4(high, low)) {
            text.append((low >>> 24) & 0xFF)
                    .append('.')
                    .append((low >>> 16) & 0xFF)
                    .append('.');
            text.append((low >>> 8) & 0xFF).append('.').append(low & 0xFF);
            return;
        }
        int bestStart = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && group(high, low, i + run) == 0) {
                run++;
            }
            if (run > bestLength) {
                bestStart = i;
                bestLength = run;
            }
            i += run;
        }
        for (int i = 0; i < 8; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
                continue;
            }
            if (i > 0 && i != bestStart + bestLength) {
                text.append(':');
            } else if (i > 0 && bestStart < 0) {
                text.append(':');
            }
            text.append(Integer.toHexString(group(high, low, i)));
        }
    }

    private static int group(long high, long low, int index) {
        final long half = index < 4 ? high : low;
        return (int) (half >>> (48 - 16 * (index & 3))) & 0xFFFF;
    }
}
