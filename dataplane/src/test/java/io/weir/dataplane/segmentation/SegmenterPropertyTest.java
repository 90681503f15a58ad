package io.weir.dataplane.segmentation;

import static io.weir.dataplane.wire.PacketAssert.assertIpPacket;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.PathCounter;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;

/** What is cut, put together again, is what was given; and each piece is a right packet by itself. */
class SegmenterPropertyTest {
    private static final int PARTIAL = Burst.CHECKSUM_PARTIAL;

    private final OffloadRig rig = new OffloadRig();

    @AfterProperty
    void close() {
        rig.close();
    }

    private static PacketBuilder header(boolean ipv6, boolean extended, int id) {
        final PacketBuilder builder = packet().ethernet();
        if (ipv6) {
            builder.ipv6("fd00::1", "fd00::2").trafficClass(0x29).flowLabel(0x12345);
            return extended ? builder.hopByHop(5, 2, 0, 0) : builder;
        }
        builder.ipv4("10.0.0.1", "10.0.0.2").id(id).dontFragment();
        return extended ? builder.ipOptions(148, 4, 0, 0) : builder;
    }

    @Property(tries = 300)
    void tcp(
            @ForAll boolean ipv6,
            @ForAll boolean extended,
            @ForAll boolean timestamps,
            @ForAll int sequence,
            @ForAll @IntRange(max = 65535) int id,
            @ForAll @IntRange(max = 255) int flags,
            @ForAll @IntRange(min = 536, max = 9000) int segmentSize,
            @ForAll @IntRange(min = 1, max = 65000) int length) {
        final PacketBuilder builder = header(ipv6, extended, id)
                .tcp(4000, 80)
                .seq(sequence & 0xFFFF_FFFFL)
                .ack(99);
        if (timestamps) {
            builder.tcpOption(1, 1).timestamps(123, 456);
        }
        final byte[] whole = builder.payloadOf(length).build();
        final int tcp = tcpOffset(whole);
        whole[tcp + 13] = (byte) flags;
        final int headers = tcp + (whole[tcp + 12] >>> 4 & 0xF) * 4;

        final List<byte[]> pieces = rig.bytes(rig.send(OffloadRig.SMALL, PARTIAL | segmentSize, whole));
        assertThat(pieces).hasSize((length + segmentSize - 1) / segmentSize);
        final ByteBuffer together = ByteBuffer.allocate(length);
        for (int i = 0; i < pieces.size(); i++) {
            final byte[] piece = pieces.get(i);
            assertPacket(piece).checksumsValid();
            final boolean last = i == pieces.size() - 1;
            assertThat(piece).hasSize(headers + Math.min(segmentSize, length - together.position()));
            assertThat(int32(piece, tcp + 4)).isEqualTo(sequence + together.position());
            assertThat(piece[tcp + 13] & 0xFF).isEqualTo(flags & (last ? 0xFF : 0xF6) & (i == 0 ? 0xFF : 0x7F));
            if (!ipv6) {
                assertThat(int16(piece, 18)).isEqualTo(id + i & 0xFFFF);
            }
            assertThat(withoutChanging(piece, ipv6, tcp, headers))
                    .isEqualTo(withoutChanging(whole, ipv6, tcp, headers));
            together.put(piece, headers, piece.length - headers);
        }
        assertThat(together.array()).isEqualTo(Arrays.copyOfRange(whole, headers, whole.length));
    }

    @Property(tries = 200)
    void udp(
            @ForAll boolean ipv6,
            @ForAll boolean extended,
            @ForAll @IntRange(max = 65535) int id,
            @ForAll @IntRange(min = 100, max = 1472) int segmentSize,
            @ForAll @IntRange(min = 1, max = 65000) int length) {
        final byte[] whole =
                header(ipv6, extended, id).udp(4000, 53).payloadOf(length).build();
        final int headers = tcpOffset(whole) + 8;
        final List<byte[]> pieces = rig.bytes(rig.send(OffloadRig.SMALL, PARTIAL | segmentSize, whole));
        assertThat(pieces).hasSize((length + segmentSize - 1) / segmentSize);
        final ByteBuffer together = ByteBuffer.allocate(length);
        for (final byte[] piece : pieces) {
            assertPacket(piece).checksumsValid().ethernet().ip().udp().payloadLength(piece.length - headers);
            together.put(piece, headers, piece.length - headers);
        }
        assertThat(together.array()).isEqualTo(Arrays.copyOfRange(whole, headers, whole.length));
    }

    @Property(tries = 100)
    void piecesOfATunnelledPacketAreTunnelledEach(
            @ForAll boolean ipv6,
            @ForAll boolean outerIpv6,
            @ForAll @IntRange(min = 536, max = 1400) int segmentSize,
            @ForAll @IntRange(min = 1, max = 60000) int length) {
        final byte[] outer = tunnelHeader(outerIpv6);
        final byte[] whole = header(ipv6, false, 7)
                .tcp(4000, 80)
                .flags("PA")
                .payloadOf(length)
                .build();
        final List<byte[]> pieces =
                rig.bytes(rig.tunnel(OffloadRig.SMALL, outerIpv6, outer, whole, PARTIAL | segmentSize));
        assertThat(pieces).hasSize((length + segmentSize - 1) / segmentSize);
        int done = 0;
        for (final byte[] piece : pieces) {
            assertPacket(piece).ethernet().ip().udp();
            final byte[] inner = Arrays.copyOfRange(piece, outer.length, piece.length);
            assertIpPacket(inner).checksumsValid().ip().tcp();
            done += inner.length - (ipv6 ? 60 : 40);
        }
        assertThat(done).isEqualTo(length);
    }

