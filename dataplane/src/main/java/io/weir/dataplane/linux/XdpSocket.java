package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weir.dataplane.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An AF_XDP socket on one queue of an interface (Linux Documentation/networking/af_xdp.rst), with frame memory of its own: one
 * half is lent to the kernel to receive into, the other is for frames on their way out. For one thread; after it is opened
 * nothing is allocated.
 *
 * <p>A frame has neither notes of a device about its checksum nor may it be longer than the MTU.
 */
public final class XdpSocket implements AutoCloseable {
    static final int SOL_XDP = 283;
    static final int XDP_MMAP_OFFSETS = 1;
    static final int XDP_UMEM_REG = 4;

    private static final int AF_XDP = 44;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;

    // linux/if_xdp.h
    private static final int XDP_STATISTICS = 7;
    private static final int XDP_OPTIONS = 8;
    private static final int XDP_MAX_TX_SKB_BUDGET = 9;
    private static final int XDP_USE_NEED_WAKEUP = 8;
    private static final int OPTION_ZEROCOPY = 1;

    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUFFORCE = 32;

    /** Numbers of 8 bytes: dropped, invalid to receive, invalid to send, receive ring full, nothing to fill, nothing to send. */
    private static final int STATISTICS_BYTES = 48;

    private static final int STATISTICS_DROPPED = 0;
    private static final int STATISTICS_RING_FULL = 24;

    /** Offset of the length in {@code struct xdp_desc}. */
    private static final int DESCRIPTOR_LENGTH = 8;

    private static final int DESCRIPTOR_OPTIONS = 12;

    /** What sending returns while more waits than one call sends, and when the interface has dropped a frame. */
    private static final int BUSY = -16;

    private static final int INTERRUPTED = -4;

    private final PacketCalls calls = new PacketCalls();
    private final String interfaceName;
    private final int queue;
    private final int fd;
    private final XdpSocketSpec spec;
    private final XdpMappings mappings;
    private final XdpRing receive;
    private final XdpRing transmit;
    private final XdpRing fill;
    private final XdpRing completion;
    private final long memory;
    private final long statistics;
    private final int chunkMask;

    /** Chunks of the second half of the memory that are not on their way out; the last ones are used first, being in the cache. */
    private final int[] freeChunks;

    private int freeCount;
    private long missed;
    private boolean isZeroCopy;
    private boolean closed;

    private XdpSocket(String interfaceName, int queue, int fd, XdpSocketSpec spec, String what) {
        this.interfaceName = interfaceName;
        this.queue = queue;
        this.fd = fd;
        this.spec = spec;
        chunkMask = -spec.chunkBytes();
        memory = OffHeap.allocate(spec.memoryBytes());
        statistics = OffHeap.allocate(STATISTICS_BYTES + Integer.BYTES);
        mappings = new XdpMappings(fd, what);
        try {
            mappings.memory(memory, spec.memoryBytes(), spec.chunkBytes());
            fill = mappings.ring(XdpMappings.Kind.FILL, spec.receiveFrames());
            completion = mappings.ring(XdpMappings.Kind.COMPLETION, spec.transmitFrames());
            receive = mappings.ring(XdpMappings.Kind.RECEIVE, spec.receiveFrames());
            transmit = mappings.ring(XdpMappings.Kind.TRANSMIT, spec.transmitFrames());
        } catch (RuntimeException e) {
            mappings.close();
            OffHeap.free(statistics);
            OffHeap.free(memory);
            throw e;
        }
        for (int i = 0; i < spec.receiveFrames(); i++) {
            OffHeap.putLong(fill.entry(i), (long) i * spec.chunkBytes());
        }
        fill.advance(spec.receiveFrames());
        fill.publish();
        freeChunks = new int[spec.transmitFrames()];
        freeCount = freeChunks.length;
        for (int i = 0; i < freeCount; i++) {
            freeChunks[i] = (spec.receiveFrames() + freeCount - 1 - i) * spec.chunkBytes();
        }
    }

