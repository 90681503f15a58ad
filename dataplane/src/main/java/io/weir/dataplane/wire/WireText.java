package io.weir.dataplane.wire;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** What the flyweights share: the empty buffer that they view before their first wrap, and pieces of text. */
final class WireText {
    /** Viewed by a flyweight that was not wrapped: any access fails. */
    static final MutableDirectBuffer UNWRAPPED = new UnsafeBuffer(new byte[0]);

    private static final String DIGITS = "0123456789abcdef";

    private WireText() {}

    /** The low {@code digits} hexadecimal digits. */
    static StringBuilder hex(StringBuilder text, long value, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            text.append(DIGITS.charAt((int) (value >>> shift) & 0xF));
        }
        return text;
    }

    static StringBuilder mac(StringBuilder text, long bits) {
        for (int shift = 40; shift >= 0; shift -= 8) {
            hex(text, bits >>> shift, 2);
            if (shift > 0) {
                text.append(':');
            }
        }
        return text;
    }

    static StringBuilder ipv4(StringBuilder text, int bits) {
        IpAddress.appendTo(text, 0, IpAddress.IPV4_MARK | (bits & 0xFFFF_FFFFL));
        return text;
    }

    /** An address that stood in an IPv6 header; the mapped form keeps its prefix. */
    static StringBuilder ipv6(StringBuilder text, long high, long low) {
        if (IpAddress.isIpv4(high, low)) {
            text.append("::ffff:");
        }
        IpAddress.appendTo(text, high, low);
        return text;
    }

    static StringBuilder unsigned(StringBuilder text, int value) {
        return text.append(value & 0xFFFF_FFFFL);
    }
}
