package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.UnsafeApi;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

@TopologyTest
class PacketSocketTopologyTest {
    private static final PacketSocketSpec SPEC = PacketSocketSpec.DEFAULT.receiveRing(8, 256 << 10, 2048);

    private static final int ROOM = 70_000;

    @AutoClose
    private final TwoHosts hosts = new TwoHosts().joined();

    private final TopologyNamespaces net = hosts.net();
    private final NetworkNamespace left = hosts.left();
    private final NetworkNamespace right = hosts.right();

    @Test
    void framesSentFromWhereTheyLieArriveByteForByte() {
        try (Arena arena = Arena.ofConfined();
                PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", SPEC, right)) {
            List<byte[]> sent = new ArrayList<>();
            List<byte[]> received = new ArrayList<>();
            long memory = arena.allocate(64 * 2048L, 64).address();
            for (int i = 0; i < 640; i++) {
                byte[] frame = Frames.experimental(i, 60 + 7 * i % (1514 - 60));
                sent.add(frame);
                long address = memory + i % 64 * 2048L;
                Frames.put(address + PacketSocket.VNET_HEADER_LENGTH, frame);
                assertThat(from.sender().add(address, PacketSocket.VNET_HEADER_LENGTH + frame.length))
                        .isTrue();
                if (i % 64 == 63) {
                    assertThat(from.sender().add(address, 100)).isFalse();
                    assertThat(from.sender().flush()).isEqualTo(64);
                    assertThat(from.sender().waiting()).isZero();
                    drain(to, received);
                }
            }
            received.addAll(receive(to, 640 - received.size()));
            assertThat(received)
                    .usingElementComparator(java.util.Arrays::compare)
                    .isEqualTo(sent);
        }
    }

    @Test
    void aFrameThatTheKernelRefusesIsReportedAndCanBeSkipped() {
        try (Arena arena = Arena.ofConfined();
                PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", SPEC, right)) {
            long memory = arena.allocate(3 * 2048L, 64).address();
            for (int i = 0; i < 3; i++) {
                Frames.put(memory + i * 2048L + PacketSocket.VNET_HEADER_LENGTH, Frames.experimental(i, 100));
                from.sender().add(memory + i * 2048L, PacketSocket.VNET_HEADER_LENGTH + 100);
            }
            // The second asks for a checksum beyond its end.
            UnsafeApi.putByte(memory + 2048, (byte) 1);
            UnsafeApi.putShort(memory + 2048 + 6, (short) 1400);
            assertThat(from.sender().flush()).isEqualTo(1);
            assertThat(from.sender().waiting()).isEqualTo(2);
            assertThat(from.sender().flush()).isEqualTo(-Errno.EINVAL.number());
            from.sender().skip();
            assertThat(from.sender().flush()).isEqualTo(1);
            assertThat(receive(to, 2))
                    .usingElementComparator(java.util.Arrays::compare)
                    .containsExactly(Frames.experimental(0, 100), Frames.experimental(2, 100));
        }
    }

    @Test
    void receivedFramesHaveTheHeadroomThatWasAskedFor() {
        PacketSocketSpec spec = SPEC.receiveHeadroom(128);
        try (PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", spec, right)) {
            for (int i = 0; i < 20; i++) {
                send(from, Frames.experimental(i, 200));
            }
            // All of the room ahead of a frame can be overwritten without harm to the frame before it or its own.
            PacketReceiveRing ring = to.receiveRing();
            int seen = 0;
            while (seen < 20 && to.awaitFrames(2000)) {
                while (ring.next()) {
                    if (Frames.etherType(ring.frameAddress()) == Frames.EXPERIMENTAL) {
                        UnsafeApi.setMemory(ring.vnetHeaderAddress() - 128, 138, (byte) 0xAA);
                        assertThat(Frames.bytes(ring.frameAddress(), ring.frameLength()))
                                .isEqualTo(Frames.experimental(seen, 200));
                        seen++;
                    }
                }
                ring.release();
            }
            assertThat(seen).isEqualTo(20);
        }
    }

