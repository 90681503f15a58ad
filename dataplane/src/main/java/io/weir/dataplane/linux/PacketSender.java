package io.weir.dataplane.linux;

import io.weir.dataplane.memory.OffHeap;

/**
 * Sends frames on an AF_PACKET socket straight from where they lie, many with one system call (sendmmsg). Each frame
 * has its {@code virtio_net_hdr} in the bytes before it; frames may be up to 64 KiB long. For one thread; nothing is
 * allocated.
 */
public final class PacketSender {
    /** Frames that one call can take. */
    public static final int CAPACITY = 64;

    // struct mmsghdr: name, namelen, iov, iovlen, control, controllen, flags, then the length sent
    private static final int MESSAGE_LENGTH = 64;
    private static final int MESSAGE_VECTOR_OFFSET = 16;
    private static final int MESSAGE_VECTOR_COUNT_OFFSET = 24;
    private static final int VECTOR_LENGTH = 16;

    private final PacketCalls calls;
    private final int fd;
    private final long messages;
    private final long vectors;
    private int first;
    private int count;

    /** The memory at the address, {@link #memoryBytes()} of it, must live as long as this. */
    PacketSender(PacketCalls calls, int fd, long memory) {
        this.calls = calls;
        this.fd = fd;
        messages = memory;
        vectors = memory + (long) CAPACITY * MESSAGE_LENGTH;
        OffHeap.zero(memory, memoryBytes());
        for (int i = 0; i < CAPACITY; i++) {
            long message = messages + (long) i * MESSAGE_LENGTH;
            OffHeap.putLong(message + MESSAGE_VECTOR_OFFSET, vectors + (long) i * VECTOR_LENGTH);
            OffHeap.putLong(message + MESSAGE_VECTOR_COUNT_OFFSET, 1);
        }
    }

    static int memoryBytes() {
        return CAPACITY * (MESSAGE_LENGTH + VECTOR_LENGTH);
    }

    /**
     * Queues a frame for {@link #flush()}; the frame must stay as it is until then.
     *
     * @param vnetHeaderAddress where the {@code virtio_net_hdr} starts, directly ahead of the frame
     * @param length            bytes of header and frame together
     * @return false if {@link #CAPACITY} frames are queued already
     */
    public boolean add(long vnetHeaderAddress, int length) {
        if (count == CAPACITY) {
            return false;
        }
        long vector = vectors + (long) count * VECTOR_LENGTH;
        OffHeap.putLong(vector, vnetHeaderAddress);
        OffHeap.putLong(vector + 8, length);
        count++;
        return true;
    }

    /** Frames that are queued and not yet accepted. */
    public int waiting() {
        return count - first;
    }

    /** Bytes of header and frame of the first frame that waits; there must be one. */
    public int waitingLength() {
        return (int) OffHeap.getLong(vectors + (long) first * VECTOR_LENGTH + 8);
    }

    /**
     * Sends what is queued.
     *
     * @return frames accepted, fewer than {@link #waiting()} said if the kernel stopped at one; or the negative error
     *     number if it refused the first: EAGAIN and ENOBUFS mean try again, any other is about that one frame and
     *     {@link #skip()} gets past it (EINVAL: header and frame do not fit, EMSGSIZE: too long, ENETDOWN: all of them)
     */
    public int flush() {
        if (first == count) {
            return 0;
        }
        int result =
                calls.sendmmsg(fd, messages + (long) first * MESSAGE_LENGTH, count - first, PacketCalls.MSG_DONTWAIT);
        if (result > 0) {
            first += result;
            startOverIfEmpty();
        }
        return result;
    }

    /** Gives up the first frame that waits. */
    public void skip() {
        if (first < count) {
            first++;
            startOverIfEmpty();
        }
    }

    private void startOverIfEmpty() {
        if (first == count) {
            first = 0;
            count = 0;
        }
    }
}
