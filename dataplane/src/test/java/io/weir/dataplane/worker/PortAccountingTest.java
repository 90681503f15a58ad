package io.weir.dataplane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.Changes;
import io.weir.dataplane.flow.Ingress;
import io.weir.dataplane.flow.PathCounters;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.port.Port;
import io.weir.dataplane.port.PortDrops;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Frames that a port loses, on either side, are in the worker's counters: what came in went out or has a reason. */
class PortAccountingTest {
    private static final int LOSSY = 5;

    /** Loses two frames for each that it passes on, and sends one of four. */
    private static final class LossyPort implements Port {
        private final byte[] frame;
        private PortDrops drops = PortDrops.NONE;
        private int left = 8;

        LossyPort(byte[] frame) {
            this.frame = frame;
        }

        @Override
        public String name() {
            return "lossy";
        }

        @Override
        public void drops(PortDrops target) {
            drops = target;
        }

        @Override
        public int receive(Burst burst, PacketPool pool) {
            int count = 0;
            for (; left > 0; left--) {
                drops.received(DataplaneDrop.FRAME_TOO_BIG, 1, 9000);
                drops.received(DataplaneDrop.RECEIVE_RING_FULL, 1, 0);
                final int handle = pool.acquire();
                OffHeap.copy(frame, 0, pool.frameAddress(handle), frame.length);
                burst.add(handle, pool.frameAddress(handle), frame.length, 0);
                count++;
            }
            return count;
        }

        @Override
        public int transmit(Burst burst) {
            int sent = 0;
            for (int i = 0; i < burst.size(); i++) {
                switch (i % 4) {
                    case 0 -> sent++;
                    case 1, 2 -> drops.unsent(DataplaneDrop.DEVICE_REFUSED, burst.length(i));
                    default -> drops.unsent(DataplaneDrop.TRANSMIT_FULL, burst.length(i));
                }
            }
            return sent;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    @Test
    void everyFrameIsCountedOnce() {
        try (TestDataplane test = new TestDataplane()) {
            // back to where it came from: both of a lossy port's sides
            final byte[] frame = PacketBuilder.packet()
                    .ethernet(TestDataplane.POD2_MAC, TestDataplane.GATEWAY_MAC)
                    .ipv4("10.0.1.2", "10.77.0.1")
                    .udp(4000, 53)
                    .payload("counted once")
                    .build();
            final LossyPort port = new LossyPort(frame);
            test.dataplane.attach(
                    new Ingress(LOSSY, "lossy", Ingress.Role.UPLINK, TestDataplane.GATEWAY_MAC, null, 1500),
                    List.of((Port) port));
            final Changes changes = new Changes();
            final List<RouteSpec> routes = new ArrayList<>(TestDataplane.defaultRoutes());
            routes.add(TestDataplane.via("10.77.0.0/16", LOSSY, TestDataplane.GATEWAY_MAC, TestDataplane.ROUTER_MAC));
            test.routes.compile(routes, changes);
            test.publish(changes);
            for (int i = 0; i < 8; i++) {
                test.pod2.offer(frame);
            }
            test.dataplane.step();

            final PathCounters counters = test.counters();
            assertThat(counters.receivedPackets(LOSSY)).isEqualTo(24);
            assertThat(counters.receivedBytes(LOSSY)).isEqualTo(8 * 9000 + 8L * frame.length);
            assertThat(counters.receivedPackets(TestDataplane.POD2)).isEqualTo(8);
            assertThat(counters.sentPackets(LOSSY)).isEqualTo(2);
            assertThat(counters.sentBytes(LOSSY)).isEqualTo(2L * frame.length);
            assertThat(test.drops())
                    .isEqualTo(Map.of(
                            "frame-too-big", 8L,
                            "receive-ring-full", 8L,
                            "device-refused", 4L,
                            "transmit-full", 2L,
                            "spoofed-source-address", 8L));
        }
    }
}
