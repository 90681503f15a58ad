package io.weir.dataplane.segmentation;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.wire.PacketBuilder;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;

/** A train is the tunnel packets that would have been sent one by one, and taken apart it gives the segment that they were cut from. */
class TunnelTrainPropertyTest {
    private static final int PARTIAL = Burst.CHECKSUM_PARTIAL;
    private static final int INSIDE = AdjacencyTable.INSIDE_LENGTH;

    private final OffloadRig rig = new OffloadRig();
    private final TrainSplitter splitter = new TrainSplitter();

    @AfterProperty
    void close() {
        rig.close();
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Packet(byte[] bytes, int notes) {}

    private static byte[] outerHeader(boolean ipv6) {
        final byte[] header = (ipv6
                        ? packet().ethernet().ipv6("fd77::1", "fd77::2")
                        : packet().ethernet().ipv4("192.168.7.1", "192.168.7.2"))
                .udp(0, 8472)
                .payload(new byte[INSIDE])
                .build();
        final int udp = header.length - INSIDE - 8;
        header[udp + 8] = 8; // the VNI is valid
        header[udp + 14] = 1;
        header[udp + 16] = 2;
        header[udp + 22] = 4;
        // what the rewriter fills in
        Arrays.fill(header, udp + 4, udp + 8, (byte) 0);
        Arrays.fill(header, ipv6 ? 18 : 16, ipv6 ? 20 : 18, (byte) 0);
        if (!ipv6) {
            Arrays.fill(header, 18, 20, (byte) 0);
            putSum(header, 24, ~sum(header, 14, 20, 24));
        }
        return header;
    }

    private static int sum(byte[] bytes, int from, int length, int without) {
        int sum = 0;
        for (int i = from; i < from + length; i += 2) {
            sum += i == without ? 0 : int16(bytes, i);
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return (sum & 0xFFFF) + (sum >>> 16);
    }

    private static int int16(byte[] bytes, int at) {
        return ((bytes[at] & 0xFF) << 8) | (bytes[at + 1] & 0xFF);
    }

    private static void putSum(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 8);
        bytes[at + 1] = (byte) value;
    }

    private static PacketBuilder inner(boolean ipv6) {
        return ipv6
                ? packet().ethernet().ipv6("fd00::1", "fd00::2")
                : packet().ethernet().ipv4("10.0.0.1", "10.0.0.2").id(65_530).dontFragment();
    }

    private static byte[] segment(boolean ipv6, int length) {
        return inner(ipv6)
                .tcp(4000, 80)
                .seq(0xFFFF_F000L)
                .ack(99)
                .flags("PA")
                .tcpOption(1, 1)
                .timestamps(123, 456)
                .payloadOf(length)
                .build();
    }

    private List<MemoryPort.Frame> tunnel(int port, boolean outerIpv6, byte[] whole, int segmentSize) {
        return rig.tunnel(port, outerIpv6, outerHeader(outerIpv6), whole, PARTIAL | segmentSize);
    }

    /** As a device cuts it: each datagram with the outer header, its own lengths and identification. */
    private static List<byte[]> cutByDevice(MemoryPort.Frame train, boolean ipv6) {
        final int size = Burst.segmentSizeOf(train.notes());
        if (size == 0) {
            return List.of(train.bytes());
        }
        assertThat(train.notes()).isEqualTo(PARTIAL | size);
        final int outer = ipv6 ? 62 : 42;
        final byte[] bytes = train.bytes();
        assertThat(bytes.length).isLessThan(65_536);
        assertThat(int16(bytes, outer - 4)).as("UDP length").isEqualTo(bytes.length - outer + 8);
        final int addresses = ipv6 ? sum(bytes, 22, 32, 0) : sum(bytes, 26, 8, 0);
        int pseudo = addresses + 17 + bytes.length - outer + 8;
        pseudo = (pseudo & 0xFFFF) + (pseudo >>> 16);
        assertThat(int16(bytes, outer - 2)).as("pseudo header").isEqualTo((pseudo & 0xFFFF) + (pseudo >>> 16));
        final List<byte[]> pieces = new ArrayList<>();
        for (int at = outer; at < bytes.length; at += size) {
            final int length = Math.min(size, bytes.length - at);
            final byte[] piece = new byte[outer + length];
            System.arraycopy(bytes, 0, piece, 0, outer);
            System.arraycopy(bytes, at, piece, outer, length);
            putSum(piece, outer - 4, 8 + length);
            putSum(piece, ipv6 ? 18 : 16, outer + length - (ipv6 ? 54 : 14));
            pieces.add(piece);
        }
        return pieces;
    }

    /** Without what may differ: outer identification, and outer checksums that hang on it or are the device's. */
    private static byte[] comparable(byte[] piece, boolean outerIpv6) {
        final byte[] copy = piece.clone();
        if (!outerIpv6) {
            Arrays.fill(copy, 18, 20, (byte) 0);
            Arrays.fill(copy, 24, 26, (byte) 0);
        }
        Arrays.fill(copy, outerIpv6 ? 60 : 40, outerIpv6 ? 62 : 42, (byte) 0);
        return copy;
    }

    @Property(tries = 150)
    void aTrainIsTheSameTunnelPackets(
            @ForAll boolean ipv6,
            @ForAll boolean outerIpv6,
            @ForAll boolean udp,
            @ForAll @IntRange(min = 100, max = 1390) int segmentSize,
            @ForAll @IntRange(min = 1, max = 60000) int length) {
        final byte[] whole = udp ? inner(ipv6).udp(4000, 53).payloadOf(length).build() : segment(ipv6, length);
        final List<MemoryPort.Frame> single = tunnel(OffloadRig.SMALL, outerIpv6, whole, segmentSize);
        final List<MemoryPort.Frame> trains = tunnel(OffloadRig.BIG, outerIpv6, whole, segmentSize);
        final List<byte[]> cut = new ArrayList<>();
        trains.forEach(train -> cut.addAll(cutByDevice(train, outerIpv6)));
        assertThat(cut).hasSameSizeAs(single);
        for (int i = 0; i < cut.size(); i++) {
            assertThat(comparable(cut.get(i), outerIpv6))
                    .isEqualTo(comparable(single.get(i).bytes(), outerIpv6));
        }
        assertThat(trains.size()).isLessThanOrEqualTo(2 + length / 40_000 + (length + 65 * cut.size()) / 65_000);
    }

    /** What the splitter makes of a train. */
    private List<Packet> split(byte[] train, int segmentSize, boolean outerIpv6) {
        final int handle = rig.slot(train);
        final List<Packet> packets = new ArrayList<>();
        final Burst burst = new Burst(3);
        splitter.begin(
                rig.transmitter,
                handle,
                rig.pool.frameAddress(handle),
                train.length,
                segmentSize,
                outerIpv6 ? 70 - 8 : 50 - 8);
        boolean more = true;
        while (more) {
            while (!burst.isFull() && more) {
                more = splitter.next(rig.transmitter, burst);
            }
            for (int i = 0; i < burst.size(); i++) {
                final byte[] bytes = new byte[burst.length(i)];
                OffHeap.copy(burst.address(i), bytes, 0, bytes.length);
                packets.add(new Packet(bytes, burst.notes(i)));
                rig.pool.release(burst.handle(i));
            }
            burst.clear();
        }
        assertThat(rig.pool.inUse()).isZero();
        return packets;
    }

    @Property(tries = 150)
    void aTrainOfOneConnectionBecomesItsSegmentAgain(
            @ForAll boolean ipv6,
            @ForAll boolean outerIpv6,
            @ForAll @IntRange(min = 500, max = 1390) int segmentSize,
            @ForAll @IntRange(min = 1400, max = 55000) int length) {
        final byte[] whole = segment(ipv6, length);
        final List<MemoryPort.Frame> trains = tunnel(OffloadRig.BIG, outerIpv6, whole, segmentSize);
        assertThat(trains).hasSizeLessThanOrEqualTo(2);
        final MemoryPort.Frame train = trains.getFirst();
        final List<Packet> packets = split(train.bytes(), Burst.segmentSizeOf(train.notes()), outerIpv6);
        assertThat(packets).hasSize(1);
        final Packet merged = packets.getFirst();
        assertThat(merged.notes()).isEqualTo(Burst.TUNNELLED | PARTIAL | segmentSize);
        final int outer = outerIpv6 ? 62 : 42;
        final byte[] plain = withoutUdpChecksum(merged.bytes(), outer);
        assertPacket(plain).ethernet().ip().udp().payloadLength(merged.bytes().length - outer);
        final byte[] expected = whole.clone();
        if (trains.size() == 1) {
            final int tcp = ipv6 ? 54 : 34;
            SegmenterPropertyTest.putPseudoSum(expected, ipv6, tcp, tcp + 16, 6);
            assertThat(Arrays.copyOfRange(merged.bytes(), outer + INSIDE, merged.bytes().length))
                    .isEqualTo(Arrays.copyOfRange(expected, 14, expected.length));
        }
    }

    private static byte[] withoutUdpChecksum(byte[] frame, int outer) {
        final byte[] copy = frame.clone();
        Arrays.fill(copy, outer - 2, outer, (byte) 0);
        return copy;
    }

    /** A train of any pieces; their payload is put together as a device would do it that has received them. */
    private static byte[] train(boolean outerIpv6, List<byte[]> frames) {
        final byte[] header = outerHeader(outerIpv6);
        final int outer = header.length - INSIDE;
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(header, 0, outer);
        for (final byte[] frame : frames) {
            bytes.write(header, outer, 8);
            bytes.writeBytes(frame);
        }
        final byte[] train = bytes.toByteArray();
        putSum(train, outer - 4, train.length - outer + 8);
        putSum(train, outerIpv6 ? 18 : 16, train.length - (outerIpv6 ? 54 : 14));
        return train;
    }

    private static byte[] piece(int port, int sequence, String flags) {
        return inner(false)
                .tcp(port, 80)
                .seq(sequence)
                .ack(99)
                .flags(flags)
                .payloadOf(500)
                .build();
    }

    @Property(tries = 1)
    void whatDoesNotBelongTogetherStaysApart() {
        final byte[] wrong = piece(1, 1500, "A");
        wrong[wrong.length - 1] ^= 1;
        final List<byte[]> frames = List.of(
                piece(1, 0, "A"),
                piece(1, 500, "A"),
                piece(2, 0, "A"),
                piece(1, 1000, "A"),
                wrong,
                piece(1, 2000, "A"),
                piece(1, 2500, "PA"),
                piece(1, 3000, "A"));
        final List<Packet> packets = split(train(false, frames), 8 + frames.getFirst().length, false);
        assertThat(packets.stream().map(packet -> packet.bytes().length - 42 - INSIDE - 40))
                .containsExactly(1000, 500, 500, 500, 1000, 500);
        assertThat(packets.stream().map(packet -> packet.notes() & Burst.TUNNELLED))
                .containsExactly(Burst.TUNNELLED, 0, 0, 0, Burst.TUNNELLED, 0);
        assertThat(packets.stream().map(packet -> packet.notes() & Burst.CHECKSUM_VERIFIED))
                .containsExactly(
                        0,
                        Burst.CHECKSUM_VERIFIED,
                        Burst.CHECKSUM_VERIFIED,
                        Burst.CHECKSUM_VERIFIED,
                        0,
                        Burst.CHECKSUM_VERIFIED);
        // the wrong one is as it came: its receiver is to see that
        assertThat(Arrays.copyOfRange(packets.get(3).bytes(), 50, 50 + wrong.length))
                .isEqualTo(wrong);
        assertThat(rig.value(PathCounter.SEGMENTS)).isEqualTo(6);
    }

    @Property(tries = 1)
    void otherProtocolsBecomeTheTunnelPacketsThatTheyWere() {
        final List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            frames.add(inner(false).udp(1, 2).payloadOf(i == 19 ? 7 : 300).build());
        }
        final List<Packet> packets = split(train(true, frames), 8 + frames.getFirst().length, true);
        assertThat(packets).hasSize(20);
        for (int i = 0; i < 20; i++) {
            assertThat(packets.get(i).notes()).isEqualTo(Burst.CHECKSUM_VERIFIED);
            final byte[] bytes = packets.get(i).bytes();
            assertThat(Arrays.copyOfRange(bytes, 70, bytes.length)).isEqualTo(frames.get(i));
            assertThat(int16(bytes, 58)).as("outer UDP length").isEqualTo(16 + frames.get(i).length);
        }
    }

