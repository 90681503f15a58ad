package io.weir.dataplane.linux;

/**
 * What an AF_PACKET socket should be. Ring memory is locked kernel memory: blocks times bytes.
 *
 * @param receiveBlocks         blocks of the receive ring, a power of two; 0 for a socket that only sends
 * @param receiveBlockBytes     bytes of one block, a power of two of at least 128 KiB
 * @param receivePlaceBytes     bytes that one frame takes in the ring, a power of two from 2 KiB to 128 KiB; about 150 of
 *                              them are taken by the kernel and the headroom, and longer frames cost a system call each
 * @param receiveHeadroom       bytes kept free ahead of the header and frame of each received packet
 * @param promiscuous           whether frames for other MAC addresses are received too
 * @param qdiscBypass           whether sent frames skip the queueing discipline of the interface
 */
public record PacketSocketSpec(
        int receiveBlocks,
        int receiveBlockBytes,
        int receivePlaceBytes,
        int receiveHeadroom,
        boolean promiscuous,
        boolean qdiscBypass) {
    /**
     * A ring for an uplink: 8,192 places of 2 KiB. At a million packets a second a worker may be held up for 8 ms before
     * frames are lost.
     */
    public static final PacketSocketSpec DEFAULT = new PacketSocketSpec(128, 128 << 10, 2048, 64, true, true);

    /** Sends and receives nothing. */
    public static final PacketSocketSpec SEND_ONLY = new PacketSocketSpec(0, 128 << 10, 2048, 0, false, true);

    public PacketSocketSpec {
        if (receiveBlocks < 0 || Integer.bitCount(receiveBlocks) > 1) {
            throw LinuxException.invalid("a receive ring has a power of two of blocks, not " + receiveBlocks);
        }
        if (!isPowerOfTwo(receiveBlockBytes, 128 << 10, 64 << 20)) {
            throw LinuxException.invalid("a receive ring of " + receiveBlocks + " blocks of " + receiveBlockBytes
                    + " bytes: a block must be a power of two from 128 KiB to 64 MiB");
        }
        if (!isPowerOfTwo(receivePlaceBytes, 2 << 10, 128 << 10)) {
            throw LinuxException.invalid("a receive ring with " + receivePlaceBytes
                    + " bytes for a frame: they must be a power of two from 2 KiB to 128 KiB");
        }
        if (receiveHeadroom < 0 || receiveHeadroom > 4096) {
            throw LinuxException.invalid("a receive ring keeps 0 to 4096 bytes of headroom, not " + receiveHeadroom);
        }
        if ((long) receiveBlocks * receiveBlockBytes > 1L << 30) {
            throw LinuxException.invalid("the ring of a packet socket must not be larger than 1 GiB");
        }
    }

    /** The same with another receive ring. */
    public PacketSocketSpec receiveRing(int blocks, int blockBytes, int placeBytes) {
        return new PacketSocketSpec(blocks, blockBytes, placeBytes, receiveHeadroom, promiscuous, qdiscBypass);
    }

    /** The same with other headroom. */
    public PacketSocketSpec receiveHeadroom(int bytes) {
        return new PacketSocketSpec(
                receiveBlocks, receiveBlockBytes, receivePlaceBytes, bytes, promiscuous, qdiscBypass);
    }

    /** How many frames the receive ring holds. */
    public int receivePlaces() {
        return (int) (receiveRingBytes() / receivePlaceBytes);
    }

    long receiveRingBytes() {
        return (long) receiveBlocks * receiveBlockBytes;
    }

    private static boolean isPowerOfTwo(int value, int least, int most) {
        return value >= least && value <= most && Integer.bitCount(value) == 1;
    }
}
