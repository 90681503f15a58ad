package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A BPF program that sees frames where an interface receives them. It is attached by a BPF link: an open file, so the program is
 * off the interface again when this is closed or the process dies in whatever way.
 */
public final class BpfProgram implements AutoCloseable {
    /** Where on an interface a program sits. */
    public enum Kind {
        /** In the driver, before the kernel makes packets of frames; behind it, where the driver knows no XDP. */
        XDP(6, 37, "XDP"),
        /** Where the kernel's network stack begins (tcx, Linux 6.6 and newer). */
        INGRESS(3, 46, "tc"),
        /** At a socket, for each packet that it is to receive: {@link PacketSocket#filter}. */
        SOCKET(1, 0, "socket");

        /** {@code enum bpf_prog_type}. */
        private final int type;

        /** {@code enum bpf_attach_type}. */
        private final int place;

        private final String label;

        Kind(int type, int place, String label) {
            this.type = type;
            this.place = place;
            this.label = label;
        }
    }

    /** Result of an XDP program: the frame is thrown away. */
    public static final int DROP = 1;

    /** Result of an XDP program: the frame goes on to the kernel's network stack. */
    public static final int PASS = 2;

    /** Result of a program at the ingress: the packet is thrown away. */
    public static final int INGRESS_DROP = 2;

    /** Result of a program at the ingress: the packet goes where the last call of a redirecting helper says. */
    public static final int INGRESS_REDIRECT = 7;

    /** Result of a program at the ingress: the next program decides, or the packet goes on. */
    public static final int INGRESS_NEXT = -1;

    /** Helper: the address of a map's value (map, address of the index), or zero. */
    public static final int MAP_LOOKUP = 1;

    /** Helper: nanoseconds of CLOCK_MONOTONIC. */
    public static final int TIME_NS = 5;

    /** Helper: add to what an IPv4 header's checksum covers (context, offset of the checksum, 0, a sum, 0). */
    public static final int REPLACE_IP_CHECKSUM = 10;

    /**
     * Helper: add to what a TCP checksum covers (context, offset of the checksum, 0, a sum, flags), also when it is not there yet: then
     * only what is in the pseudo header counts.
     */
    public static final int REPLACE_TRANSPORT_CHECKSUM = 11;

    /** Flag of {@link #REPLACE_TRANSPORT_CHECKSUM}: what changes is in the pseudo header. */
    public static final int REPLACE_IN_PSEUDO_HEADER = 1 << 4;

    /** Helper: copy bytes of the packet (context, offset, address, how many). */
    public static final int LOAD_BYTES = 26;

    /** Helper: more or less room in front of the IP header (context, bytes, {@link #BEHIND_ETHERNET}, flags). */
    public static final int ADJUST_ROOM = 50;

    /** Place of {@link #ADJUST_ROOM}: behind the Ethernet header. */
    public static final int BEHIND_ETHERNET = 1;

    /** Flag of {@link #ADJUST_ROOM}: segments keep their length. */
    public static final long SAME_SEGMENTS = 1;

    /** Flags of {@link #ADJUST_ROOM}: the room is for a tunnel by UDP over IPv4, whose packets have an Ethernet header. */
    public static final long ETHERNET_IN_UDP_OVER_IPV4 = 1 << 1 | 1 << 4 | 1 << 6 | 14L << 56;

    /** Flag of {@link #ADJUST_ROOM}: what is left is IPv4. */
    public static final long LEAVES_IPV4 = 1 << 7;

    /** Flag of {@link #ADJUST_ROOM}: what is left is IPv6. */
    public static final long LEAVES_IPV6 = 1 << 8;

    /** Helper: send the frame by another interface (its index, 0). */
    public static final int REDIRECT = 23;

    /** Helper: hand the frame to a map's socket or device (map, index, result where there is none). */
    public static final int REDIRECT_MAP = 51;

    /**
     * Helper: let the other end of a veth receive the packet at once (the veth's index, 0), which must be in another namespace; at
     * the ingress only (Linux 5.10 and newer).
     */
    public static final int REDIRECT_PEER = 155;

    /** Offset in {@code struct __sk_buff} of the packet's length, with the Ethernet header. */
    public static final int PACKET_LENGTH = 0;

    /** Offset in {@code struct __sk_buff} of the mark, which stays with the packet within the machine. */
    public static final int PACKET_MARK = 8;

