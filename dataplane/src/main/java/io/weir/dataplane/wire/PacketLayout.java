package io.weir.dataplane.wire;

import org.agrona.DirectBuffer;

/** How {@link PacketPrinter} sets its headers: behind commas in one line, or each on a line, further in than the last. */
final class PacketLayout {
    private static final int MAX_DUMP_BYTES = 2048;
    private static final int BYTES_PER_LINE = 16;

    private final StringBuilder text;
    private final boolean verbose;
    private String separator = "";
    private int indent;

    PacketLayout(StringBuilder text, boolean verbose) {
        this.text = text;
        this.verbose = verbose;
    }

    /** Starts a header. */
    void begin() {
        if (verbose && !separator.isEmpty()) {
            indent += 2;
            newLine(indent);
        } else {
            text.append(separator);
        }
        separator = ", ";
    }

    /** The next header is of a packet that the last one quotes. */
    void about() {
        if (verbose) {
            text.append(" about");
        }
        separator = " about: ";
    }

    void verdict(int actual, int expected, int digits) {
        WireText.hex(text.append(" checksum 0x"), actual, digits);
        if (actual == expected) {
            text.append(" ok");
        } else {
            WireText.hex(text.append(" wrong, should be 0x"), expected, digits);
        }
    }

    /** Bytes behind the end of a packet; only the verbose form tells. */
    void padding(int bytes) {
        if (verbose) {
            newLine(indent).append("padding ").append(bytes).append(" bytes");
        }
    }

    /** Hexadecimal and ASCII, in the verbose form. */
    void dump(DirectBuffer buffer, int offset, int end) {
        if (!verbose) {
            return;
        }
        final int stop = Math.min(end, offset + MAX_DUMP_BYTES);
        for (int line = offset; line < stop; line += BYTES_PER_LINE) {
            WireText.hex(newLine(indent + 2), line - offset, 4).append(' ');
            final int lineEnd = Math.min(stop, line + BYTES_PER_LINE);
            for (int at = line; at < lineEnd; at++) {
                WireText.hex(text.append(' '), buffer.getByte(at), 2);
            }
            text.repeat(' ', 3 * (line + BYTES_PER_LINE - lineEnd) + 2);
            for (int at = line; at < lineEnd; at++) {
                final int value = buffer.getByte(at) & 0xFF;
                text.append(value >= 0x20 && value < 0x7F ? (char) value : '.');
            }
        }
        if (stop < end) {
            newLine(indent + 2).append("and ").append(end - stop).append(" bytes more");
        }
    }

    private StringBuilder newLine(int spaces) {
        return text.append('\n').repeat(' ', spaces);
    }
}
