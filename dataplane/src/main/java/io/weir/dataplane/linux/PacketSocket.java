package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weir.dataplane.memory.OffHeap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An AF_PACKET socket on one interface (packet(7)): every frame that arrives there is copied into a receive ring, also
 * when the kernel's own stack takes it; frames are sent by a transmit ring or straight from memory. Every frame, in
 * both directions, has a {@code virtio_net_hdr} ahead of it, so partial checksums and unsegmented TCP and UDP pass.
 * Frames that leave by the interface, our own among them, are not received.
 */
public final class PacketSocket implements AutoCloseable {
    /** Bytes of {@code virtio_net_hdr} ahead of each frame. */
    public static final int VNET_HEADER_LENGTH = TapDevice.VNET_HEADER_LENGTH;

    static final int AF_PACKET = 17;
    static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_ATTACH_BPF = 50;
    private static final int SOL_PACKET = 263;
    private static final int ETH_P_ALL = 3;

    // linux/if_packet.h
    private static final int PACKET_ADD_MEMBERSHIP = 1;
    private static final int PACKET_RX_RING = 5;
    private static final int PACKET_STATISTICS = 6;
    private static final int PACKET_COPY_THRESH = 7;
    private static final int PACKET_VERSION = 10;
    private static final int PACKET_RESERVE = 12;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_FANOUT = 18;
    private static final int PACKET_QDISC_BYPASS = 20;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int PACKET_FANOUT_FLAG_UNIQUE_ID = 0x2000;
    private static final int PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000;
    private static final int PACKET_MR_PROMISC = 1;
    private static final int TPACKET_V2 = 1;

    /** {@code struct tpacket_stats}: frames, drops. */
    private static final int STATISTICS_LENGTH = 8;

    /** What frames on their way may hold; a 64 KiB frame counts about 68 KiB. */
    private static final int SEND_BUFFER_BYTES = 16 << 20;

    /** What frames that are longer than a place of the ring may hold while they wait; the kernel doubles it. */
    private static final int RECEIVE_BUFFER_BYTES = 16 << 20;

    private final PacketCalls calls = new PacketCalls();
    private final String interfaceName;
    private final int fd;

    private final long ring;
    private final long ringBytes;
    private final @Nullable PacketReceiveRing receiveRing;
    private final long senderMemory;
    private final PacketSender sender;
    private boolean closed;

    private PacketSocket(String interfaceName, int fd, PacketSocketSpec spec, long ring) {
        this.interfaceName = interfaceName;
        this.fd = fd;
        this.ring = ring;
        ringBytes = spec.receiveRingBytes();
        if (ringBytes == 0) {
            receiveRing = null;
        } else {
            receiveRing = new PacketReceiveRing(calls, fd, ring, spec.receivePlaces(), spec.receivePlaceBytes());
            OffHeap.register(ring, ringBytes);
        }
        senderMemory = OffHeap.allocate(PacketSender.memoryBytes() + STATISTICS_LENGTH + Integer.BYTES);
        sender = new PacketSender(calls, fd, senderMemory);
    }

    /** Opens one on an interface in the caller's own namespace. */
    public static PacketSocket open(String interfaceName, PacketSocketSpec spec) {
        InterfaceName.check(interfaceName);
        String what = "opening a packet socket on " + interfaceName;
        int fd = socket(what);
        long ring = 0;
        try {
            int index = InterfaceIndex.of(fd, interfaceName, what);
            configureSending(fd, spec, what);
            if (spec.receiveBlocks() > 0) {
                configureReceiving(fd, spec, what);
                ring = map(fd, spec, what);
                bind(fd, ETH_P_ALL, index, what);
            } else {
                bind(fd, 0, index, what);
            }
            if (spec.promiscuous()) {
                joinPromiscuous(fd, index, what);
            }
            return new PacketSocket(interfaceName, fd, spec, ring);
        } catch (RuntimeException e) {
            if (ring > 0) {
                LinuxCalls.munmap(ring, spec.receiveRingBytes());
            }
            LinuxCalls.close(fd);
            throw e;
        }
    }

