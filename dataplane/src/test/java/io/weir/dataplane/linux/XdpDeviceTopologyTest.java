package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.memory.OffHeap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@TopologyTest
class XdpDeviceTopologyTest {
    private static final XdpSocketSpec SPEC = XdpSocketSpec.ofMtu("eth0", 1500).frames(256, 256);

    @AutoClose
    private final TwoHosts hosts = new TwoHosts().joined();

    private final TopologyNamespaces net = hosts.net();
    private final NetworkNamespace left = hosts.left();
    private final NetworkNamespace right = hosts.right();

    @Test
    void framesArriveByteForByteBothWays() {
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                XdpDevice other = XdpDevice.open("eth0", SPEC, right)) {
            carry(one.sockets().getFirst(), other.sockets().getFirst(), 0);
            carry(other.sockets().getFirst(), one.sockets().getFirst(), 2000);
        }
    }

    /** More frames than either ring has, of every size. */
    private static void carry(XdpSocket from, XdpSocket to, int firstNumber) {
        final long memory = OffHeap.allocate(2048);
        final List<byte[]> sent = new ArrayList<>();
        final List<byte[]> received = new ArrayList<>();
        try {
            for (int i = 0; i < 1500; i++) {
                final byte[] frame = Frames.experimental(firstNumber + i, 18 + i % (1514 - 17));
                sent.add(frame);
                OffHeap.copy(frame, 0, memory, frame.length);
                assertThat(from.add(memory, frame.length)).isTrue();
                if (i % 50 == 49) {
                    assertThat(from.flush()).isZero();
                    assertThat(from.waiting()).isZero();
                    drain(to, received);
                }
            }
        } finally {
            OffHeap.free(memory);
        }
        for (int i = 0; i < 1000 && received.size() < sent.size(); i++) {
            LockSupport.parkNanos(1_000_000);
            drain(to, received);
        }
        assertThat(received).usingElementComparator(Arrays::compare).isEqualTo(sent);
        assertThat(to.missed()).isZero();
    }

    private static void drain(XdpSocket socket, List<byte[]> received) {
        for (int count = socket.received(); count > 0; count = socket.received()) {
            for (int i = 0; i < count; i++) {
                final long frame = socket.frameAddress(i);
                if (Frames.etherType(frame) == Frames.EXPERIMENTAL) {
                    received.add(Frames.bytes(frame, socket.frameLength(i)));
                }
            }
            socket.release(count);
        }
    }

    @Test
    void whatIsNotTakenIsCountedAndTheRingGoesOn() {
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                XdpDevice other = XdpDevice.open("eth0", SPEC.frames(64, 64), right)) {
            final XdpSocket from = one.sockets().getFirst();
            final XdpSocket to = other.sockets().getFirst();
            final long memory = OffHeap.allocate(2048);
            try {
                for (int i = 0; i < 200; i++) {
                    OffHeap.copy(Frames.experimental(i, 100), 0, memory, 100);
                    assertThat(from.add(memory, 100)).isTrue();
                    assertThat(from.flush()).isZero();
                }
            } finally {
                OffHeap.free(memory);
            }
            long missed = to.missed();
            for (int i = 0; i < 1000 && missed < 136; i++) {
                LockSupport.parkNanos(1_000_000);
                missed += to.missed();
            }
            // the kernels' own neighbour discovery may come besides
            assertThat(missed).isBetween(136L, 156L);
            final List<byte[]> received = new ArrayList<>();
            drain(to, received);
            assertThat(received).hasSizeBetween(44, 64);
            carry(from, to, 5000);
        }
    }

    @Test
    void everyQueueHasASocket() {
        net.run("left", "ip", "link", "delete", "eth0");
        net.host(
                "ip",
                "link",
                "add",
                "eth0",
                "netns",
                net.name("left"),
                "numrxqueues",
                "2",
                "numtxqueues",
                "2",
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                net.name("right"),
                "numrxqueues",
                "2",
                "numtxqueues",
                "2");
        for (final String label : List.of("left", "right")) {
            net.run(label, "ip", "link", "set", "eth0", "up");
        }
        TopologyNamespaces.assumeProgram("ethtool", "ethtool");
        net.run("left", "ethtool", "-L", "eth0", "rx", "2", "tx", "2");
        net.run("right", "ethtool", "-L", "eth0", "rx", "2", "tx", "2");
        try (XdpDevice one = XdpDevice.open("eth0", SPEC, left);
                XdpDevice other = XdpDevice.open("eth0", SPEC, right)) {
            assertThat(one.sockets()).extracting(XdpSocket::queue).containsExactly(0, 1);
            for (int queue = 0; queue < 2; queue++) {
                carry(one.sockets().get(queue), other.sockets().get(queue), 10_000 * queue);
            }
        }
    }

    @Test
    void theProgramIsGoneWithItsOwnerHoweverThatEnds() {
        assertThat(net.run("left", "ip", "-d", "link", "show", "eth0")).doesNotContain("xdp");
        try (XdpDevice _ = XdpDevice.open("eth0", SPEC, left)) {
            assertThat(net.run("left", "ip", "-d", "link", "show", "eth0"))
                    .contains("xdp")
                    .contains("promiscuity 1");
        }
        assertThat(net.run("left", "ip", "-d", "link", "show", "eth0"))
                .doesNotContain("xdp")
                .doesNotContain("promiscuity 1");

        final JavaProcess process = holder();
        process.await("holds 1");
        assertThat(net.run("left", "ip", "-d", "link", "show", "eth0")).contains("xdp");
        assertThatThrownBy(() -> XdpDevice.open("eth0", SPEC, left))
                .hasMessageContaining("another AF_XDP socket is on that queue")
                .isInstanceOf(LinuxException.class);
        process.kill();
        // the kernel takes sockets and programs down a moment after the process is gone
        String link = net.run("left", "ip", "-d", "link", "show", "eth0");
        for (int i = 0; i < 100 && link.contains("xdp"); i++) {
            LockSupport.parkNanos(20_000_000);
            link = net.run("left", "ip", "-d", "link", "show", "eth0");
        }
        assertThat(link).doesNotContain("xdp").doesNotContain("promiscuity 1");
    }

    @Test
    void whatCannotBeHadIsOneSentenceAndLeavesNothing() {
        final long before = OffHeap.allocatedBytes();
        assertThatThrownBy(() -> XdpDevice.open("eth9", SPEC, left))
                .hasMessage("opening eth9 by AF_XDP: no such device (ENODEV): no interface eth9 there");
        assertThatThrownBy(() -> XdpSocketSpec.ofMtu("eth0", 9000))
                .hasMessage("AF_XDP takes IP packets of up to 3822 bytes, and eth0 may receive 9000: "
                        + "lower its MTU, or open it by AF_PACKET");
        net.run("right", "ip", "link", "set", "eth0", "mtu", "9000");
        assertThatThrownBy(() -> XdpDevice.open("eth0", SPEC, left))
                .hasMessageContaining("the MTU of a veth's other end must not be above 3506 bytes");
        assertThat(OffHeap.allocatedBytes()).isEqualTo(before);

        TopologyNamespaces.assumeProgram("setpriv", "util-linux");
        holder("setpriv", "--bounding-set", "-net_raw").await("(EPERM): weir needs CAP_NET_RAW");
        assertThat(net.run("left", "ip", "-d", "link", "show", "eth0")).doesNotContain("xdp");
    }

    private JavaProcess holder(String... before) {
        final List<String> command = new ArrayList<>(List.of(before));
        command.addAll(JavaProcess.command(List.of(), XdpHolder.class, "eth0"));
        return JavaProcess.start(net, "left", command);
    }
}
