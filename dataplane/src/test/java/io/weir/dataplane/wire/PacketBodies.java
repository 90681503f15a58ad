package io.weir.dataplane.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The inner parts of headers that {@link PacketBuilder} has a word for. */
final class PacketBodies {
    private PacketBodies() {}

    static byte[] init(int initiateTag, int initialSequence) {
        return ByteBuffer.allocate(16)
                .putInt(initiateTag)
                .putInt(65536)
                .putShort((short) 10)
                .putShort((short) 10)
                .putInt(initialSequence)
                .array();
    }

    /** Target and one link-layer address option (RFC 4861). */
    static byte[] neighbour(String target, int option, String mac) {
        return ByteBuffer.allocate(24)
                .put(IpAddress.parse(target).toBytes())
                .put((byte) option)
                .put((byte) 1)
                .put(MacAddress.parse(mac).toBytes())
                .array();
    }

    /** The letters of {@link PacketBuilder#flags} as bits. */
    static int tcpFlags(String letters) {
        int flags = 0;
        for (int i = 0; i < letters.length(); i++) {
            final char letter = letters.charAt(i);
            final int bit = letter == '.' ? 4 : "FSRPAUEC".indexOf(letter);
            if (bit < 0) {
                throw new IllegalArgumentException("no TCP flag '" + letter + "'");
            }
            flags |= 1 << bit;
        }
        return flags;
    }

    /** An authentication header without its first byte, with a check value of 12 zeros (RFC 4302). */
    static byte[] authentication(int securityParameters, int sequence) {
        return ByteBuffer.allocate(23)
                .put((byte) 4)
                .putShort((short) 0)
                .putInt(securityParameters)
                .putInt(sequence)
                .array();
    }

    /** An IPv6 fragment header without its first byte. */
    static byte[] fragment(int identification, int offset, boolean more) {
        return ByteBuffer.allocate(7)
                .put((byte) 0)
                .putShort((short) (offset | (more ? 1 : 0)))
                .putInt(identification)
                .array();
    }

    /** An options or routing header without its first byte, padded with Pad1 to a multiple of 8. */
    static byte[] options(byte[] rest) {
        final int padded = (rest.length + 2 + 7) / 8 * 8;
        final byte[] body = Arrays.copyOf(new byte[] {(byte) (padded / 8 - 1)}, padded - 1);
        System.arraycopy(rest, 0, body, 1, rest.length);
        return body;
    }
}
