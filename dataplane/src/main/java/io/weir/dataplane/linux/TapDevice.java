package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device: a network interface whose other side is this process (Linux Documentation/networking/tuntap.rst). It
 * is made, or found again, inside a given namespace under its final name, so that the host never sees it; its queues
 * keep working when the interface is moved, renamed or set up and down.
 */
public final class TapDevice implements AutoCloseable {
    /** Bytes of {@code virtio_net_hdr}: flags, GSO type, header length, GSO size, checksum start and offset. */
    public static final int VNET_HEADER_LENGTH = 10;

    /** Bytes of {@code virtio_net_hdr_v1}, which also counts buffers. */
    public static final int VNET_HEADER_WITH_BUFFERS_LENGTH = 12;

    private static final String CLONE_DEVICE = "/dev/net/tun";

    // linux/if_tun.h
    private static final long TUNSETIFF = 0x400454CAL;
    private static final long TUNSETPERSIST = 0x400454CBL;
    private static final long TUNSETOFFLOAD = 0x400454D0L;
    private static final long TUNGETIFF = 0x800454D2L;
    private static final long TUNSETVNETHDRSZ = 0x400454D8L;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int TUN_F_CSUM = 0x01;
    private static final int TUN_F_TSO4 = 0x02;
    private static final int TUN_F_TSO6 = 0x04;
    private static final int TUN_F_USO4 = 0x20;
    private static final int TUN_F_USO6 = 0x40;

    private static final String TUN_KIND = "tun";
    private static final Path OWN_NAMESPACE = Path.of("/proc/thread-self/ns/net");

    /** Namespace and name of those that this process holds, how often: a pod that changes is attached before it is let go. */
    private static final Map<String, Integer> HELD_HERE = new ConcurrentHashMap<>();

    /** How long a process that was just killed may take to let go of its files. */
    private static final long RELEASE_NS = 500_000_000L;

    private static final long LOOK_AGAIN_NS = 10_000_000L;

    /** Offset of the flags, and size, of {@code struct ifreq}. */
    private static final int IFREQ_FLAGS_OFFSET = 16;

    private static final int IFREQ_LENGTH = 40;

    private final TapSpec spec;
    private final List<TapQueue> queues = new ArrayList<>();
    private @Nullable String place;
    private boolean segmentsTcp;
    private boolean segmentsUdp;

    private TapDevice(TapSpec spec) {
        this.spec = spec;
    }

