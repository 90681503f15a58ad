package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.PacketPrinter;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/** Packets of an answer, for people. */
final class PacketText {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    /** An IP packet of 64 KiB and its Ethernet header. */
    private static final int LONGEST = 14 + 65_535;

    private PacketText() {}

    /** The time of day where the reader is. */
    static String time(long timeNs) {
        return TIME.format(Instant.ofEpochSecond(timeNs / 1_000_000_000L, timeNs % 1_000_000_000L));
    }

    /** The frame in an answer's field {@code bytes}. */
    static byte[] bytes(JsonNode answer) {
        try {
            final byte[] bytes = answer.path("bytes").binaryValue();
            return bytes == null ? new byte[0] : bytes;
        } catch (final IOException e) {
            throw new IllegalStateException("weir sends packets in Base64", e);
        }
    }

    /**
     * A packet of which only the first bytes are known, in one line: headers are all there, and what is missing behind them counts
     * as zeros.
     */
    static String ofBeginning(byte[] bytes, int length) {
        return PacketPrinter.print(Arrays.copyOf(bytes, Math.max(bytes.length, Math.min(length, LONGEST))));
    }

    /** {@code time port packet}. */
    static String line(JsonNode answer, String port) {
        return time(answer.path("timeNs").asLong()) + " " + port + " " + PacketPrinter.print(bytes(answer));
    }
}
