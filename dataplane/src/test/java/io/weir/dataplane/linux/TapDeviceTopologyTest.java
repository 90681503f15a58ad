package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@TopologyTest
class TapDeviceTopologyTest {
    private static final int ROOM = TapDevice.VNET_HEADER_WITH_BUFFERS_LENGTH + TapQueue.MAX_FRAME_LENGTH;

    private final Arena arena = Arena.ofShared();
    private final long buffer = arena.allocate(ROOM, 64).address();
    private final TopologyNamespaces net = TopologyNamespaces.create();

    @BeforeEach
    void makeNamespaces() {
        net.namespace("pod");
        net.namespace("other");
    }

    @AfterEach
    void removeNamespaces() {
        net.close();
        arena.close();
    }

    @Test
    void theStackBehindATapAnswers() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice tap = TapDevice.open(TapSpec.of("eth0", 2), pod)) {
            configure("pod", "eth0");
            assertThat(answersArp(tap, TapDevice.VNET_HEADER_LENGTH)).isTrue();
            assertThat(tap.queueCount()).isEqualTo(2);
            assertThat(tap.segmentsTcp()).isTrue();
            assertThat(net.run("pod", "ip", "-d", "link", "show", "eth0"))
                    .contains("tun type tap", "vnet_hdr on", "multi_queue", "numqueues 2", "persist off");
        }
        assertThat(net.tryRun("pod", "ip", "link", "show", "eth0").exitCode()).isNotZero();
    }

    @Test
    void theLongHeaderWorksToo() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice tap = TapDevice.open(
                        TapSpec.of("eth0", 1).vnetHeaderLength(TapDevice.VNET_HEADER_WITH_BUFFERS_LENGTH), pod)) {
            configure("pod", "eth0");
            assertThat(answersArp(tap, TapDevice.VNET_HEADER_WITH_BUFFERS_LENGTH))
                    .isTrue();
        }
    }

    @Test
    void offloadsAreOnlyThereWhenAskedFor() {
        TopologyNamespaces.assumeProgram("ethtool", "ethtool");
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice with = TapDevice.open(TapSpec.of("with", 1), pod);
                TapDevice without = TapDevice.open(TapSpec.of("without", 1).offloads(false), pod)) {
            assertThat(net.run("pod", "ethtool", "-k", "with"))
                    .contains("tx-checksumming: on", "tx-tcp-segmentation: on", "tx-tcp6-segmentation: on")
                    .contains(with.segmentsUdp() ? "tx-udp-segmentation: on" : "tx-udp-segmentation: off");
            assertThat(net.run("pod", "ethtool", "-k", "without"))
                    .contains("tx-checksumming: off", "tx-tcp-segmentation: off", "tx-udp-segmentation: off");
            assertThat(without.segmentsTcp()).isFalse();
            assertThat(without.segmentsUdp()).isFalse();
        }
    }

    @Test
    void itWorksOnAfterItsInterfaceWasMovedAndRenamed() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice tap = TapDevice.open(TapSpec.of("tap0", 1), pod)) {
            net.run("pod", "ip", "link", "set", "tap0", "netns", net.name("other"), "name", "eth7");
            configure("other", "eth7");
            assertThat(answersArp(tap, TapDevice.VNET_HEADER_LENGTH)).isTrue();
            assertThat(tap.name()).isEqualTo("eth7");
        }
    }

    @Test
    void aPersistentOneIsFoundAgainWithItsAddresses() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"))) {
            TapSpec spec = TapSpec.of("eth0", 2).persistent(true);
            String identity;
            try (TapDevice first = TapDevice.open(spec, pod)) {
                configure("pod", "eth0");
                assertThat(answersArp(first, TapDevice.VNET_HEADER_LENGTH)).isTrue();
                identity = net.run("pod", "cat", "/sys/class/net/eth0/address", "/sys/class/net/eth0/ifindex");
            }
            try (TapDevice again = TapDevice.open(spec, pod)) {
                assertThat(net.run("pod", "cat", "/sys/class/net/eth0/address", "/sys/class/net/eth0/ifindex"))
                        .isEqualTo(identity);
                assertThat(answersArp(again, TapDevice.VNET_HEADER_LENGTH)).isTrue();
                again.persistent(false);
            }
            assertThat(net.tryRun("pod", "ip", "link", "show", "eth0").exitCode())
                    .isNotZero();
        }
    }

    @Test
    void nothingToReadAndAnInterfaceThatIsDownAreResultsNotExceptions() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice tap = TapDevice.open(TapSpec.of("eth0", 1), pod)) {
            assertThat(tap.queue(0).read(buffer, ROOM)).isEqualTo(PacketCalls.WOULD_BLOCK);
            Frames.put(buffer, new byte[80]);
            assertThat(tap.queue(0).write(buffer, 80)).isEqualTo(-Errno.EIO.number());
        }
    }

    @Test
    void whatCannotBeHadIsSaidInASentence() {
        net.run("pod", "ip", "link", "add", "br0", "type", "bridge");
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"))) {
            assertThatThrownBy(() -> TapSpec.of("a-name-that-is-too-long", 1))
                    .isInstanceOf(LinuxException.class)
                    .hasMessage(
                            "interface name \"a-name-that-is-too-long\" is too long: 23 bytes, at most 15 are possible");
            assertThatThrownBy(() -> TapSpec.of("eth0", 257))
                    .hasMessage("TAP eth0: 257 queues cannot be had, 1 to 256 can");
            assertThatThrownBy(() -> TapDevice.open(TapSpec.of("br0", 1), pod))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageStartingWith("making TAP br0: ")
                    .hasMessageEndingWith("an interface of that name exists and is no multi-queue TAP");
            net.run("pod", "ip", "tuntap", "add", "dev", "tap1", "mode", "tap");
            assertThatThrownBy(() -> TapDevice.open(TapSpec.of("tap1", 1), pod))
                    .hasMessageEndingWith("an interface of that name exists and is no multi-queue TAP");
        }
    }

    @Test
    void aQueueThatCannotBeHadLeavesNothingBehind() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice holder = TapDevice.open(TapSpec.of("eth0", 255), pod)) {
            assertThatThrownBy(() -> TapDevice.open(TapSpec.of("eth0", 2), pod))
                    .isInstanceOf(LinuxException.class)
                    .hasMessage("adding queue 1 to TAP eth0: too many (E2BIG): that interface has no queue left");
            assertThat(net.run("pod", "ip", "-d", "link", "show", "eth0")).contains("numqueues 255");
            assertThat(holder.queueCount()).isEqualTo(255);
        }
    }

    @Test
    void oneThatSomebodyElseReadsIsNotShared() {
        try (NetworkNamespace pod = NetworkNamespace.named(net.name("pod"));
                TapDevice holder = pod.call(() -> TapDevice.open(TapSpec.of("eth0", 1)))) {
            configure("pod", "eth0");
            assertThatThrownBy(() -> TapDevice.open(TapSpec.of("eth0", 1), pod))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageStartingWith("TAP eth0 in the network namespace ")
                    .hasMessageEndingWith(" is held by another process; does another weir run this node?");
            assertThat(net.run("pod", "ip", "-d", "link", "show", "eth0")).contains("numqueues 1");
            assertThat(answersArp(holder, TapDevice.VNET_HEADER_LENGTH)).isTrue();
        }
    }

    private void configure(String namespace, String device) {
        net.run(namespace, "ip", "address", "add", "10.9.0.1/24", "dev", device);
        net.run(namespace, "ip", "link", "set", device, "up");
    }

    /** Asks for 10.9.0.1 and looks for the answer on every queue. */
    private boolean answersArp(TapDevice tap, int headerLength) {
        byte[] request = Frames.arpRequest("0a090002", "0a090001");
        Frames.put(buffer, new byte[headerLength]);
        Frames.put(buffer + headerLength, request);
        assertThat(tap.queue(0).write(buffer, headerLength + request.length)).isEqualTo(headerLength + request.length);
        for (int i = 0; i < tap.queueCount(); i++) {
            int length;
            while ((length = tap.queue(i).read(buffer, ROOM)) > 0) {
                String frame = HexFormat.of().formatHex(Frames.bytes(buffer + headerLength, length - headerLength));
                // To us, ARP, answer, and in it the address that was asked for.
                if (frame.startsWith("020000000001") && frame.startsWith("0806" + "0001080006040002", 24)) {
                    return frame.startsWith("0a090001", 56);
                }
            }
            assertThat(length).isEqualTo(PacketCalls.WOULD_BLOCK);
        }
        return false;
    }
}
