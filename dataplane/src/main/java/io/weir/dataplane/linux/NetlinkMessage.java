package io.weir.dataplane.linux;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A netlink request under construction (linux/netlink.h), in the machine's byte order as netlink is.
 *
 * <pre>
 *   nlmsghdr: length (4) | type (2) | flags (2) | sequence (4) | port id (4)
 *   then the fixed part of the family, then attributes: length (2) | type (2) | value | padding to 4
 * </pre>
 */
final class NetlinkMessage {
    static final int HEADER_LENGTH = 16;
    static final int ATTRIBUTE_HEADER_LENGTH = 4;

    static final int REQUEST = 0x1;
    static final int ACKNOWLEDGE = 0x4;
    static final int DUMP = 0x300;
    static final int REPLACE = 0x100;
    static final int EXCLUSIVE = 0x200;
    static final int CREATE = 0x400;
    static final int APPEND = 0x800;

    private static final int CAPACITY = 4096;
    private static final int NESTED = 0x8000;

    private final ByteBuffer memory = ByteBuffer.allocateDirect(CAPACITY);
    private final UnsafeBuffer buffer = new UnsafeBuffer(memory);
    private int length = HEADER_LENGTH;

    NetlinkMessage(int type, int flags) {
        buffer.putShort(4, (short) type);
        buffer.putShort(6, (short) (REQUEST | flags));
    }

    NetlinkMessage uint8(int value) {
        buffer.putByte(length, (byte) value);
        length += 1;
        return this;
    }

    NetlinkMessage uint16(int value) {
        buffer.putShort(length, (short) value);
        length += 2;
        return this;
    }

    NetlinkMessage uint32(int value) {
        buffer.putInt(length, value);
        length += 4;
        return this;
    }

    NetlinkMessage attribute(int type, byte[] value) {
        int start = begin(type);
        buffer.putBytes(length, value);
        length += value.length;
        return end(start);
    }

    NetlinkMessage attribute(int type, int value) {
        int start = begin(type);
        return uint32(value).end(start);
    }

    NetlinkMessage attribute8(int type, int value) {
        int start = begin(type);
        return uint8(value).end(start);
    }

    NetlinkMessage attribute16(int type, int value) {
        int start = begin(type);
        return uint16(value).end(start);
    }

    /** With the zero that ends it. */
    NetlinkMessage attribute(int type, String value) {
        int start = begin(type);
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        buffer.putBytes(length, bytes);
        length += bytes.length;
        return uint8(0).end(start);
    }

    /** Attributes inside of an attribute. */
    NetlinkMessage nested(int type, Runnable inner) {
        int start = begin(type | NESTED);
        inner.run();
        return end(start);
    }

    /** Attributes inside of an attribute that the kernel does not want marked as nested. */
    NetlinkMessage nestedUnmarked(int type, Runnable inner) {
        int start = begin(type);
        inner.run();
        return end(start);
    }

    /** Writes the header; the message can then be sent from {@link #address()}. */
    int finish(int sequence) {
        buffer.putInt(0, length);
        buffer.putInt(8, sequence);
        buffer.putInt(12, 0);
        return length;
    }

    /** Where it lies. */
    long address() {
        return buffer.addressOffset();
    }

    /** The direct memory, so that it outlives a send from its address. */
    ByteBuffer memory() {
        return memory;
    }

    private int begin(int type) {
        int start = length;
        buffer.putShort(start + 2, (short) type);
        length += ATTRIBUTE_HEADER_LENGTH;
        return start;
    }

    private NetlinkMessage end(int start) {
        buffer.putShort(start, (short) (length - start));
        while ((length & 3) != 0) {
            uint8(0);
        }
        return this;
    }
}
