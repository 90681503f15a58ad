package io.weir.dataplane.wire;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * Walks the chunks of an SCTP packet (RFC 9260 section 3.2).
 *
 * <pre>
 *   0      1       2        4
 *  +------+-------+--------+---------------------------------+
 *  | type | flags | length | value, padded to a multiple of 4|
 *  +------+-------+--------+---------------------------------+
 * </pre>
 *
 * <p>Each step moves at least 4 bytes, and nothing is read at or behind {@code end}.
 */
public final class SctpChunks {
    public static final int DATA = 0;
    public static final int INIT = 1;
    public static final int INIT_ACK = 2;
    public static final int SACK = 3;
    public static final int HEARTBEAT = 4;
    public static final int HEARTBEAT_ACK = 5;
    public static final int ABORT = 6;
    public static final int SHUTDOWN = 7;
    public static final int SHUTDOWN_ACK = 8;
    public static final int ERROR = 9;
    public static final int COOKIE_ECHO = 10;
    public static final int COOKIE_ACK = 11;
    public static final int SHUTDOWN_COMPLETE = 14;

    /** Bytes of type, flags and length. */
    public static final int CHUNK_HEADER_LENGTH = 4;

    private DirectBuffer buffer = WireText.UNWRAPPED;
    private int next;
    private int end;
    private int offset;
    private int length;
    private boolean malformed;

    /** The chunks lie from {@code offset}, 12 bytes behind the start of the SCTP header, to before {@code end}. */
    public SctpChunks wrap(DirectBuffer buffer, int offset, int end) {
        this.buffer = buffer;
        this.next = offset;
        this.end = end;
        this.offset = offset;
        this.length = 0;
        this.malformed = false;
        return this;
    }

    /** Moves to the next chunk; false behind the last, and at one that is malformed. */
    public boolean next() {
        if (next >= end) {
            return false;
        }
        final int claimed = end - next < CHUNK_HEADER_LENGTH ? 0 : buffer.getShort(next + 2, BIG_ENDIAN) & 0xFFFF;
        if (claimed < CHUNK_HEADER_LENGTH || claimed > end - next) {
            malformed = true;
            next = end;
            return false;
        }
        offset = next;
        length = claimed;
        next += (claimed + 3) & ~3;
        return true;
    }

    /** The walk ended at a chunk whose length is below 4 or beyond the packet. */
    public boolean isMalformed() {
        return malformed;
    }

    public int type() {
        return buffer.getByte(offset) & 0xFF;
    }

    public int flags() {
        return buffer.getByte(offset + 1) & 0xFF;
    }

    /** Bytes with the chunk's header, without padding. */
    public int length() {
        return length;
    }

    /** Where the chunk's type stands. */
    public int offset() {
        return offset;
    }

    /** Of an INIT or INIT ACK, the tag that packets to its sender carry; 0, which is forbidden there, for others. */
    public int initiateTag() {
        final boolean isInit = type() == INIT || type() == INIT_ACK;
        return isInit && length >= 8 ? buffer.getInt(offset + 4, BIG_ENDIAN) : 0;
    }

    /** {@code INIT}, or {@code chunk-200} for a type without a name here. */
    public static String name(int type) {
        return switch (type) {
            case DATA -> "DATA";
            case INIT -> "INIT";
            case INIT_ACK -> "INIT ACK";
            case SACK -> "SACK";
            case HEARTBEAT -> "HEARTBEAT";
            case HEARTBEAT_ACK -> "HEARTBEAT ACK";
            case ABORT -> "ABORT";
            case SHUTDOWN -> "SHUTDOWN";
            case SHUTDOWN_ACK -> "SHUTDOWN ACK";
            case ERROR -> "ERROR";
            case COOKIE_ECHO -> "COOKIE ECHO";
            case COOKIE_ACK -> "COOKIE ACK";
            case SHUTDOWN_COMPLETE -> "SHUTDOWN COMPLETE";
            default -> "chunk-" + type;
        };
    }
}
