package io.weir.dataplane.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An interface whose frames all go to AF_XDP sockets, one on each of its queues: the sockets, and the program that hands each
 * frame to the socket of the queue that it came by. The kernel's own stack sees none of them; what arrives before the sockets are
 * there, or after they are gone, it gets as ever.
 */
public final class XdpDevice implements AutoCloseable {
    private static final long SIOCETHTOOL = 0x8946;
    private static final int ETHTOOL_GCHANNELS = 0x3C;
    private static final int IFREQ_LENGTH = 40;
    private static final int IFREQ_DATA_OFFSET = 16;

    /** {@code struct ethtool_channels}: command, then most and present of receive, transmit, other, combined. */
    private static final int CHANNELS_LENGTH = 36;

    private static final int CHANNELS_RECEIVE = 20;
    private static final int CHANNELS_COMBINED = 32;

    private final List<XdpSocket> sockets = new ArrayList<>();
    private final List<AutoCloseable> opened = new ArrayList<>();

    private XdpDevice() {}

    /**
     * Opens an interface in the caller's own namespace.
     *
     * @throws LinuxException that says what cannot be had; nothing is left behind then
     */
    public static XdpDevice open(String interfaceName, XdpSocketSpec spec) {
        final XdpDevice device = new XdpDevice();
        try {
            device.build(InterfaceName.check(interfaceName), spec);
            return device;
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /** Opens an interface in a namespace. */
    public static XdpDevice open(String interfaceName, XdpSocketSpec spec, NetworkNamespace namespace) {
        return namespace.call(() -> open(interfaceName, spec));
    }

    /** The sockets, one for each queue of the interface. Whoever uses one does so from one thread. */
    public List<XdpSocket> sockets() {
        return List.copyOf(sockets);
    }

    /** Takes the program off the interface, then closes the sockets. */
    @Override
    public void close() {
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        opened.clear();
    }

    private void build(String name, XdpSocketSpec spec) {
        final String what = "opening " + name + " by AF_XDP";
        // An AF_PACKET socket without a protocol receives nothing: it answers questions, and keeps the interface
        // promiscuous.
        final int helper = LinuxCalls.socket(PacketSocket.AF_PACKET, PacketSocket.SOCK_RAW, 0);
        if (helper < 0) {
            throw LinuxException.of(what, helper, helper == -Errno.EPERM.number() ? "weir needs CAP_NET_RAW" : null);
        }
        opened.add(() -> LinuxCalls.close(helper));
        final int index = InterfaceIndex.of(helper, name, what);
        final int queues = queues(helper, name);
        final BpfMap map = BpfMap.sockets("weir_sockets", queues);
        opened.add(map);
        for (int queue = 0; queue < queues; queue++) {
            final XdpSocket socket = XdpSocket.open(name, index, queue, spec);
            opened.add(socket);
            sockets.add(socket);
            map.putSocket(queue, socket.fd());
        }
        PacketSocket.joinPromiscuous(helper, index, what);
        final BpfProgram program = BpfProgram.load(BpfProgram.Kind.XDP, "weir_redirect", redirect(map));
        opened.add(program);
        program.attach(name);
    }

    /** {@code return bpf_redirect_map(&map, context->rx_queue_index, XDP_PASS)}. */
    private static BpfInstructions redirect(BpfMap map) {
        return new BpfInstructions()
                .load4(BpfInstructions.R2, BpfInstructions.R1, BpfProgram.CONTEXT_QUEUE)
                .map(BpfInstructions.R1, map)
                .number(BpfInstructions.R3, BpfProgram.PASS)
                .call(BpfProgram.REDIRECT_MAP)
                .exit();
    }

    /** Queues by which frames arrive; a driver that does not say has one. */
    private static int queues(int socket, String name) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment channels = arena.allocate(CHANNELS_LENGTH, 8);
            channels.set(JAVA_INT, 0, ETHTOOL_GCHANNELS);
            final MemorySegment request = arena.allocate(IFREQ_LENGTH, 8);
            request.setString(0, name);
            request.set(java.lang.foreign.ValueLayout.JAVA_LONG, IFREQ_DATA_OFFSET, channels.address());
            if (LinuxCalls.ioctl(socket, SIOCETHTOOL, request.address()) < 0) {
                return 1;
            }
            return Math.max(1, channels.get(JAVA_INT, CHANNELS_RECEIVE) + channels.get(JAVA_INT, CHANNELS_COMBINED));
        }
    }
}
