package io.weir.dataplane.port;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What real devices lose is counted, frame by frame, under its reason. */
@TopologyTest
class PortDropsTopologyTest {
    private static final int MARK = 0x88B5;

    @AutoClose
    private final TwoHosts hosts = new TwoHosts();

    private final TopologyNamespaces net = hosts.net();
    private final CountedDrops drops = new CountedDrops();
    private final Burst burst = new Burst(64);
    private final NetworkNamespace left = hosts.left();
    private final NetworkNamespace right = hosts.right();

    private void fill(PacketPool pool, int frames, int length) {
        for (int i = 0; i < frames; i++) {
            final int handle = pool.acquireFor(length);
            final long frame = pool.frameAddress(handle);
            OffHeap.zero(frame, length);
            OffHeap.putLongBigEndian(frame, 0xFFFF_FFFF_FFFF_0200L);
            OffHeap.putShortBigEndian(frame + 12, MARK);
            burst.add(handle, frame, length, 0);
        }
    }

    @Test
    void aTapThatIsDownRefuses() {
        try (TapDevice device = TapDevice.open(TapSpec.of("eth0", 1), left);
                PacketPool pool = new PacketPool(16, 0)) {
            final TapPort port = new TapPort("pod", device, 0);
            port.drops(drops);
            fill(pool, 7, 100);
            assertThat(port.transmit(burst)).isZero();
            assertThat(drops.unsent).containsExactly(Map.entry(DataplaneDrop.DEVICE_REFUSED, 7L));
            port.close();
        }
    }

    @Test
    void aFrameThatNoSlotHoldsIsTooBig() {
        try (TapDevice device = TapDevice.open(TapSpec.of("eth0", 1).offloads(false), left);
                Rtnetlink network = Rtnetlink.open(left);
                PacketPool pool = new PacketPool(16, 0);
                PacketPool big = new PacketPool(0, 16)) {
            network.links().withoutGeneratedAddress("eth0");
            network.links().mtu("eth0", 9000);
            network.links().up("eth0");
            final TapPort port = new TapPort("pod", device, 0);
            port.drops(drops);
            try (PacketSocket kernelSide =
                    PacketSocket.open("eth0", PacketSocketSpec.DEFAULT.receiveRing(2, 128 << 10, 2048), left)) {
                final AfPacketPort sender = new AfPacketPort("kernel", kernelSide);
                fill(big, 5, 6000);
                assertThat(sender.transmit(burst)).isEqualTo(5);
                burst.releaseAll(big);
                assertThat(port.receive(burst, pool)).isZero();
            }
            assertThat(drops.received).containsExactly(Map.entry(DataplaneDrop.FRAME_TOO_BIG, 5L));
            assertThat(pool.inUse()).isZero();
            port.close();
        }
    }

    @Test
    void whatAPacketSocketsInterfaceDoesNotTakeIsRefused() {
        net.veth("left", "eth0", "right", "eth0");
        try (PacketPool pool = new PacketPool(64, 16);
                AfPacketPort port =
                        new AfPacketPort("uplink", PacketSocket.open("eth0", PacketSocketSpec.DEFAULT, left))) {
            port.drops(drops);
            fill(pool, 3, 100);
            fill(pool, 2, 4000); // longer than the MTU, and nothing says where it could be cut
            fill(pool, 4, 100);
            assertThat(port.transmit(burst)).isEqualTo(7);
            assertThat(drops.unsent).containsExactly(Map.entry(DataplaneDrop.DEVICE_REFUSED, 2L));
            burst.releaseAll(pool);
        }
    }

    @Test
    void whatAFullRingCouldNotTakeIsCounted() {
        net.veth("left", "eth0", "right", "eth0");
        final PacketSocketSpec small = PacketSocketSpec.DEFAULT.receiveRing(2, 128 << 10, 2048);
        try (PacketPool pool = new PacketPool(64, 0);
                AfPacketPort from = new AfPacketPort("from", PacketSocket.open("eth0", small, left));
                AfPacketPort to = new AfPacketPort("to", PacketSocket.open("eth0", small, right))) {
            to.drops(drops);
            final int sent = 64 * 20;
            for (int i = 0; i < 20; i++) {
                fill(pool, 64, 1500);
                assertThat(from.transmit(burst)).isEqualTo(64);
                burst.releaseAll(pool);
            }
            int taken = 0;
            long quietSince = System.nanoTime();
            while (System.nanoTime() - quietSince < 100_000_000L) {
                if (to.receive(burst, pool) > 0) {
                    quietSince = System.nanoTime();
                    for (int i = 0; i < burst.size(); i++) {
                        taken += OffHeap.getShortBigEndian(burst.address(i) + 12) == MARK ? 1 : 0;
                    }
                    burst.releaseAll(pool);
                }
            }
            to.reportMissed();
            assertThat(taken).isBetween(100, sent - 1);
            // IPv6 of the kernels comes besides, at its own times
            assertThat(taken + drops.received.getOrDefault(DataplaneDrop.RECEIVE_RING_FULL, 0L))
                    .isBetween((long) sent, sent + 20L);
        }
    }
}
