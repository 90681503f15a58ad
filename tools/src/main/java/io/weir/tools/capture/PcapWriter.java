package io.weir.tools.capture;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a classic capture file with nanosecond stamps (draft-ietf-opsawg-pcap).
 *
 * <pre>
 * file:   magic a1b23c4d | version 2.4 | 0 | 0 | snap length | link type
 * packet: seconds | nanoseconds | captured length | original length | bytes
 * </pre>
 */
public final class PcapWriter implements AutoCloseable {
    private static final int MAGIC_NANOSECONDS = 0xA1B2_3C4D;
    private static final int SNAP_LENGTH = 262_144;

    private static final int PACKET_HEADER_LENGTH = 16;

    /** Larger than any packet with its header, so that {@link #flush} writes a packet by one call: a reader never sees half of one. */
    private static final int BUFFER_BYTES = SNAP_LENGTH + 1024;

    private final OutputStream out;
    private final ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);

    public PcapWriter(Path file, LinkType linkType) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES);
        header.putInt(MAGIC_NANOSECONDS).putShort((short) 2).putShort((short) 4);
        header.putInt(0).putInt(0).putInt(SNAP_LENGTH).putInt(linkType.number());
        out.write(header.array(), 0, 24);
    }

    /**
     * Appends a packet.
     *
     * @param timeNs         nanoseconds since 1970
     * @param originalLength bytes on the wire, at least those given
     */
    public void write(long timeNs, byte[] bytes, int originalLength) throws IOException {
        header.clear();
        header.putInt((int) Math.floorDiv(timeNs, 1_000_000_000L)).putInt((int) Math.floorMod(timeNs, 1_000_000_000L));
        header.putInt(bytes.length).putInt(originalLength);
        out.write(header.array(), 0, PACKET_HEADER_LENGTH);
        out.write(bytes);
    }

    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