    /** Outer Ethernet, IP, UDP, VXLAN and inner Ethernet, with the fields empty that the rewriter fills. */
    private static byte[] tunnelHeader(boolean ipv6) {
        final byte[] header = new byte[ipv6 ? 84 : 64];
        header[12] = (byte) (ipv6 ? 0x86 : 0x08);
        header[13] = (byte) (ipv6 ? 0xDD : 0);
        header[14] = (byte) (ipv6 ? 0x60 : 0x45);
        header[ipv6 ? 20 : 23] = 17;
        header[ipv6 ? 21 : 22] = 64;
        return header;
    }

    @Property(tries = 200)
    void partialChecksumsAreCompleted(
            @ForAll boolean ipv6,
            @ForAll boolean extended,
            @ForAll boolean tcp,
            @ForAll @IntRange(max = 1400) int length) {
        final PacketBuilder builder = header(ipv6, extended, 1);
        final byte[] right = (tcp ? builder.tcp(1, 2).flags("A") : builder.udp(1, 2))
                .payloadOf(length)
                .build();
        final byte[] partial = right.clone();
        final int transport = tcpOffset(right);
        putPseudoSum(partial, ipv6, transport, transport + (tcp ? 16 : 6), tcp ? 6 : 17);
        assertThat(rig.bytes(rig.send(OffloadRig.SMALL, PARTIAL, partial))).containsExactly(right);
        assertThat(rig.send(OffloadRig.BIG, PARTIAL, partial))
                .singleElement()
                .satisfies(sent -> assertThat(sent.bytes()).isEqualTo(partial))
                .satisfies(sent -> assertThat(sent.notes()).isEqualTo(PARTIAL));
    }

    @Property(tries = 500)
    void anythingIsSentOrDropped(@ForAll byte[] bytes, @ForAll boolean ipv6, @ForAll @IntRange(max = 2000) int size) {
        final byte[] frame = new byte[Math.max(14, bytes.length)];
        System.arraycopy(bytes, 0, frame, 0, bytes.length);
        if (frame.length > 14) {
            frame[14] = (byte) (ipv6 ? 0x60 : 0x40 | (frame[14] & 0xF));
        }
        final long dropped = rig.counters.drops(DataplaneDrop.SEGMENTATION_FAILED.id());
        final int sent = rig.send(OffloadRig.SMALL, PARTIAL | size, frame).size();
        final long failed = rig.counters.drops(DataplaneDrop.SEGMENTATION_FAILED.id()) - dropped;
        assertThat(failed == 1 ? sent == 0 : sent >= 1).isTrue();
    }

    @Property(tries = 1)
    void countsSegments() {
        final byte[] whole = header(false, false, 1).tcp(1, 2).payloadOf(10_000).build();
        rig.send(OffloadRig.SMALL, PARTIAL | 1000, whole);
        assertThat(rig.value(PathCounter.SEGMENTS)).isEqualTo(10);
        rig.send(OffloadRig.BIG, PARTIAL | 1000, whole);
        assertThat(rig.value(PathCounter.SEGMENTS)).isEqualTo(10);
    }

    static void putPseudoSum(byte[] frame, boolean ipv6, int transport, int field, int protocol) {
        long sum = (long) protocol + frame.length - transport;
        for (int i = ipv6 ? 22 : 26; i < (ipv6 ? 54 : 34); i += 2) {
            sum += int16(frame, i);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        frame[field] = (byte) (sum >>> 8);
        frame[field + 1] = (byte) sum;
    }

    private static int tcpOffset(byte[] frame) {
        if (frame[14] >>> 4 == 4) {
            return 14 + (frame[14] & 0xF) * 4;
        }
        return frame[20] == 0 ? 62 : 54;
    }

    /** The headers without what differs from piece to piece. */
    private static byte[] withoutChanging(byte[] frame, boolean ipv6, int tcp, int headers) {
        final byte[] fixed = Arrays.copyOf(frame, headers);
        Arrays.fill(fixed, tcp + 4, tcp + 8, (byte) 0);
        fixed[tcp + 13] = 0;
        Arrays.fill(fixed, tcp + 16, tcp + 18, (byte) 0);
        if (ipv6) {
            Arrays.fill(fixed, 18, 20, (byte) 0);
        } else {
            Arrays.fill(fixed, 16, 20, (byte) 0);
            Arrays.fill(fixed, 24, 26, (byte) 0);
        }
        return fixed;
    }

    private static int int16(byte[] bytes, int offset) {
        return (bytes[offset] & 0xFF) << 8 | (bytes[offset + 1] & 0xFF);
    }

    private static int int32(byte[] bytes, int offset) {
        return int16(bytes, offset) << 16 | int16(bytes, offset + 2);
    }
}