    /** Opens one on an interface in a namespace. */
    public static PacketSocket open(String interfaceName, PacketSocketSpec spec, NetworkNamespace namespace) {
        return namespace.call(() -> open(interfaceName, spec));
    }

    /**
     * Opens several on an interface in a namespace, among which the kernel shares the received frames out. Frames that
     * arrive while the group is built may be received twice or out of order.
     */
    public static List<PacketSocket> openGroup(
            String interfaceName, PacketSocketSpec spec, int count, PacketFanout fanout, NetworkNamespace namespace) {
        List<PacketSocket> sockets = new ArrayList<>();
        try {
            int group = -1;
            for (int i = 0; i < count; i++) {
                PacketSocket socket = open(interfaceName, spec, namespace);
                sockets.add(socket);
                group = socket.join(fanout, group);
            }
            return List.copyOf(sockets);
        } catch (RuntimeException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
    }

    /** The interface that it was opened on. */
    public String interfaceName() {
        return interfaceName;
    }

    /** The ring with the frames that arrived. */
    public PacketReceiveRing receiveRing() {
        if (receiveRing == null) {
            throw new IllegalStateException("the packet socket on " + interfaceName + " was opened without receiving");
        }
        return receiveRing;
    }

    /** Sends frames from where they lie. */
    public PacketSender sender() {
        return sender;
    }

    /** The open file that receives, for {@link EventPoll}. */
    public int fd() {
        return fd;
    }

    /** From now on it receives only what the program (of {@link BpfProgram.Kind#SOCKET}) lets pass, which the socket keeps. */
    public void filter(BpfProgram program) {
        LinuxException.check(
                LinuxCalls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, program.fd()),
                "attaching a filter to the packet socket on " + interfaceName);
    }

