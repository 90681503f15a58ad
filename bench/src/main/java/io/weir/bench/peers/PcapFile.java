package io.weir.bench.peers;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes Ethernet frames as a capture file (the classic libpcap format, microseconds), for peers that play one. */
public final class PcapFile {
    private static final int MAGIC = 0xA1B2_C3D4;
    private static final int LINK_TYPE_ETHERNET = 1;
    private static final int SNAP_LENGTH = 65_535;

    private PcapFile() {}

    public static void write(Path file, List<byte[]> frames) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            out.write(words(MAGIC, 2 | 4 << 16, 0, 0, SNAP_LENGTH, LINK_TYPE_ETHERNET));
            for (final byte[] frame : frames) {
                out.write(words(0, 0, frame.length, frame.length));
                out.write(frame);
            }
        }
    }

    private static byte[] words(int... values) {
        final ByteBuffer buffer = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (final int value : values) {
            buffer.putInt(value);
        }
        return buffer.array();
    }
}
