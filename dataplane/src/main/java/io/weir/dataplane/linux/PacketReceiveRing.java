package io.weir.dataplane.linux;

import io.weir.dataplane.memory.OffHeap;

/**
 * The receive ring of an AF_PACKET socket (TPACKET_V3, Linux Documentation/networking/packet_mmap.rst): a cursor over
 * frames that lie in memory shared with the kernel. For one thread; nothing is allocated.
 *
 * <p>The kernel fills blocks with frames and passes a block on when it is full or its time is up. Frames stay valid,
 * and may be changed in place, until {@link #release()} gives the blocks that were walked to their end back.
 *
 * <pre>
 *   block:  descriptor (48) | frame | frame | ...
 *   frame:  tpacket3_hdr (48) | sockaddr_ll (20) | headroom | virtio_net_hdr (10) | Ethernet frame | padding
 *                                                                                 ^ frameAddress()
 * </pre>
 */
public final class PacketReceiveRing {
    private static final int STATUS_USER = 1;
    private static final int STATUS_VLAN_VALID = 1 << 4;
    private static final int STATUS_VLAN_TPID_VALID = 1 << 6;

    // struct tpacket_block_desc
    private static final int BLOCK_STATUS_OFFSET = 8;
    private static final int BLOCK_FRAMES_OFFSET = 12;
    private static final int BLOCK_FIRST_OFFSET = 16;

    // struct tpacket3_hdr
    private static final int NEXT_OFFSET = 0;
    private static final int CAPTURED_LENGTH_OFFSET = 12;
    private static final int LENGTH_OFFSET = 16;
    private static final int STATUS_OFFSET = 20;
    private static final int MAC_OFFSET = 24;
    private static final int VLAN_TCI_OFFSET = 32;
    private static final int VLAN_TPID_OFFSET = 36;

    private static final int ETHERTYPE_VLAN = 0x8100;

    private final long address;
    private final int blocks;
    private final int blockBytes;

    /** The block that is walked, or the next to be; counts up without end. */
    private long block;

    /** The first block that the kernel has not got back. */
    private long released;

    private int framesLeft;
    private boolean walking;
    private long nextHeader;
    private long header;

    PacketReceiveRing(long address, int blocks, int blockBytes) {
        this.address = address;
        this.blocks = blocks;
        this.blockBytes = blockBytes;
    }

    /**
     * Moves on to the next frame.
     *
     * @return false if the kernel has passed on none, or if every block is walked and waits for {@link #release()}
     */
    public boolean next() {
        while (framesLeft == 0) {
            if (!openBlock()) {
                return false;
            }
        }
        header = nextHeader;
        nextHeader = header + (OffHeap.getInt(header + NEXT_OFFSET) & 0xFFFF_FFFFL);
        framesLeft--;
        return true;
    }

    /** Where the Ethernet frame starts; its {@code virtio_net_hdr} ends there. */
    public long frameAddress() {
        return header + (OffHeap.getShort(header + MAC_OFFSET) & 0xFFFF);
    }

    /** Where the frame's {@code virtio_net_hdr} starts. */
    public long vnetHeaderAddress() {
        return frameAddress() - PacketSocket.VNET_HEADER_LENGTH;
    }

    /** Bytes of the frame that are here. */
    public int frameLength() {
        return OffHeap.getInt(header + CAPTURED_LENGTH_OFFSET);
    }

    /** Bytes that the frame had; more than {@link #frameLength()} if it did not fit a block. */
    public int originalLength() {
        return OffHeap.getInt(header + LENGTH_OFFSET);
    }

    /** Whether the kernel took an IEEE 802.1Q or 802.1ad tag out of the frame. */
    public boolean hasVlanTag() {
        return (OffHeap.getInt(header + STATUS_OFFSET) & STATUS_VLAN_VALID) != 0;
    }

    /** The tag that was taken out: EtherType in the high 16 bits, priority and VLAN id in the low. */
    public int vlanTag() {
        int ethertype = (OffHeap.getInt(header + STATUS_OFFSET) & STATUS_VLAN_TPID_VALID) != 0
                ? OffHeap.getShort(header + VLAN_TPID_OFFSET) & 0xFFFF
                : ETHERTYPE_VLAN;
        return (ethertype << 16) | (OffHeap.getInt(header + VLAN_TCI_OFFSET) & 0xFFFF);
    }

    /**
     * Gives back every block whose frames were all walked. The last frame that {@link #next()} moved to may lie in one
     * of them, so this is for when the frames so far are done with.
     */
    public void release() {
        if (walking && framesLeft == 0) {
            walking = false;
            block++;
        }
        while (released < block) {
            OffHeap.putIntRelease(blockAddress(released) + BLOCK_STATUS_OFFSET, 0);
            released++;
        }
    }

    /** Whether a frame waits that {@link #next()} can move to. */
    public boolean isReady() {
        if (framesLeft > 0) {
            return true;
        }
        long candidate = walking ? block + 1 : block;
        return candidate - released < blocks && isFilled(blockAddress(candidate));
    }

    private boolean openBlock() {
        if (walking) {
            walking = false;
            block++;
        }
        if (block - released == blocks) {
            return false;
        }
        long descriptor = blockAddress(block);
        if (!isFilled(descriptor)) {
            return false;
        }
        walking = true;
        framesLeft = OffHeap.getInt(descriptor + BLOCK_FRAMES_OFFSET);
        nextHeader = descriptor + OffHeap.getInt(descriptor + BLOCK_FIRST_OFFSET);
        return true;
    }

    private static boolean isFilled(long descriptor) {
        return (OffHeap.getIntAcquire(descriptor + BLOCK_STATUS_OFFSET) & STATUS_USER) != 0;
    }

    private long blockAddress(long index) {
        return address + (index % blocks) * blockBytes;
    }
}
