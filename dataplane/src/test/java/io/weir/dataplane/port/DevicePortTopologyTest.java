package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.KernelLinks;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.PacketSocket;
import io.weir.dataplane.linux.PacketSocketSpec;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.linux.TwoHosts;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.wire.IpAddress;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Two kernels talk over ports that a thread joins like a cable. */
@TopologyTest
class DevicePortTopologyTest {
    private static final PacketSocketSpec SOCKET = PacketSocketSpec.DEFAULT.receiveRing(128, 128 << 10, 2048);
    private static final String[][] ADDRESSES = {{"10.8.0.1", "10.8.0.2"}, {"fd08::1", "fd08::2"}};

    @AutoClose
    private final TwoHosts hosts = new TwoHosts();

    private final TopologyNamespaces net = hosts.net();
    private final NetworkNamespace left = hosts.left();
    private final NetworkNamespace right = hosts.right();

    @Test
    void tapToTap() throws Exception {
        try (TapDevice one = tap(left, 0, true);
                TapDevice other = tap(right, 1, true);
                Wire wire = new Wire(new TapPort("one", one, 0), new TapPort("other", other, 0), 256, 128)) {
            talk();
            assertThat(wire.longest()).isGreaterThan(60_000);
            assertThat(wire.partialChecksums()).isPositive();
            assertThat(wire.lost()).isZero();
        }
    }

    @Test
    void tapsWithoutOffloadsNeedNoBigSlots() throws Exception {
        try (TapDevice one = tap(left, 0, false);
                TapDevice other = tap(right, 1, false);
                Wire wire = new Wire(new TapPort("one", one, 0), new TapPort("other", other, 0), 256, 0)) {
            talk();
            assertThat(wire.longest()).isEqualTo(1514);
            assertThat(wire.partialChecksums()).isZero();
            assertThat(wire.lost()).isZero();
        }
    }

    @Test
    void tapToPacketSocket() throws Exception {
        net.namespace("router");
        net.veth("router", "up0", "right", "eth0");
        configure(right, "eth0", 1);
        try (NetworkNamespace router = NetworkNamespace.named(net.name("router"));
                TapDevice one = tap(left, 0, true);
                Wire wire = new Wire(
                        new TapPort("one", one, 0),
                        new AfPacketPort("uplink", PacketSocket.open("up0", SOCKET, router)),
                        256,
                        128)) {
            talk();
            assertThat(wire.longest()).isGreaterThan(30_000);
            assertThat(wire.partialChecksums()).isPositive();
            assertThat(wire.lost()).isZero();
        }
    }

    @Test
    void packetSocketToPacketSocket() throws Exception {
        net.namespace("router");
        net.veth("router", "a0", "left", "eth0");
        net.veth("router", "b0", "right", "eth0");
        configure(left, "eth0", 0);
        configure(right, "eth0", 1);
        try (NetworkNamespace router = NetworkNamespace.named(net.name("router"));
                Wire wire = new Wire(
                        new AfPacketPort("a", PacketSocket.open("a0", SOCKET, router)),
                        new AfPacketPort("b", PacketSocket.open("b0", SOCKET, router)),
                        256,
                        128)) {
            talk();
            assertThat(wire.longest()).isGreaterThan(30_000);
        }
    }

    @Test
    void aFrameWithAVlanTagArrivesWhole() {
        net.veth("left", "eth0", "right", "eth0");
        try (PacketPool pool = new PacketPool(64, 0);
                AfPacketPort from = new AfPacketPort("from", PacketSocket.open("eth0", SOCKET, left));
                AfPacketPort to = new AfPacketPort("to", PacketSocket.open("eth0", SOCKET, right))) {
            byte[] frame = new byte[600];
            new Random(7).nextBytes(frame);
            byte[] start = HexFormat.of().parseHex("ffffffffffff" + "020000000001" + "8100" + "202a" + "88b5");
            System.arraycopy(start, 0, frame, 0, start.length);
            Burst burst = new Burst(64);
            int handle = pool.acquire();
            OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
            burst.add(handle, pool.frameAddress(handle), frame.length, 0);
            assertThat(from.transmit(burst)).isEqualTo(1);
            burst.releaseAll(pool);

            byte[] received = new byte[frame.length];
            boolean found = false;
            while (!found && to.socket().awaitFrames(2000)) {
                to.receive(burst, pool);
                for (int i = 0; i < burst.size(); i++) {
                    if (burst.length(i) == frame.length) {
                        OffHeap.copy(burst.address(i), received, 0, frame.length);
                        found = true;
                    }
                }
                burst.releaseAll(pool);
            }
            assertThat(received).isEqualTo(frame);
        }
    }

