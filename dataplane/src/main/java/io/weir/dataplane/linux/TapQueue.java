package io.weir.dataplane.linux;

/**
 * One queue of a TAP device: whole Ethernet frames, each behind a {@code virtio_net_hdr}, by raw address and without
 * waiting. For one thread at a time; reading and writing allocate nothing.
 */
public final class TapQueue {
    /** The longest frame that Linux passes when segmentation is left to us: 64 KiB and an Ethernet header with tag. */
    public static final int MAX_FRAME_LENGTH = 65_535 + 18;

    private final PacketCalls calls = new PacketCalls();
    private final int fd;

    TapQueue(int fd) {
        this.fd = fd;
    }

    /**
     * Takes the next frame that the kernel sends into the device.
     *
     * @param address where header and frame go
     * @param length  room there; a frame that is longer loses its end, so leave room for the header and
     *     {@link #MAX_FRAME_LENGTH}
     * @return bytes of header and frame together; {@link PacketCalls#WOULD_BLOCK} if there is none; another negative
     *     error number if the device is down (EIO) or gone (EBADFD)
     */
    public int read(long address, int length) {
        return calls.read(fd, address, length);
    }

    /**
     * The same into several pieces of memory.
     *
     * @param vectorAddress where {@code count} {@code struct iovec}s lie: address and length of each piece
     */
    public int readv(long vectorAddress, int count) {
        return calls.readv(fd, vectorAddress, count);
    }

    /**
     * Gives the kernel a frame that it receives from the device; it runs the receiving side of the network stack on
     * this thread before the call returns.
     *
     * @param address where the header starts
     * @param length  bytes of header and frame together
     * @return the length; or a negative error number: EIO if the interface is down, EINVAL if header and frame do not
     *     fit each other
     */
    public int write(long address, int length) {
        return calls.write(fd, address, length);
    }

    /** The open file, for {@link EventPoll}. */
    public int fd() {
        return fd;
    }
}
