package io.weir.dataplane.linux;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a received netlink message, or those nested in one attribute. Whatever does not fit the bytes that
 * are there is as if it were absent.
 */
final class NetlinkAttributes {
    private static final int TYPE_MASK = 0x3FFF;

    private final DirectBuffer buffer;
    private final int start;
    private final int end;

    NetlinkAttributes(DirectBuffer buffer, int start, int end) {
        this.buffer = buffer;
        this.start = start;
        this.end = end;
    }

    boolean has(int type) {
        return find(type) >= 0;
    }

    int uint32(int type, int absent) {
        int at = find(type);
        return at < 0 || length(at) < 4 ? absent : buffer.getInt(at + NetlinkMessage.ATTRIBUTE_HEADER_LENGTH);
    }

    int uint8(int type, int absent) {
        int at = find(type);
        return at < 0 || length(at) < 1 ? absent : buffer.getByte(at + NetlinkMessage.ATTRIBUTE_HEADER_LENGTH) & 0xFF;
    }

    /** Up to the zero that ends it. */
    String text(int type) {
        byte[] bytes = bytes(type);
        if (bytes == null) {
            return "";
        }
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    byte @Nullable [] bytes(int type) {
        int at = find(type);
        if (at < 0) {
            return null;
        }
        byte[] bytes = new byte[length(at)];
        buffer.getBytes(at + NetlinkMessage.ATTRIBUTE_HEADER_LENGTH, bytes);
        return bytes;
    }

    NetlinkAttributes nested(int type) {
        int at = find(type);
        return at < 0
                ? new NetlinkAttributes(buffer, 0, 0)
                : new NetlinkAttributes(buffer, at + NetlinkMessage.ATTRIBUTE_HEADER_LENGTH, at + attributeLength(at));
    }

    private int find(int type) {
        int at = start;
        while (at + NetlinkMessage.ATTRIBUTE_HEADER_LENGTH <= end) {
            int whole = attributeLength(at);
            if (whole < NetlinkMessage.ATTRIBUTE_HEADER_LENGTH || at + whole > end) {
                return -1;
            }
            if ((buffer.getShort(at + 2) & TYPE_MASK) == type) {
                return at;
            }
            at += (whole + 3) & ~3;
        }
        return -1;
    }

    private int attributeLength(int at) {
        return buffer.getShort(at) & 0xFFFF;
    }

    private int length(int at) {
        return attributeLength(at) - NetlinkMessage.ATTRIBUTE_HEADER_LENGTH;
    }
}
