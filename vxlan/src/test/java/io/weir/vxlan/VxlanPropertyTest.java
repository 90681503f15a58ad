package io.weir.vxlan;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.DropReasons;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketAssert;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Two nodes: what one's header template encapsulates, the other's termination takes apart, whatever is inside. */
class VxlanPropertyTest {
    private static final DropReasons REASONS = new DropReasons(DataplaneDrop.values(), VxlanDrop.values());
    private static final MacAddress LEFT_MAC = MacAddress.parse("0a:00:00:00:00:01");
    private static final MacAddress RIGHT_MAC = MacAddress.parse("0a:00:00:00:00:02");

    private static VxlanNetwork network(boolean ipv4, boolean left) {
        final IpAddress leftAddress = IpAddress.parse(ipv4 ? "192.168.0.1" : "fd00::1");
        final IpAddress rightAddress = IpAddress.parse(ipv4 ? "192.168.0.2" : "fd00::2");
        final List<RemoteVtep> remotes = new ArrayList<>();
        // a crowd, so that the senders' table has collisions
        for (int i = 3; i < 40; i++) {
            remotes.add(new RemoteVtep(
                    IpPrefix.parse("10.244." + i + ".0/24"),
                    new MacAddress(RIGHT_MAC.bits() + i),
                    leftAddress.plus(i)));
        }
        remotes.add(new RemoteVtep(
                IpPrefix.parse("10.244.2.0/24"), left ? RIGHT_MAC : LEFT_MAC, left ? rightAddress : leftAddress));
        return new VxlanNetwork(
                "flannel.1",
                1,
                8472,
                left ? leftAddress : rightAddress,
                left ? LEFT_MAC : RIGHT_MAC,
                1500,
                VxlanOptions.DEFAULT,
                remotes);
    }

    private static VxlanTermination right() {
        return new VxlanTermination(
                new VxlanTable(new VxlanSpec(List.of(network(true, false), network(false, false))), (_, _) -> 0));
    }

    /** Fills a template in as {@link io.weir.dataplane.route.AdjacencyTable} says the rewriter does. */
    private static byte[] encapsulate(boolean underlayIpv4, byte[] ipPacket, int sourcePort) {
        final VxlanNetwork network = network(underlayIpv4, true);
        final boolean innerIpv4 = (ipPacket[0] & 0xF0) == 0x40;
        final byte[] header = TunnelHeader.of(
                network, network.remotes().getLast(), MacAddress.parse("02:00:00:00:00:01"), RIGHT_MAC, innerIpv4);
        final ByteBuffer frame = ByteBuffer.allocate(header.length + ipPacket.length);
        frame.put(header).put(ipPacket);
        final int udp = underlayIpv4 ? 34 : 54;
        final int udpLength = frame.capacity() - udp;
        frame.putShort(udp, (short) sourcePort).putShort(udp + 4, (short) udpLength);
        final int ecn = (innerIpv4 ? ipPacket[1] : ipPacket[1] >>> 4) & 3;
        if (underlayIpv4) {
            frame.put(15, (byte) ecn).putShort(16, (short) (udpLength + 20)).putShort(24, (short) 0);
            frame.putShort(24, (short) ~sum(frame.array(), 14, 20, 0));
        } else {
            frame.putShort(14, (short) (0x6000 | ecn << 4)).putShort(18, (short) udpLength);
            final int pseudo = sum(frame.array(), 22, 32, 17 + udpLength);
            frame.putShort(udp + 6, (short) ~sum(frame.array(), udp, udpLength, pseudo));
        }
        return frame.array();
    }

