package io.weir.dataplane.flow;

import java.nio.ByteOrder;

/**
 * Fields of 16 bits inside a word of 8 bytes that was loaded in the machine's byte order. A field's value keeps the order that
 * its bytes have on the wire, as one's complement sums may. The byte order is a constant: what is left of a call are a shift and a mask.
 */
final class WireWord {
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private WireWord() {}

    private static int shift(int offset) {
        return 8 * (LITTLE ? offset : 6 - offset);
    }

    /** The lower 16 bits of a number as a field has them. */
    static int wire(int value) {
        return (LITTLE ? Short.reverseBytes((short) value) : (short) value) & 0xFFFF;
    }

    /** The field whose first byte is at this offset, 0 to 6. */
    static int field(long word, int offset) {
        return (int) (word >>> shift(offset)) & 0xFFFF;
    }

    /** A word of zeros but for this field, whose value must not be longer than 16 bits. */
    static long at(int field, int offset) {
        return (long) field << shift(offset);
    }

    /** The word with another field there; of the value only the lower 16 bits count. */
    static long with(long word, int field, int offset) {
        final long mask = 0xFFFFL << shift(offset);
        return (word & ~mask) | ((field & 0xFFFFL) << shift(offset));
    }
}
