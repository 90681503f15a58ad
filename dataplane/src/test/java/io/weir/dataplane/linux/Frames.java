package io.weir.dataplane.linux;

import java.util.HexFormat;
import java.util.Random;
import org.agrona.UnsafeApi;

/** Bytes of frames for the tests of devices. */
final class Frames {
    /** An EtherType for local experiments (IEEE 802), so that these frames can be told from the kernel's own. */
    static final int EXPERIMENTAL = 0x88B5;

    private Frames() {}

    /** A broadcast frame of this length, Ethernet header included, with a number and random bytes. */
    static byte[] experimental(int number, int length) {
        byte[] frame = new byte[length];
        new Random(number).nextBytes(frame);
        byte[] header = HexFormat.of().parseHex("ffffffffffff" + "020000000001" + "88b5");
        System.arraycopy(header, 0, frame, 0, header.length);
        frame[14] = (byte) (number >>> 24);
        frame[15] = (byte) (number >>> 16);
        frame[16] = (byte) (number >>> 8);
        frame[17] = (byte) number;
        return frame;
    }

    static int etherType(long frame) {
        return ((UnsafeApi.getByte(frame + 12) & 0xFF) << 8) | (UnsafeApi.getByte(frame + 13) & 0xFF);
    }

    /** An ARP request by 02:00:00:00:00:01 for an address, both in hex without separators. */
    static byte[] arpRequest(String senderHex, String targetHex) {
        return HexFormat.of()
                .parseHex("ffffffffffff" + "020000000001" + "0806" + "0001080006040001" + "020000000001" + senderHex
                        + "000000000000" + targetHex);
    }

    static void put(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            UnsafeApi.putByte(address + i, bytes[i]);
        }
    }

    static byte[] bytes(long address, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = UnsafeApi.getByte(address + i);
        }
        return bytes;
    }
}