    @Test
    void aFullPoolLosesNothingThatTheRingHolds() {
        net.veth("left", "eth0", "right", "eth0");
        try (PacketPool few = new PacketPool(3, 0);
                PacketPool many = new PacketPool(64, 0);
                AfPacketPort from = new AfPacketPort("from", PacketSocket.open("eth0", SOCKET, left));
                AfPacketPort to = new AfPacketPort("to", PacketSocket.open("eth0", SOCKET, right))) {
            Burst burst = new Burst(64);
            for (int i = 0; i < 50; i++) {
                int handle = many.acquire();
                long frame = many.frameAddress(handle);
                OffHeap.zero(frame, 100);
                OffHeap.putLongBigEndian(frame, 0xFFFF_FFFF_FFFF_0200L);
                OffHeap.putShortBigEndian(frame + 12, 0x88B5);
                OffHeap.putIntBigEndian(frame + 14, i);
                burst.add(handle, frame, 100, 0);
            }
            assertThat(from.transmit(burst)).isEqualTo(50);
            burst.releaseAll(many);
            List<Integer> numbers = new ArrayList<>();
            int idle = 0;
            while (numbers.size() < 50 && idle < 2000) {
                int count = to.receive(burst, few);
                assertThat(count).isLessThanOrEqualTo(3);
                for (int i = 0; i < count; i++) {
                    if (OffHeap.getShortBigEndian(burst.address(i) + 12) == 0x88B5) {
                        numbers.add(OffHeap.getIntBigEndian(burst.address(i) + 14));
                    }
                }
                burst.releaseAll(few);
                if (count == 0) {
                    LockSupport.parkNanos(1_000_000);
                    idle++;
                }
            }
            assertThat(numbers).isEqualTo(IntStream.range(0, 50).boxed().toList());
        }
    }

    /** In a JVM of its own, because the checks of memory accesses, which tests run with, do allocate. */
    @Test
    void nothingIsAllocatedPerPacket() throws Exception {
        net.namespace("router");
        net.veth("router", "up0", "right", "eth0");
        try (JavaProcess java = JavaProcess.start(JavaProcess.command(
                List.of(JavaProcess.C2, "-Dagrona.disable.bounds.checks=true"),
                DevicePortAllocation.class,
                net.name("left"),
                net.name("router"),
                net.name("right")))) {
            assertThat(java.awaitEnd()).as(java.text()).isZero();
            assertThat(java.text()).contains("allocated 0 bytes");
        }
    }

    private TapDevice tap(NetworkNamespace namespace, int side, boolean offloads) {
        TapDevice device = TapDevice.open(TapSpec.of("eth0", 1).offloads(offloads), namespace);
        configure(namespace, "eth0", side);
        return device;
    }

    private static void configure(NetworkNamespace namespace, String device, int side) {
        try (Rtnetlink rtnetlink = Rtnetlink.open(namespace)) {
            KernelLinks links = rtnetlink.links();
            links.up(device);
            rtnetlink.addresses().add(device, IpAddress.parse(ADDRESSES[0][side]), 24);
            rtnetlink.addresses().add(device, IpAddress.parse(ADDRESSES[1][side]), 64);
        }
    }

    private void talk() throws Exception {
        for (String[] addresses : ADDRESSES) {
            InetAddress server = InetAddress.ofLiteral(addresses[1]);
            net.run("left", "ping", "-c", "3", "-i", "0.05", "-W", "5", addresses[1]);
            transferByTcp(server);
            echoByUdp(server);
        }
    }

    private void transferByTcp(InetAddress server) throws Exception {
        byte[] sent = new byte[32 << 20];
        new Random(42).nextBytes(sent);
        byte[] received = new byte[sent.length];
        try (ServerSocket listener = right.call(() -> new ServerSocket(5000, 1, server));
                Socket client = left.call(() -> new Socket(server, 5000));
                Socket accepted = listener.accept()) {
            accepted.setSoTimeout(10_000);
            Thread writer = Thread.ofPlatform().start(() -> {
                try (OutputStream out = client.getOutputStream()) {
                    out.write(sent);
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            InputStream in = accepted.getInputStream();
            assertThat(in.readNBytes(received, 0, received.length)).isEqualTo(sent.length);
            writer.join();
        }
        assertThat(Arrays.equals(received, sent)).isTrue();
    }

    private void echoByUdp(InetAddress server) throws Exception {
        try (DatagramSocket far = right.call(() -> new DatagramSocket(new InetSocketAddress(server, 6000)));
                DatagramSocket near = left.call(() -> new DatagramSocket())) {
            far.setSoTimeout(5000);
            near.setSoTimeout(5000);
            byte[] room = new byte[65_535];
            for (int size : new int[] {0, 1, 2, 3, 100, 1451, 1452, 1453, 1471, 1472, 1473, 2999, 3000, 65_000}) {
                byte[] payload = new byte[size];
                new Random(size).nextBytes(payload);
                near.send(new DatagramPacket(payload, size, server, 6000));
                DatagramPacket packet = new DatagramPacket(room, room.length);
                far.receive(packet);
                assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(payload);
                far.send(new DatagramPacket(payload, size, packet.getSocketAddress()));
                packet = new DatagramPacket(room, room.length);
                near.receive(packet);
                assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(payload);
            }
        }
    }
}
