package io.weir.dataplane.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.linux.KernelLink;
import io.weir.dataplane.linux.LinuxException;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.linux.Rtnetlink;
import io.weir.dataplane.linux.TapDevice;
import io.weir.dataplane.linux.TapQueue;
import io.weir.dataplane.linux.TapSpec;
import io.weir.dataplane.linux.TopologyNamespaces;
import io.weir.dataplane.linux.TopologyTest;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pods' veths: made, found again, replaced and removed; what the two programs do with what no entry names. */
@TopologyTest
@Timeout(60)
class KernelOffloadTopologyTest {
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");
    private static final MacAddress ONE = MacAddress.parse("02:00:00:00:00:0a");
    private static final MacAddress OTHER = MacAddress.parse("02:00:00:00:00:0b");

    private final TopologyNamespaces net = TopologyNamespaces.create();
    private String switchName;
    private NetworkNamespace one;
    private NetworkNamespace other;
    private KernelOffload offload;
    private boolean isClosed;

    @BeforeEach
    void start() {
        one = NetworkNamespace.named(net.namespace("one"));
        other = NetworkNamespace.named(net.namespace("other"));
        // its name is one that a later run sweeps away when this one is killed
        switchName = net.namespace("switch");
        offload = KernelOffload.open(switchName, 64);
    }

    @AfterEach
    void end() {
        if (!isClosed) {
            offload.close();
        }
        one.close();
        other.close();
        net.close();
    }

    private PodVeth open(NetworkNamespace pod, MacAddress mac) {
        final PodVeth device = offload.pod(pod, "eth0", mac, GATEWAY, 1);
        try (Rtnetlink network = Rtnetlink.open(pod)) {
            network.links().mac("eth0", mac);
            network.links().up("eth0");
        }
        return device;
    }

    private static KernelLink link(NetworkNamespace pod) {
        try (Rtnetlink network = Rtnetlink.open(pod)) {
            return network.links().find("eth0").orElseThrow();
        }
    }

    private boolean switchExists() {
        return Files.exists(NetworkNamespace.FOLDER.resolve(switchName));
    }

    @Test
    void aKilledWeirsInterfaceIsFoundAgain() {
        final PodVeth left = open(one, ONE);
        final int index = link(one).index();
        net.run("one", "ip", "address", "add", "10.9.0.10/32", "dev", "eth0");
        left.close();
        offload.close();
        assertThat(switchExists()).isTrue();
        offload = KernelOffload.open(switchName, 64);
        final PodVeth found = open(one, ONE);
        assertThat(link(one).index()).isEqualTo(index);
        assertThat(net.run("one", "ip", "-4", "address", "show", "dev", "eth0")).contains("10.9.0.10/32");
        found.remove();
        offload.close();
        isClosed = true;
        assertThat(net.tryRun("one", "ip", "link", "show", "eth0").exitCode()).isNotZero();
        assertThat(switchExists()).isFalse();
    }

    @Test
    void anInterfaceThatIsNotWeirsStays() {
        net.veth("one", "eth0", "other", "eth9");
        assertThatThrownBy(() -> open(one, ONE))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("it is not weir's");
        assertThat(link(one).kind()).isEqualTo("veth");
    }

    @Test
    void aTapIsReplacedAndComesBack() {
        TapDevice.open(TapSpec.of("eth0", 1).persistent(true), one).close();
        assertThat(link(one).kind()).isEqualTo("tun");
        open(one, ONE).close();
        assertThat(link(one).kind()).isEqualTo("veth");
        offload.close();
        isClosed = true;
        KernelOffload.removeLeft(switchName);
        assertThat(switchExists()).isFalse();
        TapDevice.open(TapSpec.of("eth0", 1).persistent(true), one).close();
        assertThat(link(one).kind()).isEqualTo("tun");
        KernelOffload.removeLeft(switchName); // nothing
    }

    @Test
    void aPodsNamespaceMayGoFirst() {
        final PodVeth device = open(one, ONE);
        offload.attach(1, device);
        net.run("one", "ip", "link", "delete", "eth0");
        offload.detach(1, device);
        device.remove();
        assertThat(NetworkNamespace.named(switchName)).satisfies(namespace -> {
            try (namespace;
                    Rtnetlink network = Rtnetlink.open(namespace)) {
                assertThat(network.links().list()).allMatch(KernelLink::isLoopback);
            }
        });
    }

