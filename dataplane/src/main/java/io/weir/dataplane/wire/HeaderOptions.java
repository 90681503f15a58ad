package io.weir.dataplane.wire;

import org.agrona.DirectBuffer;

/**
 * Walks the options of an IPv4 (RFC 791) or TCP (RFC 9293) header, which have one grammar: kind 0 ends the list, kind 1
 * is a byte of padding, any other kind is followed by its length, which counts both bytes.
 *
 * <p>Reads only between {@code offset} and {@code end}, and moves at least a byte with each step, so any bytes end.
 */
public final class HeaderOptions {
    public static final int END_OF_LIST = 0;
    public static final int NO_OPERATION = 1;

    /** What {@link #find} returns when there is none. */
    public static final int MISSING = -1;

    private DirectBuffer buffer = WireText.UNWRAPPED;
    private int next;
    private int end;
    private int offset;
    private int length;
    private boolean malformed;

    /** The options lie from {@code offset} to before {@code end}. */
    public HeaderOptions wrap(DirectBuffer buffer, int offset, int end) {
        this.buffer = buffer;
        this.next = offset;
        this.end = end;
        this.offset = offset;
        this.length = 0;
        this.malformed = false;
        return this;
    }

    /** Moves to the next option; false behind the last, and at an option that is malformed. */
    public boolean next() {
        if (next >= end) {
            return false;
        }
        offset = next;
        final int kind = buffer.getByte(offset) & 0xFF;
        if (kind == END_OF_LIST) {
            next = end;
            return false;
        }
        length = kind == NO_OPERATION ? 1 : lengthAt(buffer, offset, end);
        if (length == MISSING) {
            malformed = true;
            next = end;
            return false;
        }
        next = offset + length;
        return true;
    }

    /** The walk ended at an option whose length is missing, below 2, or beyond the header. */
    public boolean isMalformed() {
        return malformed;
    }

    public int kind() {
        return buffer.getByte(offset) & 0xFF;
    }

    /** Where the current option's kind stands. */
    public int offset() {
        return offset;
    }

    /** Bytes of the current option, kind and length included. */
    public int length() {
        return length;
    }

    /**
     * The offset of the first option of a kind that is at least {@code minLength} long, or {@link #MISSING}; for callers
     * that have no walk object.
     */
    public static int find(DirectBuffer buffer, int offset, int end, int kind, int minLength) {
        int at = offset;
        while (at < end) {
            final int here = buffer.getByte(at) & 0xFF;
            if (here == END_OF_LIST) {
                return MISSING;
            }
            if (here == NO_OPERATION) {
                at++;
                continue;
            }
            final int length = lengthAt(buffer, at, end);
            if (length == MISSING) {
                return MISSING;
            }
            if (here == kind && length >= minLength) {
                return at;
            }
            at += length;
        }
        return MISSING;
    }

    private static int lengthAt(DirectBuffer buffer, int at, int end) {
        if (at + 1 >= end) {
            return MISSING;
        }
        final int length = buffer.getByte(at + 1) & 0xFF;
        return length < 2 || at + length > end ? MISSING : length;
    }
}