    /** Offset in {@code struct __sk_buff} of whether there is a VLAN tag beside the packet. */
    public static final int PACKET_HAS_VLAN = 20;

    /** Offset in {@code struct __sk_buff} of how many segments the packet stands for; 0 for one, or when that is not known. */
    public static final int PACKET_SEGMENTS = 164;

    /** Offset in {@code struct __sk_buff} of the payload bytes of each segment; 0 for a packet that is one. */
    public static final int PACKET_SEGMENT_BYTES = 176;

    /** Offset in {@code struct __sk_buff} of where the packet starts; its end follows. */
    public static final int PACKET_DATA = 76;

    /** Offset in {@code struct __sk_buff} of where the packet ends. */
    public static final int PACKET_DATA_END = 80;

    /** Offset in {@code struct xdp_md} of where the frame starts, and after it, where it ends. */
    public static final int CONTEXT_DATA = 0;

    /** Offset in {@code struct xdp_md} of where the frame ends. */
    public static final int CONTEXT_DATA_END = 4;

    /** Offset in {@code struct xdp_md} of the number of the queue. */
    static final int CONTEXT_QUEUE = 16;

    // linux/bpf.h
    private static final int TEST_LIVE_FRAMES = 2;
    private static final int LOG_BYTES = 64 << 10;

    /** Bytes of {@code struct __sk_buff}. */
    private static final int PACKET_CONTEXT_LENGTH = 192;

    private static final String LICENSE = "Apache-2.0";

    private final Kind kind;
    private final String name;
    private final int fd;
    private int link = -1;

    private BpfProgram(Kind kind, String name, int fd) {
        this.kind = kind;
        this.name = name;
        this.fd = fd;
    }