    @Test
    void ownFramesAreNotReceivedBack() {
        try (PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", SPEC, right)) {
            for (int i = 0; i < 10; i++) {
                send(from, Frames.experimental(i, 100));
            }
            assertThat(receive(to, 10)).hasSize(10);
            assertThat(receiveFor(from, 50)).isEmpty();
        }
    }

    @Test
    void aGroupSharesFramesOutWithoutReceivingItsOwn() {
        List<PacketSocket> group = PacketSocket.openGroup("eth0", SPEC, 2, PacketFanout.ROUND_ROBIN, right);
        try (PacketSocket from = PacketSocket.open("eth0", SPEC, left)) {
            for (int i = 0; i < 100; i++) {
                send(from, Frames.experimental(i, 100));
            }
            List<byte[]> first = receiveFor(group.getFirst(), 100);
            List<byte[]> second = receiveFor(group.getLast(), 100);
            assertThat(first.size() + second.size()).isEqualTo(100);
            assertThat(first.size()).isBetween(40, 60);
            Set<Integer> numbers = new HashSet<>();
            first.forEach(frame -> numbers.add((int) frame[17]));
            second.forEach(frame -> numbers.add((int) frame[17]));
            assertThat(numbers).hasSize(100);

            send(group.getFirst(), Frames.experimental(7, 100));
            assertThat(receive(from, 1)).hasSize(1);
            assertThat(receiveFor(group.getFirst(), 30)).isEmpty();
            assertThat(receiveFor(group.getLast(), 30)).isEmpty();
        } finally {
            group.forEach(PacketSocket::close);
        }
    }

