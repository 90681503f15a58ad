package io.weir.dataplane.linux;

/**
 * What an AF_XDP socket should be. Its memory is (receiveFrames + transmitFrames) × chunkBytes, locked.
 *
 * @param receiveFrames  frames that can wait until they are taken, a power of two: what a held-up worker does not lose
 * @param transmitFrames frames that can wait to be sent, a power of two
 * @param chunkBytes     bytes per frame, 2,048 or 4,096, of which {@link #HEADROOM} are the kernel's
 */
public record XdpSocketSpec(int receiveFrames, int transmitFrames, int chunkBytes) {
    /** Bytes that the kernel keeps for itself ahead of each received frame. */
    public static final int HEADROOM = 256;

    /** Ethernet header and one 802.1Q tag. */
    private static final int LINK_HEADER = 18;

    private static final int SMALL_CHUNK = 2048;
    private static final int BIG_CHUNK = 4096;

    /** The longest IP packet that fits a chunk of 4,096 bytes. */
    public static final int MAX_MTU = BIG_CHUNK - HEADROOM - LINK_HEADER;

    public XdpSocketSpec {
        if (!isPowerOfTwo(receiveFrames, 64, 1 << 16) || !isPowerOfTwo(transmitFrames, 64, 1 << 16)) {
            throw LinuxException.invalid("an AF_XDP socket has rings of powers of two from 64 to 65536 frames, not "
                    + receiveFrames + " and " + transmitFrames);
        }
        if (chunkBytes != SMALL_CHUNK && chunkBytes != BIG_CHUNK) {
            throw LinuxException.invalid("an AF_XDP socket has 2048 or 4096 bytes per frame, not " + chunkBytes);
        }
    }

    /** For an interface with this MTU. */
    public static XdpSocketSpec ofMtu(String interfaceName, int mtu) {
        if (mtu > MAX_MTU) {
            throw LinuxException.invalid("AF_XDP takes IP packets of up to " + MAX_MTU + " bytes, and " + interfaceName
                    + " may receive " + mtu + ": lower its MTU, or open it by AF_PACKET");
        }
        final int chunk = mtu + LINK_HEADER + HEADROOM <= SMALL_CHUNK ? SMALL_CHUNK : BIG_CHUNK;
        return new XdpSocketSpec(2048, 1024, chunk);
    }

    /** The same with other rings. */
    public XdpSocketSpec frames(int receive, int transmit) {
        return new XdpSocketSpec(receive, transmit, chunkBytes);
    }

    /** Bytes of the longest frame that is received or sent. */
    int frameCapacity() {
        return chunkBytes - HEADROOM;
    }

    long memoryBytes() {
        return (long) (receiveFrames + transmitFrames) * chunkBytes;
    }

    private static boolean isPowerOfTwo(int value, int least, int most) {
        return value >= least && value <= most && Integer.bitCount(value) == 1;
    }
}
