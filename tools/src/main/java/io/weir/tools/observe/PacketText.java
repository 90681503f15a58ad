package io.weir.tools.observe;

import com.fasterxml.jackson.databind.JsonNode;
import io.weir.dataplane.wire.PacketPrinter;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Packets of an answer, for people. */
final class PacketText {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

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

    /** {@code time port packet}. */
    static String line(JsonNode answer, String port) {
        return time(answer.path("timeNs").asLong()) + " " + port + " " + PacketPrinter.print(bytes(answer));
    }
}