    /**
     * Makes the device in the caller's own namespace, or attaches to the persistent one of that name.
     *
     * @throws LinuxException that says what cannot be had; nothing is left behind then
     */
    public static TapDevice open(TapSpec spec) {
        TapDevice device = new TapDevice(spec);
        try {
            for (int i = 0; i < spec.queues(); i++) {
                device.addQueue(i);
            }
            device.configure();
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /**
     * Makes the device in a namespace, or attaches to the persistent one of that name there, if nobody else reads it: the
     * kernel would let a second process in, give it half of the packets, and the first would never know.
     *
     * @throws LinuxException that says what cannot be had; nothing is left behind then
     */
    public static TapDevice open(TapSpec spec, NetworkNamespace namespace) {
        // A file of /dev/net/tun belongs to the namespace of the thread that opened it, and so does its interface.
        return namespace.call(() -> {
            final String place = Files.readSymbolicLink(OWN_NAMESPACE) + " " + spec.name();
            if (!HELD_HERE.containsKey(place)) {
                requireUnheld(spec.name(), namespace);
            }
            final TapDevice device = open(spec);
            device.place = place;
            HELD_HERE.merge(place, 1, Integer::sum);
            return device;
        });
    }

    /** A TAP that is up has a carrier while any process holds a queue of it. */
    private static void requireUnheld(String name, NetworkNamespace namespace) {
        final long deadline = System.nanoTime() + RELEASE_NS;
        try (Rtnetlink network = Rtnetlink.open(namespace)) {
            while (network.links()
                    .find(name)
                    .filter(link -> link.kind().equals(TUN_KIND) && link.hasCarrier())
                    .isPresent()) {
                if (System.nanoTime() - deadline > 0) {
                    throw LinuxException.invalid("TAP " + name + " in the " + namespace
                            + " is held by another process; does another weir run this node?");
                }
                LockSupport.parkNanos(LOOK_AGAIN_NS);
            }
        }
    }

    /** What was asked for. */
    public TapSpec spec() {
        return spec;
    }

    /** The name of the interface now, which may have been renamed since. */
    public String name() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IFREQ_LENGTH, 8);
            ioctl(queues.getFirst().fd(), TUNGETIFF, request.address(), "asking TAP " + spec.name() + " for its name");
            return request.getString(0);
        }
    }

    /** How many queues there are. */
    public int queueCount() {
        return queues.size();
    }

    /** One of the queues, from 0. */
    public TapQueue queue(int index) {
        return queues.get(index);
    }

    /** Whether the kernel leaves checksums and the segmentation of TCP to this side. */
    public boolean segmentsTcp() {
        return segmentsTcp;
    }

    /** Whether the kernel also leaves the segmentation of UDP to this side (Linux 6.2 and newer). */
    public boolean segmentsUdp() {
        return segmentsUdp;
    }

    /** Decides whether the interface outlives its queues; a device that should not vanishes when it is closed. */
    public void persistent(boolean persistent) {
        ioctl(
                queues.getFirst().fd(),
                TUNSETPERSIST,
                persistent ? 1 : 0,
                "making TAP " + spec.name() + (persistent ? "" : " no longer") + " persistent");
    }

    /** Closes the queues; a device that is not persistent vanishes, wherever its interface is. */
    @Override
    public void close() {
        queues.forEach(queue -> LinuxCalls.close(queue.fd()));
        queues.clear();
        if (place != null) {
            HELD_HERE.computeIfPresent(place, (_, count) -> count == 1 ? null : count - 1);
            place = null;
        }
    }

    private void addQueue(int index) {
        int fd = LinuxCalls.open(CLONE_DEVICE, LinuxCalls.O_RDWR | LinuxCalls.O_NONBLOCK | LinuxCalls.O_CLOEXEC);
        if (fd < 0) {
            throw LinuxException.of("opening " + CLONE_DEVICE, fd, openingHint(fd));
        }
        queues.add(new TapQueue(fd));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IFREQ_LENGTH, 8);
            request.setString(0, spec.name());
            request.set(JAVA_SHORT, IFREQ_FLAGS_OFFSET, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE));
            int result = LinuxCalls.ioctl(fd, TUNSETIFF, request.address());
            if (result < 0) {
                String what =
                        index == 0 ? "making TAP " + spec.name() : "adding queue " + index + " to TAP " + spec.name();
                throw LinuxException.of(what, result, attachingHint(result));
            }
        }
    }

    private void configure() {
        int fd = queues.getFirst().fd();
        String what = "setting up TAP " + spec.name();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment length = arena.allocateFrom(JAVA_INT, spec.vnetHeaderLength());
            ioctl(fd, TUNSETVNETHDRSZ, length.address(), what);
        }
        if (spec.offloads()) {
            int tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
            segmentsTcp = true;
            segmentsUdp = LinuxCalls.ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) >= 0;
            if (!segmentsUdp) {
                ioctl(fd, TUNSETOFFLOAD, tcp, what);
            }
        } else {
            ioctl(fd, TUNSETOFFLOAD, 0, what);
        }
        // Only now: a device that failed half-way must vanish. One found again may have been persistent before.
        if (spec.persistent()) {
            persistent(true);
        }
    }

    private static void ioctl(int fd, long request, long argument, String what) {
        LinuxException.check(LinuxCalls.ioctl(fd, request, argument), what);
    }

    private static @Nullable String openingHint(int error) {
        return switch (Errno.of(-error)) {
            case EACCES, EPERM -> "weir needs CAP_NET_ADMIN and access to that file";
            case ENOENT, ENODEV, ENXIO -> "this kernel has no TUN/TAP, load it with modprobe tun";
            default -> null;
        };
    }

    private static @Nullable String attachingHint(int error) {
        return switch (Errno.of(-error)) {
            case EPERM, EACCES -> "weir needs CAP_NET_ADMIN there";
            case EBUSY -> "another process holds that interface";
            case EINVAL -> "an interface of that name exists and is no multi-queue TAP";
            case E2BIG -> "that interface has no queue left";
            default -> null;
        };
    }
}