    private static int sum(byte[] bytes, int offset, int length, int start) {
        int sum = start;
        for (int i = 0; i < length; i++) {
            sum += (bytes[offset + i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }

    @Property
    void encapsulatingAndTakingApartIsIdentity(
            @ForAll boolean underlayIpv4,
            @ForAll boolean innerIpv4,
            @ForAll @IntRange(min = 0, max = 255) int trafficClass,
            @ForAll @Size(max = 1300) byte[] payload,
            @ForAll @IntRange(min = 49152, max = 65535) int sourcePort) {
        final byte[] inner = PacketBuilder.packet()
                .ip(innerIpv4 ? "10.244.1.5" : "fd00:1::5", innerIpv4 ? "10.244.2.7" : "fd00:2::7")
                .trafficClass(trafficClass)
                .udp(1000, 2000)
                .payload(payload)
                .build();
        final byte[] frame = encapsulate(underlayIpv4, inner, sourcePort);
        PacketAssert.assertPacket(frame).checksumsValid();
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            final int result = right().terminate(memory.address(), memory.length(), false);
            assertThat(result >>> 16).isEqualTo(underlayIpv4 ? 1 : 2);
            assertThat(memory.bytesFrom((result & 0xFFFF) + 14)).isEqualTo(inner);
        }
    }

    /** What is recognised at a glance is what the judgement header by header says. */
    @Property(tries = 3000)
    void theShortWayAgreesWithTheLongOne(
            @ForAll @Size(max = 3) List<@IntRange(min = 12, max = 110) Integer> positions,
            @ForAll @Size(min = 3, max = 3) byte[] values,
            @ForAll boolean checksumRight) {
        final byte[] inner = PacketBuilder.packet()
                .ip("10.244.1.5", "10.244.2.7")
                .udp(1000, 2000)
                .payload(new byte[40])
                .build();
        final byte[] frame = encapsulate(true, inner, 50_000);
        for (int i = 0; i < positions.size(); i++) {
            frame[positions.get(i)] = values[i];
        }
        if (checksumRight) {
            frame[24] = 0;
            frame[25] = 0;
            ByteBuffer.wrap(frame).putShort(24, (short) ~sum(frame, 14, 20, 0));
        }
        final int glance;
        final byte[] after;
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            glance = right().terminate(memory.address(), memory.length(), false);
            after = memory.bytesFrom(0);
        }
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            assertThat(right().terminateByHeaders(memory.address(), memory.length(), false, null))
                    .isEqualTo(glance);
            assertThat(memory.bytesFrom(0)).isEqualTo(after);
        }
    }

    @Property
    void randomBytesNeverThrowAndAreAccountedFor(@ForAll @Size(max = 200) byte[] bytes) {
        judge(bytes);
    }

    @Property(tries = 3000)
    void brokenTunnelPacketsNeverThrowAndAreAccountedFor(
            @ForAll boolean underlayIpv4,
            @ForAll @Size(min = 1, max = 4) List<@IntRange(min = 12, max = 150) Integer> positions,
            @ForAll @Size(min = 4, max = 4) byte[] values,
            @ForAll @IntRange(min = 0, max = 160) int length) {
        final byte[] inner = PacketBuilder.packet()
                .ipv4("10.244.1.5", "10.244.2.7")
                .udp(1000, 2000)
                .payloadOf(60)
                .build();
        final byte[] frame = Arrays.copyOf(encapsulate(underlayIpv4, inner, 50000), Math.max(60, length));
        for (int i = 0; i < positions.size(); i++) {
            frame[Math.min(positions.get(i), frame.length - 1)] = values[i];
        }
        judge(frame);
    }

    private static void judge(byte[] frame) {
        try (OffHeapFrame memory = new OffHeapFrame(frame)) {
            final int result = right().terminate(memory.address(), memory.length(), false);
            if (result < 0) {
                assertThat(REASONS.byId(-result)).as("reason %d", -result).isNotNull();
            } else if (result != TunnelTermination.NOT_A_TUNNEL) {
                assertThat(result & 0xFFFF).isBetween(50, frame.length - 14 - 20);
                assertThat(result >>> 16).isIn(1, 2);
            }
        }
    }
}
