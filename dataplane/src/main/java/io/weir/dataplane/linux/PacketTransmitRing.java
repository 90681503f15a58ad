package io.weir.dataplane.linux;

import io.weir.dataplane.memory.OffHeap;

/**
 * The transmit ring of an AF_PACKET socket (TPACKET_V2): slots of one size in memory shared with the kernel. For one
 * thread; nothing is allocated.
 *
 * <pre>
 *   slot:  tpacket2_hdr (32) | virtio_net_hdr (10) | Ethernet frame
 *                                                  ^ what claim() returns
 * </pre>
 */
public final class PacketTransmitRing {
    /** What {@link #claim()} returns if every slot is in use. */
    public static final long FULL = 0;

    /** Bytes of a slot ahead of the frame. */
    public static final int FRAME_OFFSET = 32 + PacketSocket.VNET_HEADER_LENGTH;

    private static final int STATUS_AVAILABLE = 0;
    private static final int STATUS_SEND_REQUEST = 1;

    // struct tpacket2_hdr
    private static final int STATUS_OFFSET = 0;
    private static final int LENGTH_OFFSET = 4;

    private final PacketCalls calls;
    private final int fd;
    private final long address;
    private final int slots;
    private final int slotBytes;
    private int slot;
    private int waiting;

    PacketTransmitRing(PacketCalls calls, int fd, long address, int slots, int slotBytes) {
        this.calls = calls;
        this.fd = fd;
        this.address = address;
        this.slots = slots;
        this.slotBytes = slotBytes;
    }

    /** The longest frame that a slot holds; a longer one goes by {@link PacketSender}. */
    public int maxFrameLength() {
        return slotBytes - FRAME_OFFSET;
    }

    /**
     * The address for the next frame, or {@link #FULL}. Its {@code virtio_net_hdr} belongs in the bytes before and must
     * be written (zeros for a frame without offloads). Claiming again without {@link #commit} gives the same address.
     */
    public long claim() {
        long header = header();
        return OffHeap.getIntAcquire(header + STATUS_OFFSET) == STATUS_AVAILABLE ? header + FRAME_OFFSET : FULL;
    }

    /** Hands the claimed slot to the kernel, which looks at it in {@link #flush()}. */
    public void commit(int frameLength) {
        long header = header();
        OffHeap.putInt(header + LENGTH_OFFSET, PacketSocket.VNET_HEADER_LENGTH + frameLength);
        OffHeap.putIntRelease(header + STATUS_OFFSET, STATUS_SEND_REQUEST);
        slot = slot + 1 == slots ? 0 : slot + 1;
        waiting++;
    }

    /** Frames that were committed since the last {@link #flush()} that the kernel took up. */
    public int waiting() {
        return waiting;
    }

    /**
     * Lets the kernel send what was committed. A frame whose {@code virtio_net_hdr} does not fit it is skipped by the
     * kernel and not part of the result.
     *
     * @return bytes of the frames sent, or the negative error number: EAGAIN and ENOBUFS mean that the frames stay
     *     in the ring for the next flush, ENETDOWN that the interface is down
     */
    public int flush() {
        if (waiting == 0) {
            return 0;
        }
        int result = calls.send(fd, 0, 0, PacketCalls.MSG_DONTWAIT);
        if (result >= 0) {
            waiting = 0;
        }
        return result;
    }

    private long header() {
        return address + (long) slot * slotBytes;
    }
}
