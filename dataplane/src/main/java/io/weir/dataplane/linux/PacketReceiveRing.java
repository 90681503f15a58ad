package io.weir.dataplane.linux;

import io.weir.dataplane.memory.OffHeap;

/**
 * The receive ring of an AF_PACKET socket (TPACKET_V2, Linux Documentation/networking/packet_mmap.rst): a cursor over
 * frames that lie in memory shared with the kernel. For one thread; nothing is allocated.
 *
 * <p>Each place of the ring has the same size, and its frame can be seen as soon as it is there; a ring of version 3 packs
 * frames closer and shows them when a block is full or a millisecond is over, which was the round trip of each packet. Of a
 * frame that is longer than a place, the start lies in the ring and the whole waits in the socket: {@link #isQueued()},
 * {@link #readQueued}. Frames stay valid, and may be changed in place, until {@link #release()}.
 *
 * <pre>
 *   place:  tpacket2_hdr (32) | sockaddr_ll (20) | headroom | virtio_net_hdr (10) | Ethernet frame | unused
 *                                                                                 ^ frameAddress()
 * </pre>
 */
public final class PacketReceiveRing {
    private static final int STATUS_KERNEL = 0;
    private static final int STATUS_USER = 1;
    private static final int STATUS_COPY = 1 << 1;
    private static final int STATUS_VLAN_VALID = 1 << 4;
    private static final int STATUS_VLAN_TPID_VALID = 1 << 6;

    // struct tpacket2_hdr
    private static final int STATUS_OFFSET = 0;
    private static final int LENGTH_OFFSET = 4;
    private static final int CAPTURED_LENGTH_OFFSET = 8;
    private static final int MAC_OFFSET = 12;
    private static final int VLAN_TCI_OFFSET = 24;
    private static final int VLAN_TPID_OFFSET = 26;

    private static final int ETHERTYPE_VLAN = 0x8100;

    private final PacketCalls calls;
    private final int fd;
    private final long address;
    private final int places;
    private final int placeBytes;

    /** The place that the cursor moves to next; counts up without end. */
    private long next;

    /** The first place that the kernel has not got back. */
    private long released;

    private long header;

    PacketReceiveRing(PacketCalls calls, int fd, long address, int places, int placeBytes) {
        this.calls = calls;
        this.fd = fd;
        this.address = address;
        this.places = places;
        this.placeBytes = placeBytes;
    }

    /**
     * Moves on to the next frame.
     *
     * @return false if the kernel has passed on none, or if every place is walked and waits for {@link #release()}
     */
    public boolean next() {
        if (!isReady()) {
            return false;
        }
        header = placeAddress(next++);
        return true;
    }

    /** Where the Ethernet frame, or its start, lies; its {@code virtio_net_hdr} ends there. */
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

    /** Bytes that the frame had; more than {@link #frameLength()} if it did not fit its place. */
    public int originalLength() {
        return OffHeap.getInt(header + LENGTH_OFFSET);
    }

    /**
     * Whether the whole frame waits in the socket: it did not fit its place, and the socket's memory was not used up. It must
     * be fetched by {@link #readQueued} before the next one that waits there.
     */
    public boolean isQueued() {
        return (OffHeap.getInt(header + STATUS_OFFSET) & STATUS_COPY) != 0;
    }

    /**
     * Takes the first frame that waits in the socket, its {@code virtio_net_hdr} ahead of it. What does not fit is lost.
     *
     * @return bytes written to the address, or the negative error number
     */
    public int readQueued(long target, int capacity) {
        return calls.recv(fd, target, capacity, PacketCalls.MSG_DONTWAIT);
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
        return (ethertype << 16) | (OffHeap.getShort(header + VLAN_TCI_OFFSET) & 0xFFFF);
    }

    /** Gives back every place that the cursor has moved to, the last one included. */
    public void release() {
        while (released < next) {
            OffHeap.putIntRelease(placeAddress(released) + STATUS_OFFSET, STATUS_KERNEL);
            released++;
        }
    }

    /** Gives back every place that the cursor has moved to but the last, whose frame is still looked at. */
    public void releaseAllButLast() {
        while (released < next - 1) {
            OffHeap.putIntRelease(placeAddress(released) + STATUS_OFFSET, STATUS_KERNEL);
            released++;
        }
    }

    /** Whether a frame waits that {@link #next()} can move to. */
    public boolean isReady() {
        return next - released < places
                && (OffHeap.getIntAcquire(placeAddress(next) + STATUS_OFFSET) & STATUS_USER) != 0;
    }

    private long placeAddress(long index) {
        return address + (index & (places - 1)) * placeBytes;
    }
}