    /** What the kernel counted at the receive ring since this was called last. */
    public PacketStatistics statistics() {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment counts = temporary.allocate(STATISTICS_LENGTH, 4);
            LinuxException.check(
                    LinuxCalls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, counts.address(), STATISTICS_LENGTH),
                    "asking for the statistics of the packet socket on " + interfaceName);
            return new PacketStatistics(counts.get(JAVA_INT, 0) & 0xFFFF_FFFFL, counts.get(JAVA_INT, 4) & 0xFFFF_FFFFL);
        }
    }

    /**
     * Frames that the kernel dropped at the full receive ring since this or {@link #statistics()} was called last. For the
     * socket's own thread; allocates nothing.
     */
    public long missed() {
        final long counts = senderMemory + PacketSender.memoryBytes();
        OffHeap.putInt(counts + STATISTICS_LENGTH, STATISTICS_LENGTH);
        final int result = calls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, counts, counts + STATISTICS_LENGTH);
        return result < 0 ? 0 : OffHeap.getInt(counts + 4) & 0xFFFF_FFFFL;
    }

    /**
     * Waits until frames have arrived; for idle threads and tests, not for the packet path.
     *
     * @return whether some have
     */
    public boolean awaitFrames(int timeoutMs) {
        return LinuxException.check(
                        LinuxCalls.poll(fd, LinuxCalls.POLLIN, timeoutMs), "waiting for frames on " + interfaceName)
                != 0;
    }

    /** Closes the socket and unmaps its ring; no frame of it may be touched after that. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (ringBytes > 0) {
                OffHeap.unregister(ring);
                LinuxCalls.munmap(ring, ringBytes);
            }
            LinuxCalls.close(fd);
            OffHeap.free(senderMemory);
        }
    }

    private int join(PacketFanout fanout, int group) {
        String what = "joining the fanout group on " + interfaceName;
        // The kernel picks a free group for the first; the group's own hook must be told to skip what leaves.
        int flags =
                fanout.number() | PACKET_FANOUT_FLAG_IGNORE_OUTGOING | (group < 0 ? PACKET_FANOUT_FLAG_UNIQUE_ID : 0);
        LinuxException.check(
                LinuxCalls.setsockopt(fd, SOL_PACKET, PACKET_FANOUT, flags << 16 | (Math.max(group, 0) & 0xFFFF)),
                what);
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment value = temporary.allocate(4, 4);
            LinuxException.check(LinuxCalls.getsockopt(fd, SOL_PACKET, PACKET_FANOUT, value.address(), 4), what);
            return value.get(JAVA_INT, 0) & 0xFFFF;
        }
    }

    private static int socket(String what) {
        // Without a protocol, so that nothing is received before all is set up.
        int fd = LinuxCalls.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw LinuxException.of(what, fd, fd == -Errno.EPERM.number() ? "weir needs CAP_NET_RAW" : null);
        }
        return fd;
    }

    private static void configureSending(int fd, PacketSocketSpec spec, String what) {
        option(fd, PACKET_VNET_HDR, 1, what);
        option(fd, PACKET_QDISC_BYPASS, spec.qdiscBypass() ? 1 : 0, what);
        LinuxException.check(LinuxCalls.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_BYTES), what);
    }

    private static void configureReceiving(int fd, PacketSocketSpec spec, String what) {
        option(fd, PACKET_VERSION, TPACKET_V2, what);
        option(fd, PACKET_RESERVE, spec.receiveHeadroom(), what);
        option(fd, PACKET_IGNORE_OUTGOING, 1, what);
        // what is longer than a place waits in the socket as a whole
        option(fd, PACKET_COPY_THRESH, 1, what);
        LinuxException.check(LinuxCalls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES), what);
        ring(fd, spec, what);
    }

    private static void ring(int fd, PacketSocketSpec spec, String what) {
        try (Arena temporary = Arena.ofConfined()) {
            // struct tpacket_req
            MemorySegment request = temporary.allocateFrom(
                    JAVA_INT,
                    spec.receiveBlockBytes(),
                    spec.receiveBlocks(),
                    spec.receivePlaceBytes(),
                    spec.receivePlaces());
            int result =
                    LinuxCalls.setsockopt(fd, SOL_PACKET, PACKET_RX_RING, request.address(), (int) request.byteSize());
            if (result < 0) {
                throw LinuxException.of(
                        what + ": a ring of " + spec.receiveBlocks() + " blocks of " + spec.receiveBlockBytes()
                                + " bytes",
                        result,
                        result == -Errno.ENOMEM.number() ? "use a smaller ring" : null);
            }
        }
    }

    private static long map(int fd, PacketSocketSpec spec, String what) {
        long address = LinuxCalls.mmap(
                0,
                spec.receiveRingBytes(),
                LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE,
                LinuxCalls.MAP_SHARED | LinuxCalls.MAP_POPULATE,
                fd,
                0);
        if (address < 0) {
            throw LinuxException.of(what + ": mapping the ring", (int) address);
        }
        return address;
    }

    private static void bind(int fd, int protocol, int index, String what) {
        try (Arena temporary = Arena.ofConfined()) {
            // struct sockaddr_ll: family, protocol (network order), interface index
            MemorySegment address = temporary.allocate(20, 4);
            address.set(JAVA_SHORT, 0, (short) AF_PACKET);
            address.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) protocol);
            address.set(JAVA_INT, 4, index);
            LinuxException.check(LinuxCalls.bind(fd, address.address(), 20), what);
        }
    }

    /** Frames for other Ethernet addresses are received, too, for as long as the AF_PACKET socket is open. */
    static void joinPromiscuous(int fd, int index, String what) {
        try (Arena temporary = Arena.ofConfined()) {
            // struct packet_mreq: interface index, type, address length, address
            MemorySegment request = temporary.allocate(16, 4);
            request.set(JAVA_INT, 0, index);
            request.set(JAVA_SHORT, 4, (short) PACKET_MR_PROMISC);
            LinuxException.check(
                    LinuxCalls.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request.address(), 16),
                    what + ": receiving frames for other addresses");
        }
    }

    private static void option(int fd, int option, int value, String what) {
        LinuxException.check(LinuxCalls.setsockopt(fd, SOL_PACKET, option, value), what);
    }
}