    @Test
    void onlyAttachedPortsAreTaken() {
        final PodVeth from = open(one, ONE);
        final PodVeth to = open(other, OTHER);
        final OffloadKey key =
                new OffloadKey(1, IpAddress.parse("10.9.0.10"), IpAddress.parse("10.9.0.11"), 40_000, 80);
        final OffloadedFlow flow = new OffloadedFlow(key, key.swapped(2), 2, GATEWAY, OTHER, 1500);
        final OffloadedFlow answers = new OffloadedFlow(key.swapped(2), key, 1, GATEWAY, ONE, 1500);
        offload.attach(1, from);
        assertThat(offload.takes(1, 2)).isFalse();
        assertThat(offload.add(flow, answers)).isFalse();
        offload.attach(2, to);
        assertThat(offload.takes(1, 2)).isTrue();
        assertThat(offload.takes(1, 1)).as("a pod that is its own backend").isTrue();
        assertThat(offload.add(flow, answers)).isTrue();
        assertThat(offload.size()).isEqualTo(2);
        offload.detach(2, from); // who had the number before goes after the one who has it now has come
        assertThat(offload.size()).isEqualTo(2);
        offload.detach(2, to);
        assertThat(offload.size()).isZero();
        assertThat(offload.takes(1, 2)).isFalse();
        from.remove();
        to.remove();
    }

    /** No entry names it, so it must not reach the other pod: neither by weir, which does nothing here, nor without weir. */
    @Test
    void nothingPassesWithoutWeir() throws IOException {
        final PodVeth from = open(one, ONE);
        final PodVeth to = open(other, OTHER);
        net.run("one", "ip", "address", "add", "10.9.0.10/32", "dev", "eth0");
        net.run("one", "ip", "route", "add", "default", "dev", "eth0");
        net.run("one", "ip", "neighbour", "add", "10.9.0.11", "lladdr", OTHER.toString(), "dev", "eth0");
        net.run("other", "ip", "address", "add", "10.9.0.11/32", "dev", "eth0");
        net.run("other", "ip", "route", "add", "default", "dev", "eth0");
        try (DatagramSocket client = one.call(() -> new DatagramSocket());
                DatagramSocket server =
                        other.call(() -> new DatagramSocket(7000, InetAddress.ofLiteral("10.9.0.11")))) {
            server.setSoTimeout(200);
            assertLost(client, server);
            assertThat(framesForWeir(from)).containsExactly(142, 142, 142);
            // a pod that takes more than its MTU is weir's to answer: the veth must not lose it
            net.run("one", "ip", "link", "set", "eth0", "mtu", "9000");
            client.send(new DatagramPacket(new byte[8000], 8000, InetAddress.ofLiteral("10.9.0.11"), 7000));
            assertThat(framesForWeir(from)).containsExactly(8042);
            from.close();
            to.close();
            assertLost(client, server);
        }
    }

    /** Lengths of the frames that wait for weir, without what the kernel sends by itself. */
    private static List<Integer> framesForWeir(PodVeth device) {
        final List<Integer> lengths = new ArrayList<>();
        final long memory = OffHeap.allocate(TapQueue.MAX_FRAME_LENGTH + TapDevice.VNET_HEADER_LENGTH);
        try {
            while (true) {
                final int length =
                        device.tap().queue(0).read(memory, TapQueue.MAX_FRAME_LENGTH + TapDevice.VNET_HEADER_LENGTH);
                if (length < 0) {
                    return lengths;
                }
                if (OffHeap.getShortBigEndian(memory + TapDevice.VNET_HEADER_LENGTH + 12) == 0x0800) {
                    lengths.add(length - TapDevice.VNET_HEADER_LENGTH);
                }
            }
        } finally {
            OffHeap.free(memory);
        }
    }

    private static void assertLost(DatagramSocket client, DatagramSocket server) throws IOException {
        for (int i = 0; i < 3; i++) {
            client.send(new DatagramPacket(new byte[100], 100, InetAddress.ofLiteral("10.9.0.11"), 7000));
        }
        assertThatThrownBy(() -> server.receive(new DatagramPacket(new byte[100], 100)))
                .isInstanceOf(SocketTimeoutException.class);
    }
}
