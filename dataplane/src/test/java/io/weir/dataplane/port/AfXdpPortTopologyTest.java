package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.linux.JavaProcess;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.linux.TwoHosts;
import io.weir.dataplane.linux.XdpDevice;
import io.weir.dataplane.linux.XdpSocketSpec;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What AF_XDP ports pass on, and what they lose, by its reason. */
@TopologyTest
class AfXdpPortTopologyTest {
    private static final int MARK = 0x88B5;
    private static final XdpSocketSpec SPEC = XdpSocketSpec.ofMtu("eth0", 1500).frames(256, 256);

    @AutoClose
    private final TwoHosts hosts = new TwoHosts().joined();

    private final TopologyNamespaces net = hosts.net();
    private final CountedDrops drops = new CountedDrops();
    private final Burst burst = new Burst(64);
    private final NetworkNamespace left = hosts.left();
    private final NetworkNamespace right = hosts.right();

    private AfXdpPort port(XdpDevice device) {
        final AfXdpPort port = new AfXdpPort(device.sockets().getFirst().interfaceName(), device.sockets(), 1500, true);
        port.drops(drops);
        return port;
    }

    private void fill(PacketPool pool, int first, int frames, int length) {
        for (int i = 0; i < frames; i++) {
            final int handle = pool.acquireFor(length);
            final long frame = pool.frameAddress(handle);
            OffHeap.zero(frame, length);
            OffHeap.putLongBigEndian(frame, 0xFFFF_FFFF_FFFF_0200L);
            OffHeap.putShortBigEndian(frame + 12, MARK);
            OffHeap.putIntBigEndian(frame + 14, first + i);
            burst.add(handle, frame, length, 0);
        }
    }

    private int take(AfXdpPort port, PacketPool pool, List<Integer> numbers) {
        final int count = port.receive(burst, pool);
        for (int i = 0; i < burst.size(); i++) {
            if (OffHeap.getShortBigEndian(burst.address(i) + 12) == MARK) {
                numbers.add(OffHeap.getIntBigEndian(burst.address(i) + 14));
            }
        }
        burst.releaseAll(pool);
        return count;
    }

