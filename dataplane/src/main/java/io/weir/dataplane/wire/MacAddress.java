package io.weir.dataplane.wire;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param bits 48 bits, the first byte on the wire in bits 40 to 47
 */
public record MacAddress(long bits) {
    public static final MacAddress BROADCAST = new MacAddress(0xFFFF_FFFF_FFFFL);
    public static final MacAddress ZERO = new MacAddress(0);

    /** Bytes on the wire. */
    public static final int LENGTH = 6;

    public MacAddress {
        if (bits >>> 48 != 0) {
            throw new IllegalArgumentException("more than 48 bits: " + Long.toHexString(bits));
        }
    }

    /**
     * Parses {@code aa:bb:cc:dd:ee:ff}.
     *
     * @throws IllegalArgumentException when the text is no Ethernet address
     */
    public static MacAddress parse(String text) {
        try {
            final byte[] bytes = HexFormat.ofDelimiter(":").parseHex(text);
            if (bytes.length == LENGTH) {
                return ofBytes(bytes);
            }
        } catch (final IllegalArgumentException ignored) {
            // reported below, with the whole text
        }
        throw new IllegalArgumentException("not an Ethernet address: '" + text + "'");
    }

    public static MacAddress ofBytes(byte[] bytes) {
        long bits = 0;
        for (int i = 0; i < LENGTH; i++) {
            bits = (bits << 8) | (bytes[i] & 0xFF);
        }
        return new MacAddress(bits);
    }

    public byte[] toBytes() {
        final byte[] bytes = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            bytes[i] = (byte) (bits >>> (40 - 8 * i));
        }
        return bytes;
    }

    /** Group bit: multicast or broadcast. */
    public boolean isMulticast() {
        return (bits >>> 40 & 1) != 0;
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(":").formatHex(toBytes());
    }
}