    /** Whatever the bytes, nothing is thrown, every slot comes back, and nothing is read behind the frame. */
    @Property(tries = 500)
    void anyTrainIsTakenApartOrDropped(
            @ForAll @Size(max = 4000) byte[] bytes,
            @ForAll @IntRange(min = 1, max = 2000) int size,
            @ForAll boolean real) {
        byte[] train = train(false, List.of(piece(1, 0, "A"), piece(1, 500, "A"), piece(1, 1000, "A")));
        if (real) {
            for (int i = 0; i + 1 < bytes.length && i < 8; i += 2) {
                train[42 + ((bytes[i] & 0xFF) << 2) % (train.length - 42)] ^= bytes[i + 1];
            }
        } else {
            train = Arrays.copyOf(train, 42 + bytes.length);
            System.arraycopy(bytes, 0, train, 42, bytes.length);
        }
        final long failed = rig.counters.drops(DataplaneDrop.SEGMENTATION_FAILED.id());
        final List<Packet> packets = split(train, size, false);
        final long dropped = rig.counters.drops(DataplaneDrop.SEGMENTATION_FAILED.id()) - failed;
        assertThat(packets.isEmpty()).isEqualTo(dropped == 1);
        for (final Packet packet : packets) {
            assertThat(int16(packet.bytes(), 16) + 14).isEqualTo(packet.bytes().length);
        }
    }
}