    @Test
    void aFullPoolLosesNothingThatTheRingHolds() {
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                XdpDevice other = XdpDevice.open("eth0", SPEC, right);
                PacketPool few = new PacketPool(3, 0);
                PacketPool many = new PacketPool(64, 0)) {
            final AfXdpPort from = port(one);
            final AfXdpPort to = port(other);
            fill(many, 0, 50, 100);
            assertThat(from.transmit(burst)).isEqualTo(50);
            burst.releaseAll(many);
            final List<Integer> numbers = new ArrayList<>();
            for (int i = 0; i < 1000 && numbers.size() < 50; i++) {
                assertThat(take(to, few, numbers)).isLessThanOrEqualTo(3);
                LockSupport.parkNanos(100_000);
            }
            assertThat(numbers).isEqualTo(IntStream.range(0, 50).boxed().toList());
            assertThat(drops.received).isEmpty();
            assertThat(drops.unsent).isEmpty();
            assertThat(few.inUse() + many.inUse()).isZero();
        }
    }

    @Test
    void whatTheKernelDroppedIsCounted() {
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                XdpDevice other = XdpDevice.open("eth0", SPEC.frames(64, 64), right);
                PacketPool pool = new PacketPool(64, 0)) {
            final AfXdpPort from = port(one);
            final AfXdpPort to = port(other);
            for (int i = 0; i < 20; i++) {
                fill(pool, 64 * i, 64, 1000);
                assertThat(from.transmit(burst)).isEqualTo(64);
                burst.releaseAll(pool);
            }
            LockSupport.parkNanos(50_000_000);
            final List<Integer> numbers = new ArrayList<>();
            int all = 0;
            for (int i = 0; i < 100; i++) {
                all += take(to, pool, numbers);
            }
            to.reportMissed();
            assertThat(numbers).hasSizeBetween(1, 1279);
            // the kernels' own neighbour discovery comes besides, or took the place of one that is counted
            assertThat(all + drops.received.getOrDefault(DataplaneDrop.RECEIVE_RING_FULL, 0L))
                    .isBetween(1280L, 1300L);
        }
    }

    @Test
    void whatTheInterfaceDoesNotTakeIsRefused() {
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                PacketPool pool = new PacketPool(64, 4)) {
            final AfXdpPort from = port(one);
            fill(pool, 0, 3, 100);
            fill(pool, 0, 2, 4000);
            fill(pool, 0, 1, 1515);
            fill(pool, 0, 4, 1514);
            assertThat(from.transmit(burst)).isEqualTo(7);
            assertThat(drops.unsent).containsExactly(Map.entry(DataplaneDrop.DEVICE_REFUSED, 3L));
            burst.releaseAll(pool);
            net.run("left", "ip", "link", "set", "eth0", "down");
            fill(pool, 0, 5, 100);
            assertThat(from.transmit(burst)).isZero();
            assertThat(drops.unsent).containsExactly(Map.entry(DataplaneDrop.DEVICE_REFUSED, 8L));
            burst.releaseAll(pool);
            net.run("left", "ip", "link", "set", "eth0", "up");
            fill(pool, 0, 5, 100);
            assertThat(from.transmit(burst)).isEqualTo(5);
            burst.releaseAll(pool);
        }
    }

    /** Linux sends by a veth what it would leave to a device's checksum engine, and XDP sees it so. */
    @Test
    void unfinishedChecksumsOfAVethAreNoted() {
        net.run("right", "ip", "address", "add", "10.9.0.2/24", "dev", "eth0");
        net.run("right", "ip", "neighbour", "add", "10.9.0.1", "lladdr", "02:00:00:00:00:01", "dev", "eth0");
        try (XdpDevice device = XdpDevice.open("eth0", SPEC, left);
                PacketPool pool = new PacketPool(64, 0)) {
            final AfXdpPort port = port(device);
            assertThat(datagramNotes(port, pool)).isEqualTo(Burst.CHECKSUM_PARTIAL);
            TopologyNamespaces.assumeProgram("ethtool", "ethtool");
            net.run("right", "ethtool", "-K", "eth0", "tx", "off");
            assertThat(datagramNotes(port, pool)).isZero();
        }
    }

    /** What the kernel's own VXLAN device sends through a veth has the inner checksum left open: it comes out finished. */
    @Test
    void unfinishedChecksumsInsideOfTheKernelsVxlanAreFinished() {
        net.run("right", "ip", "address", "add", "10.9.0.2/24", "dev", "eth0");
        net.run("right", "ip", "neighbour", "add", "10.9.0.1", "lladdr", "02:00:00:00:00:01", "dev", "eth0");
        net.run(
                "right",
                "sh",
                "-c",
                "ip link add vx0 type vxlan id 42 remote 10.9.0.1 dstport 8472 dev eth0"
                        + " && ip address add 10.99.0.2/24 dev vx0 && ip link set vx0 up"
                        + " && ip neighbour add 10.99.0.1 lladdr 02:00:00:00:00:02 dev vx0");
        try (XdpDevice device = XdpDevice.open("eth0", SPEC, left);
                PacketPool pool = new PacketPool(64, 0)) {
            final AfXdpPort port = port(device);
            net.run("right", "bash", "-c", "echo hello > /dev/udp/10.99.0.1/5000");
            // Ethernet, IPv4, UDP and VXLAN headers, then Ethernet
            final int inner = 14 + 20 + 8 + 8 + 14;
            final int datagram = 8 + "hello\n".length();
            for (int i = 0; i < 2000; i++) {
                port.receive(burst, pool);
                for (int k = 0; k < burst.size(); k++) {
                    final long frame = burst.address(k);
                    if (burst.length(k) == inner + 20 + datagram && OffHeap.getByte(frame + inner + 9) == 17) {
                        assertThat(burst.notes(k)).isZero();
                        int sum = 17 + datagram;
                        for (int at = 12; at < 20 + datagram; at += 2) {
                            sum += OffHeap.getShortBigEndian(frame + inner + at);
                        }
                        sum = (sum & 0xFFFF) + (sum >>> 16);
                        assertThat((sum & 0xFFFF) + (sum >>> 16)).isEqualTo(0xFFFF);
                        burst.releaseAll(pool);
                        return;
                    }
                }
                burst.releaseAll(pool);
                LockSupport.parkNanos(1_000_000);
            }
            throw new AssertionError("the datagram did not come");
        }
    }

    private int datagramNotes(AfXdpPort port, PacketPool pool) {
        net.run("right", "bash", "-c", "echo hello > /dev/udp/10.9.0.1/5000");
        for (int i = 0; i < 2000; i++) {
            port.receive(burst, pool);
            for (int k = 0; k < burst.size(); k++) {
                final long frame = burst.address(k);
                if (OffHeap.getShortBigEndian(frame + 12) == 0x0800 && OffHeap.getByte(frame + 23) == 17) {
                    final int notes = burst.notes(k);
                    burst.releaseAll(pool);
                    return notes;
                }
            }
            burst.releaseAll(pool);
            LockSupport.parkNanos(1_000_000);
        }
        throw new AssertionError("the datagram did not come");
    }

    /** In a JVM of its own, because the checks of memory accesses, which tests run with, do allocate. */
    @Test
    void nothingIsAllocatedPerPacket() throws Exception {
        try (JavaProcess java = JavaProcess.start(JavaProcess.command(
                List.of(JavaProcess.C2, "-Dagrona.disable.bounds.checks=true"),
                XdpPortAllocation.class,
                net.name("left"),
                net.name("right")))) {
            assertThat(java.awaitEnd()).as(java.text()).isZero();
            assertThat(java.text()).contains("allocated 0 bytes");
        }
    }
}
