package io.weir.tools.capture;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a pcapng file (draft-ietf-opsawg-pcapng) whose packets carry comments, which Wireshark shows.
 *
 * <pre>
 * block: type | total length | body, padded to 4 bytes | total length
 * section header:    0A0D0D0A  byte-order magic, version 1.0, section length unknown, option shb_userappl
 * interface:         00000001  link type, snap length, options if_name and if_tsresol = 9 (nanoseconds)
 * enhanced packet:   00000006  interface, time, lengths, bytes, option opt_comment
 * </pre>
 */
public final class PcapngWriter implements AutoCloseable {
    private static final int SECTION_HEADER = 0x0A0D_0D0A;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int ENHANCED_PACKET = 6;
    private static final int BYTE_ORDER_MAGIC = 0x1A2B_3C4D;
    private static final short OPTION_COMMENT = 1;
    private static final short OPTION_INTERFACE_NAME = 2;
    private static final short OPTION_APPLICATION = 4;
    private static final short OPTION_TIME_RESOLUTION = 9;
    private static final int SNAP_LENGTH = 262_144;

    /** Comments are cut here: an option's length has 16 bits. */
    private static final int LONGEST_OPTION = 65_532;

    private final OutputStream out;
    private ByteBuffer block = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);

    public PcapngWriter(Path file, LinkType linkType, String interfaceName) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        begin(SECTION_HEADER, 0);
        block.putInt(BYTE_ORDER_MAGIC).putShort((short) 1).putShort((short) 0).putLong(-1);
        option(OPTION_APPLICATION, "weir".getBytes(StandardCharsets.UTF_8));
        end();
        begin(INTERFACE_DESCRIPTION, interfaceName.length());
        block.putShort((short) linkType.number()).putShort((short) 0).putInt(SNAP_LENGTH);
        option(OPTION_INTERFACE_NAME, interfaceName.getBytes(StandardCharsets.UTF_8));
        option(OPTION_TIME_RESOLUTION, new byte[] {9});
        end();
    }

    /**
     * Appends a packet with its comment.
     *
     * @param timeNs         nanoseconds since 1970
     * @param originalLength bytes on the wire, at least those given
     */
    public void write(long timeNs, byte[] bytes, int originalLength, String comment) throws IOException {
        final byte[] text = comment.getBytes(StandardCharsets.UTF_8);
        begin(ENHANCED_PACKET, bytes.length + text.length);
        block.putInt(0).putInt((int) (timeNs >>> 32)).putInt((int) timeNs);
        block.putInt(bytes.length).putInt(originalLength).put(bytes);
        pad();
        option(OPTION_COMMENT, text);
        end();
    }

    private void begin(int type, int extra) {
        final int needed = 256 + extra;
        if (block.capacity() < needed) {
            block = ByteBuffer.allocate(2 * needed).order(ByteOrder.LITTLE_ENDIAN);
        }
        block.clear();
        block.putInt(type).putInt(0);
    }

    private void option(short code, byte[] value) {
        final int length = Math.min(value.length, LONGEST_OPTION);
        block.putShort(code).putShort((short) length).put(value, 0, length);
        pad();
    }

    private void pad() {
        while ((block.position() & 3) != 0) {
            block.put((byte) 0);
        }
    }

    private void end() throws IOException {
        block.putInt(0); // opt_endofopt
        final int length = block.position() + 4;
        block.putInt(length).putInt(4, length);
        out.write(block.array(), 0, length);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