    /** Opens one on a queue, from 0, of an interface in the caller's own namespace. It gets frames from an {@link BpfProgram}. */
    static XdpSocket open(String interfaceName, int index, int queue, XdpSocketSpec spec) {
        final String what = "opening an XDP socket on queue " + queue + " of " + interfaceName;
        final int fd = LinuxCalls.socket(AF_XDP, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw LinuxException.of(what, fd, openingHint(fd));
        }
        final XdpSocket socket;
        try {
            socket = new XdpSocket(interfaceName, queue, fd, spec, what);
        } catch (RuntimeException e) {
            LinuxCalls.close(fd);
            throw e;
        }
        try {
            socket.configure();
            socket.bind(index, what);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void configure() {
        // One call may then send a whole burst; a kernel before 6.17 sends 32 frames with each.
        LinuxCalls.setsockopt(fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, spec.transmitFrames());
        // Frames on their way count towards the sender's limit; without the right to raise it the system's default
        // holds.
        LinuxCalls.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, spec.transmitFrames() * spec.chunkBytes());
    }

    private void bind(int index, String what) {
        try (Arena arena = Arena.ofConfined()) {
            // struct sockaddr_xdp: family, flags, interface, queue, socket whose memory is shared
            final MemorySegment address = arena.allocate(16, 4);
            address.set(JAVA_SHORT, 0, (short) AF_XDP);
            // Without the flag that asks for copies, the kernel asks the driver first whether it takes the memory as it
            // is.
            address.set(JAVA_SHORT, 2, (short) XDP_USE_NEED_WAKEUP);
            address.set(JAVA_INT, 4, index);
            address.set(JAVA_INT, 8, queue);
            final int result = LinuxCalls.bind(fd, address.address(), (int) address.byteSize());
            if (result < 0) {
                throw LinuxException.of(what, result, bindingHint(result));
            }
            final MemorySegment options = arena.allocate(4, 4);
            LinuxException.check(LinuxCalls.getsockopt(fd, SOL_XDP, XDP_OPTIONS, options.address(), 4), what);
            isZeroCopy = (options.get(JAVA_INT, 0) & OPTION_ZEROCOPY) != 0;
        }
    }

    /** Frames that have arrived and were not given back yet, as far as this side has looked; at least one if there is one. */
    public int received() {
        return receive.available(1);
    }

    /** Where a received frame lies, from 0 for the oldest. */
    public long frameAddress(int index) {
        return memory + OffHeap.getLong(receive.entry(index));
    }

    /** Bytes of a received frame. */
    public int frameLength(int index) {
        return OffHeap.getInt(receive.entry(index) + DESCRIPTOR_LENGTH);
    }

    /** Gives the oldest received frames back to the kernel. */
    public void release(int count) {
        for (int i = 0; i < count; i++) {
            OffHeap.putLong(fill.entry(i), OffHeap.getLong(receive.entry(i)) & chunkMask);
        }
        // There is room for every chunk that was ever lent.
        fill.advance(count);
        fill.publish();
        receive.advance(count);
        receive.publish();
    }

    /** With nothing received: lets the driver go on where it waits for that. */
    public void pollDriver() {
        if (fill.needsWakeup()) {
            calls.recv(fd, 0, 0, PacketCalls.MSG_DONTWAIT);
        }
    }

    /** Bytes of the longest frame that {@link #add} takes. */
    public int frameCapacity() {
        return spec.frameCapacity();
    }

    /**
     * Copies a frame into the transmit ring; {@link #flush()} sends it.
     *
     * @return false if the ring is full
     */
    public boolean add(long frame, int length) {
        if (freeCount == 0) {
            reclaim();
        }
        if (freeCount == 0) {
            return false;
        }
        final int chunk = freeChunks[--freeCount];
        OffHeap.copy(frame, memory + chunk, length);
        final long descriptor = transmit.entry(0);
        OffHeap.putLong(descriptor, chunk);
        OffHeap.putInt(descriptor + DESCRIPTOR_LENGTH, length);
        OffHeap.putInt(descriptor + DESCRIPTOR_OPTIONS, 0);
        transmit.advance(1);
        return true;
    }

    /**
     * Has the kernel send what was added. Frames that it does not take now stay in the ring; a later call goes on.
     *
     * @return 0, or the negative error number with which the interface refuses everything: ENETDOWN, ENXIO
     */
    public int flush() {
        transmit.publish();
        int waiting = transmit.pending();
        while (waiting != 0 && transmit.needsWakeup()) {
            final int result = calls.send(fd, 0, 0, PacketCalls.MSG_DONTWAIT);
            final int still = transmit.pending();
            final boolean goesOn = result >= 0
                    || result == PacketCalls.WOULD_BLOCK
                    || result == PacketCalls.NO_BUFFERS
                    || result == BUSY
                    || result == INTERRUPTED;
            if (!goesOn) {
                return result;
            }
            if (still == waiting) {
                break;
            }
            waiting = still;
        }
        reclaim();
        return 0;
    }

    /** Frames that were added and that the kernel has not taken. */
    public int waiting() {
        return transmit.pending();
    }

    /**
     * Gives up the newest frame that waits; only after {@link #flush()} has failed, when the kernel does not look at the ring.
     *
     * @return its length
     */
    public int giveUp() {
        final long descriptor = transmit.takeBack();
        freeChunks[freeCount++] = (int) OffHeap.getLong(descriptor);
        transmit.publish();
        return OffHeap.getInt(descriptor + DESCRIPTOR_LENGTH);
    }

    /** Frames that the kernel dropped since this was called last, because no memory was lent to it or the ring was full. */
    public long missed() {
        OffHeap.putInt(statistics + STATISTICS_BYTES, STATISTICS_BYTES);
        if (calls.getsockopt(fd, SOL_XDP, XDP_STATISTICS, statistics, statistics + STATISTICS_BYTES) < 0) {
            return 0;
        }
        final long total =
                OffHeap.getLong(statistics + STATISTICS_DROPPED) + OffHeap.getLong(statistics + STATISTICS_RING_FULL);
        final long more = total - missed;
        missed = total;
        return more;
    }

    /** Whether the driver reads and writes this memory itself, so that no frame is copied by the kernel. */
    public boolean isZeroCopy() {
        return isZeroCopy;
    }

    /** The interface that it was opened on. */
    public String interfaceName() {
        return interfaceName;
    }

    /** Which of the interface's queues it is on. */
    public int queue() {
        return queue;
    }

    /** The open file, for {@link EventPoll}. */
    public int fd() {
        return fd;
    }

    /** Closes the socket; no frame of it may be touched after that. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LinuxCalls.close(fd);
            mappings.close();
            OffHeap.free(statistics);
            OffHeap.free(memory);
        }
    }

    private void reclaim() {
        final int count = completion.available(1);
        for (int i = 0; i < count; i++) {
            freeChunks[freeCount++] = (int) OffHeap.getLong(completion.entry(i));
        }
        if (count != 0) {
            completion.advance(count);
            completion.publish();
        }
    }

    private static @Nullable String openingHint(int error) {
        return switch (Errno.of(-error)) {
            case EPERM, EACCES -> "weir needs CAP_NET_RAW there";
            case EAFNOSUPPORT -> "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS), open the interface by AF_PACKET";
            default -> null;
        };
    }

    private static @Nullable String bindingHint(int error) {
        return switch (Errno.of(-error)) {
            case EBUSY -> "another AF_XDP socket is on that queue";
            case EINVAL -> "the interface has not so many queues, or its driver can't do it";
            case EOPNOTSUPP -> "this kind of interface has no AF_XDP, open it by AF_PACKET";
            default -> null;
        };
    }
}
