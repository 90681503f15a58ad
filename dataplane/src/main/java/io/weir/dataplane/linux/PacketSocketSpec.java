package io.weir.dataplane.linux;

/**
 * What an AF_PACKET socket should be. Ring memory is locked kernel memory: blocks times bytes, plus slots times bytes.
 *
 * @param receiveBlocks         blocks of the receive ring; 0 for a socket that does not receive
 * @param receiveBlockBytes     bytes of one block, a power of two of at least 128 KiB
 * @param receivePlaceBytes     bytes that one frame takes in the ring, a power of two from 2 KiB to 128 KiB; about 150 of
 *                              them are taken by the kernel and the headroom, and longer frames cost a system call each
 * @param receiveHeadroom       bytes kept free ahead of the header and frame of each received packet
 * @param transmitSlots         slots of the transmit ring; 0 for none
 * @param transmitSlotBytes     bytes of one slot, a power of two from 2 KiB to 128 KiB; the frame gets
 *                              {@link PacketTransmitRing#FRAME_OFFSET} less
 * @param promiscuous           whether frames for other MAC addresses are received too
 * @param qdiscBypass           whether sent frames skip the queueing discipline of the interface
 */
public record PacketSocketSpec(
        int receiveBlocks,
        int receiveBlockBytes,
        int receivePlaceBytes,
        int receiveHeadroom,
        int transmitSlots,
        int transmitSlotBytes,
        boolean promiscuous,
        boolean qdiscBypass) {
    /**
     * Rings for an uplink: 8,192 places of 2 KiB to receive, 1,024 slots of 2 KiB to send. At a million packets a second a
     * worker may be held up for 8 ms before frames are lost.
     */
    public static final PacketSocketSpec DEFAULT =
            new PacketSocketSpec(128, 128 << 10, 2048, 64, 1024, 2048, true, true);

    public PacketSocketSpec {
        if (receiveBlocks < 0 || (receiveBlocks > 0 && !isPowerOfTwo(receiveBlockBytes, 128 << 10, 64 << 20))) {
            throw LinuxException.invalid("a receive ring of " + receiveBlocks + " blocks of " + receiveBlockBytes
                    + " bytes: a block must be a power of two from 128 KiB to 64 MiB");
        }
        if (receiveBlocks > 0 && !isPowerOfTwo(receivePlaceBytes, 2 << 10, 128 << 10)) {
            throw LinuxException.invalid("a receive ring with " + receivePlaceBytes
                    + " bytes for a frame: they must be a power of two from 2 KiB to 128 KiB");
        }
        if (receiveBlocks > 0 && Integer.bitCount(receiveBlocks) != 1) {
            throw LinuxException.invalid("a receive ring has a power of two of blocks, not " + receiveBlocks);
        }
        if (receiveHeadroom < 0 || receiveHeadroom > 4096) {
            throw LinuxException.invalid("a receive ring keeps 0 to 4096 bytes of headroom, not " + receiveHeadroom);
        }
        if (transmitSlots < 0 || (transmitSlots > 0 && !isPowerOfTwo(transmitSlotBytes, 2 << 10, 128 << 10))) {
            throw LinuxException.invalid("a transmit ring of " + transmitSlots + " slots of " + transmitSlotBytes
                    + " bytes: a slot must be a power of two from 2 KiB to 128 KiB");
        }
        if (receiveBlocks == 0 && transmitSlots == 0) {
            throw LinuxException.invalid("a packet socket needs a receive ring, a transmit ring or both");
        }
        if ((long) receiveBlocks * receiveBlockBytes > 1L << 30
                || (long) transmitSlots * transmitSlotBytes > 1L << 30) {
            throw LinuxException.invalid("the ring of a packet socket must not be larger than 1 GiB");
        }
    }

    /** The same with another receive ring. */
    public PacketSocketSpec receiveRing(int blocks, int blockBytes, int placeBytes) {
        return new PacketSocketSpec(
                blocks,
                blockBytes,
                placeBytes,
                receiveHeadroom,
                transmitSlots,
                transmitSlotBytes,
                promiscuous,
                qdiscBypass);
    }

    /** The same with another transmit ring. */
    public PacketSocketSpec transmitRing(int slots, int slotBytes) {
        return new PacketSocketSpec(
                receiveBlocks,
                receiveBlockBytes,
                receivePlaceBytes,
                receiveHeadroom,
                slots,
                slotBytes,
                promiscuous,
                qdiscBypass);
    }

    /** The same with other headroom. */
    public PacketSocketSpec receiveHeadroom(int bytes) {
        return new PacketSocketSpec(
                receiveBlocks,
                receiveBlockBytes,
                receivePlaceBytes,
                bytes,
                transmitSlots,
                transmitSlotBytes,
                promiscuous,
                qdiscBypass);
    }

    /** How many frames the receive ring holds. */
    public int receivePlaces() {
        return (int) (receiveRingBytes() / receivePlaceBytes);
    }

    long receiveRingBytes() {
        return (long) receiveBlocks * receiveBlockBytes;
    }

    long transmitRingBytes() {
        // The kernel hands the ring out in blocks; one block holds whole slots, and all blocks are used.
        return (long) transmitSlots * transmitSlotBytes;
    }

    /** Bytes of one block of the transmit ring. */
    int transmitBlockBytes() {
        return (int) Math.min(transmitRingBytes(), Math.max(transmitSlotBytes, 128 << 10));
    }

    private static boolean isPowerOfTwo(int value, int least, int most) {
        return value >= least && value <= most && Integer.bitCount(value) == 1;
    }
}