    @Test
    void unsegmentedTcpAndPartialChecksumsPassWhole() throws Exception {
        net.run("left", "ip", "address", "add", "10.1.0.1/24", "dev", "eth0");
        net.run("right", "ip", "address", "add", "10.1.0.2/24", "dev", "eth0");
        InetAddress server = InetAddress.ofLiteral("10.1.0.2");
        try (Arena arena = Arena.ofConfined();
                PacketSocket to = PacketSocket.open("eth0", SPEC.receiveRing(128, 128 << 10, 2048), right)) {
            long room = arena.allocate(ROOM, 64).address();
            try (ServerSocket listener = right.call(() -> new ServerSocket(5000, 1, server));
                    Socket client = left.call(() -> new Socket(server, 5000));
                    Socket accepted = listener.accept()) {
                Thread reader = Thread.ofPlatform().start(() -> {
                    try {
                        accepted.getInputStream().skipNBytes(4 << 20);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                client.getOutputStream().write(new byte[4 << 20]);
                reader.join();
            }
            int longest = 0;
            int partial = 0;
            PacketReceiveRing ring = to.receiveRing();
            while (to.awaitFrames(50)) {
                while (ring.next()) {
                    assertThat(ring.isQueued()).isEqualTo(ring.frameLength() < ring.originalLength());
                    if (ring.isQueued()) {
                        int whole = PacketSocket.VNET_HEADER_LENGTH + ring.originalLength();
                        assertThat(to.receiveRing().readQueued(room, ROOM)).isEqualTo(whole);
                        assertThat(Frames.bytes(room + PacketSocket.VNET_HEADER_LENGTH, ring.frameLength()))
                                .isEqualTo(Frames.bytes(ring.frameAddress(), ring.frameLength()));
                    }
                    if (ring.originalLength() > 1514) {
                        // virtio_net_hdr: needs checksum; TCP over IPv4; segment size
                        assertThat(UnsafeApi.getByte(ring.vnetHeaderAddress())).isEqualTo((byte) 1);
                        assertThat(UnsafeApi.getByte(ring.vnetHeaderAddress() + 1))
                                .isEqualTo((byte) 1);
                        assertThat((int) UnsafeApi.getShort(ring.vnetHeaderAddress() + 4))
                                .isEqualTo(1448);
                        partial++;
                    }
                    longest = Math.max(longest, ring.originalLength());
                }
                ring.release();
            }
            assertThat(partial).isPositive();
            // how long is up to the sender's TCP; 64 KiB when nothing disturbs it
            assertThat(longest).isGreaterThan(5 * 1514);
        }
    }

    @Test
    void aFullRingDropsAndSaysHowMuch() {
        PacketSocketSpec small = SPEC.receiveRing(2, 128 << 10, 2048);
        try (PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", small, right)) {
            for (int i = 0; i < 1000; i++) {
                send(from, Frames.experimental(i, 1514));
            }
            List<byte[]> received = receiveFor(to, 50);
            PacketStatistics statistics = to.statistics();
            assertThat(received).isNotEmpty();
            assertThat(statistics.dropped()).isPositive();
            assertThat(statistics.received()).isGreaterThanOrEqualTo(1000);
            assertThat(received.size() + statistics.dropped()).isGreaterThanOrEqualTo(1000);
            assertThat(to.statistics()).isEqualTo(new PacketStatistics(0, 0));
        }
    }

    @Test
    void vlanTagsThatTheKernelTookOutAreKnown() {
        try (PacketSocket from = PacketSocket.open("eth0", SPEC, left);
                PacketSocket to = PacketSocket.open("eth0", SPEC, right)) {
            byte[] tagged = Frames.experimental(1, 100);
            tagged[12] = (byte) 0x81;
            tagged[13] = 0;
            tagged[14] = 0x20;
            tagged[15] = 0x2A;
            tagged[16] = (byte) 0x88;
            tagged[17] = (byte) 0xB5;
            send(from, tagged);
            PacketReceiveRing ring = to.receiveRing();
            boolean found = false;
            while (!found && to.awaitFrames(1000)) {
                while (ring.next()) {
                    if (Frames.etherType(ring.frameAddress()) == Frames.EXPERIMENTAL) {
                        assertThat(ring.hasVlanTag()).isTrue();
                        assertThat(ring.vlanTag()).isEqualTo(0x8100_202A);
                        found = true;
                    } else {
                        assertThat(ring.hasVlanTag()).isFalse();
                    }
                }
                ring.release();
            }
            assertThat(found).isTrue();
        }
    }

    @Test
    void whatCannotBeHadIsSaidInASentence() {
        assertThatThrownBy(() -> PacketSocket.open("nosuch", SPEC, left))
                .isInstanceOf(LinuxException.class)
                .hasMessage("opening a packet socket on nosuch: no such device (ENODEV): no interface nosuch there");
        assertThatThrownBy(() -> PacketSocket.open("a-name-that-is-too-long", SPEC, left))
                .hasMessageContaining("is too long: 23 bytes");
        assertThatThrownBy(() -> SPEC.receiveRing(8, 100_000, 2048))
                .hasMessageContaining("a block must be a power of two");
        assertThatThrownBy(() -> SPEC.receiveRing(1 << 20, 1 << 20, 2048)).hasMessageContaining("larger than 1 GiB");
    }

    private static void send(PacketSocket socket, byte[] frame) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(PacketSocket.VNET_HEADER_LENGTH + frame.length, 64)
                    .address();
            Frames.put(address + PacketSocket.VNET_HEADER_LENGTH, frame);
            assertThat(socket.sender().add(address, PacketSocket.VNET_HEADER_LENGTH + frame.length))
                    .isTrue();
            assertThat(socket.sender().flush()).isEqualTo(1);
        }
    }

    /** Frames of these tests, until there are this many or for two seconds none comes. */
    private static List<byte[]> receive(PacketSocket socket, int count) {
        List<byte[]> frames = new ArrayList<>();
        while (frames.size() < count && socket.awaitFrames(2000)) {
            drain(socket, frames);
        }
        return frames;
    }

    /** Frames of these tests that arrive before a pause of this length. */
    private static List<byte[]> receiveFor(PacketSocket socket, int pauseMs) {
        List<byte[]> frames = new ArrayList<>();
        while (socket.awaitFrames(pauseMs)) {
            drain(socket, frames);
        }
        return frames;
    }

    private static void drain(PacketSocket socket, List<byte[]> frames) {
        PacketReceiveRing ring = socket.receiveRing();
        while (ring.next()) {
            if (Frames.etherType(ring.frameAddress()) == Frames.EXPERIMENTAL) {
                frames.add(Frames.bytes(ring.frameAddress(), ring.frameLength()));
            }
        }
        ring.release();
    }
}