    /** Hands it to the kernel, which verifies it. */
    public static BpfProgram load(Kind kind, String name, BpfInstructions instructions) {
        final String what = "loading the " + kind.label + " program " + name;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, kind.type);
            attribute.set(JAVA_INT, 4, instructions.count());
            attribute.set(JAVA_LONG, 8, instructions.write(arena).address());
            attribute.set(JAVA_LONG, 16, arena.allocateFrom(LICENSE).address());
            BpfCalls.name(attribute, 48, name);
            attribute.set(JAVA_INT, 68, kind.place);
            int result = BpfCalls.call(BpfCalls.PROGRAM_LOAD, attribute);
            if (result == -Errno.EINVAL.number() || result == -Errno.EACCES.number()) {
                // Once more, with the verifier's reasons.
                final MemorySegment log = arena.allocate(LOG_BYTES);
                attribute.set(JAVA_INT, 24, 1);
                attribute.set(JAVA_INT, 28, LOG_BYTES);
                attribute.set(JAVA_LONG, 32, log.address());
                result = BpfCalls.call(BpfCalls.PROGRAM_LOAD, attribute);
                if (result < 0 && log.get(JAVA_BYTE, 0) != 0) {
                    throw LinuxException.of(
                            what,
                            result,
                            "the verifier says: " + log.getString(0).strip());
                }
            }
            if (result < 0) {
                BpfCalls.checked(BpfCalls.PROGRAM_LOAD, attribute, what);
            }
            return new BpfProgram(kind, name, result);
        }
    }

    /**
     * Puts it on an interface of the caller's own namespace.
     *
     * @throws LinuxException also when the interface has a program already
     */
    public void attach(String interfaceName) {
        final String what = "attaching a program for " + kind.label + " to " + interfaceName;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, fd);
            attribute.set(JAVA_INT, 4, index(interfaceName, what));
            attribute.set(JAVA_INT, 8, kind.place);
            final int result = BpfCalls.call(BpfCalls.LINK_CREATE, attribute);
            if (result < 0) {
                throw LinuxException.of(what, result, attachingHint(result));
            }
            link = result;
        }
    }

    /**
     * Runs an XDP program on copies of a frame as if an interface of the caller's own namespace had received them; its results are
     * carried out. A generator of traffic is a program that changes each copy and redirects it.
     *
     * @param interfaceIndex where the copies seem to come from
     * @param repeat         how many copies
     * @param batch          how many of them are sent on together, up to 256
     */
    public void runLive(byte[] frame, int interfaceIndex, int repeat, int batch) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment data = arena.allocate(frame.length, 8);
            MemorySegment.copy(MemorySegment.ofArray(frame), 0, data, 0, frame.length);
            // struct xdp_md: data and its end as offsets, metadata, interface, queue, other interface
            final MemorySegment context = arena.allocateFrom(JAVA_INT, 0, frame.length, 0, interfaceIndex, 0, 0);
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, fd);
            attribute.set(JAVA_INT, 8, frame.length);
            attribute.set(JAVA_LONG, 16, data.address());
            attribute.set(JAVA_INT, 32, repeat);
            attribute.set(JAVA_INT, 40, (int) context.byteSize());
            attribute.set(JAVA_LONG, 48, context.address());
            attribute.set(JAVA_INT, 64, TEST_LIVE_FRAMES);
            attribute.set(JAVA_INT, 72, batch);
            int result;
            do {
                result = BpfCalls.call(BpfCalls.PROGRAM_TEST_RUN, attribute);
            } while (result == -Errno.EINTR.number());
            LinuxException.check(result, "running the program " + name);
        }
    }

    /**
     * Runs a program of the ingress once on a packet, which then goes nowhere.
     *
     * @param segments     how many segments the packet stands for, 0 or more
     * @param segmentBytes payload of each of them; 0 for a packet that is one
     */
    public Run run(byte[] frame, int segments, int segmentBytes) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment data = arena.allocate(frame.length, 8);
            MemorySegment.copy(MemorySegment.ofArray(frame), 0, data, 0, frame.length);
            final MemorySegment after = arena.allocate(frame.length, 8);
            final MemorySegment context = arena.allocate(PACKET_CONTEXT_LENGTH, 8);
            context.set(JAVA_INT, PACKET_SEGMENTS, segments);
            context.set(JAVA_INT, PACKET_SEGMENT_BYTES, segmentBytes);
            final MemorySegment attribute = BpfCalls.attribute(arena);
            attribute.set(JAVA_INT, 0, fd);
            attribute.set(JAVA_INT, 8, frame.length);
            attribute.set(JAVA_INT, 12, frame.length);
            attribute.set(JAVA_LONG, 16, data.address());
            attribute.set(JAVA_LONG, 24, after.address());
            attribute.set(JAVA_INT, 40, PACKET_CONTEXT_LENGTH);
            attribute.set(JAVA_LONG, 48, context.address());
            LinuxException.check(
                    BpfCalls.call(BpfCalls.PROGRAM_TEST_RUN, attribute), "running the program " + name + " once");
            return new Run(attribute.get(JAVA_INT, 4), after.toArray(JAVA_BYTE));
        }
    }

    /**
     * What a program did with a packet.
     *
     * @param result what it returned
     * @param frame  the packet then
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Run(int result, byte[] frame) {}

    int fd() {
        return fd;
    }

    /** Takes it off the interface and out of the kernel. */
    @Override
    public void close() {
        if (link >= 0) {
            LinuxCalls.close(link);
            link = -1;
        }
        LinuxCalls.close(fd);
    }

    private static int index(String interfaceName, String what) {
        final int socket = LinuxCalls.socket(PacketSocket.AF_PACKET, PacketSocket.SOCK_RAW, 0);
        if (socket < 0) {
            throw LinuxException.of(what, socket, socket == -Errno.EPERM.number() ? "weir needs CAP_NET_RAW" : null);
        }
        try {
            return InterfaceIndex.of(socket, interfaceName, what);
        } finally {
            LinuxCalls.close(socket);
        }
    }

    private @Nullable String attachingHint(int error) {
        return switch (Errno.of(-error)) {
            case EPERM, EACCES -> "weir needs CAP_NET_ADMIN and CAP_BPF there";
            case EBUSY, EEXIST -> "another XDP program is on that interface";
            case ERANGE -> "the MTU of a veth's other end must not be above 3506 bytes";
            case ENOSPC -> "a veth needs as many receive queues as its other end has transmit queues, see ethtool -l";
            case EINVAL ->
                kind == Kind.INGRESS
                        ? "it needs Linux 6.6"
                        : "it needs Linux 5.9, and an MTU that the driver can receive in one page";
            case EOPNOTSUPP -> "this kind of interface takes no XDP program";
            default -> null;
        };
    }
}
