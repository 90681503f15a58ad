package io.weir.dataplane.observe;

import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static io.weir.dataplane.worker.TestDataplane.UPLINK;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.FlowRecord;
import io.weir.dataplane.flow.PacketEvents;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.wire.PacketPrinter;
import io.weir.dataplane.worker.TestDataplane;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the packet path tells of its packets: events, flows, and what passes a port. */
class PathEventsTest {
    private static PacketBuilder fromPod1() {
        return PacketBuilder.packet().ethernet(POD1_MAC, GATEWAY_MAC);
    }

    private static byte[] bytes(long address, int length) {
        final byte[] bytes = new byte[length];
        OffHeap.copy(address, bytes, 0, length);
        return bytes;
    }

    @Test
    void dropsAndNewFlowsAreTakenDownAsTheyCame() {
        final List<String> told = new ArrayList<>();
        final PacketEvents events = new PacketEvents() {
            @Override
            public void dropped(
                    int reasonId, int port, long frame, int length, @Nullable Decision decision, long nowNs) {
                told.add("drop " + reasonId + " port " + port + " " + PacketPrinter.print(bytes(frame, length)));
            }

            @Override
            public void newFlow(int port, long frame, int length, Decision decision, long nowNs) {
                told.add("flow port " + port + " " + PacketPrinter.print(bytes(frame, length)));
            }
        };
        final byte[] good =
                fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(4000, 53).build();
        final byte[] spoofed =
                fromPod1().ipv4("10.0.7.7", "192.0.2.9").udp(4000, 53).build();
        final byte[] malformed =
                fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(1, 2).build();
        malformed[14] = 0x4F;
        try (TestDataplane test = new TestDataplane(events)) {
            test.send(test.pod1, good);
            test.send(test.pod1, good);
            test.send(test.pod1, spoofed);
            test.send(test.pod1, malformed);
        }
        assertThat(told).hasSize(3);
        assertThat(told.get(0)).isEqualTo("flow port " + POD1 + " " + PacketPrinter.print(good));
        assertThat(told.get(1)).startsWith("drop ").endsWith(PacketPrinter.print(spoofed));
        assertThat(told.get(2)).startsWith("drop ").endsWith(PacketPrinter.print(malformed));
    }

    @Test
    void theFlowCacheShowsItsFlows() {
        try (TestDataplane test = new TestDataplane()) {
            final byte[] v4 =
                    fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(4000, 53).build();
            final byte[] v6 =
                    fromPod1().ipv6("fd00:1::1", "2001:db8::9").udp(4001, 54).build();
            final byte[] blackhole =
                    fromPod1().ipv4("10.0.1.1", "10.9.1.1").udp(7, 8).build();
            for (final byte[] frame : List.of(v4, v4, v4, v6, blackhole)) {
                test.send(test.pod1, frame);
            }
            test.nowNs += 3L << 30;
            final List<FlowRecord> flows = new ArrayList<>();
            test.dataplane.workers().getFirst().flowCache().forEach(test.nowNs, flows::add);
            assertThat(flows).hasSize(3).allSatisfy(flow -> {
                assertThat(flow.scope()).isEqualTo(POD1);
                assertThat(flow.protocol()).isEqualTo(17);
                assertThat(flow.idleTicks()).isEqualTo(3);
                assertThat(flow.connection()).isEqualTo(-1);
            });
            assertThat(flows).anySatisfy(flow -> {
                assertThat(flow.source()).hasToString("10.0.1.1");
                assertThat(flow.destination()).hasToString("192.0.2.9");
                assertThat(flow.newDestination()).hasToString("192.0.2.9");
                assertThat(flow.sourcePort()).isEqualTo(4000);
                assertThat(flow.destinationPort()).isEqualTo(53);
                assertThat(flow.recentPackets()).isEqualTo(2);
                assertThat(flow.dropReason()).isZero();
            });
            assertThat(flows).anySatisfy(flow -> {
                assertThat(flow.source()).hasToString("fd00:1::1");
                assertThat(flow.newDestination()).hasToString("2001:db8::9");
            });
            assertThat(flows).anySatisfy(flow -> {
                assertThat(flow.destination()).hasToString("10.9.1.1");
                assertThat(flow.dropReason()).isPositive();
                assertThat(flow.adjacency()).isEqualTo(-1);
            });
        }
    }

    @Test
    void aTapSeesBothDirectionsOfAPortAndCanBeTakenOff() {
        final List<String> first = new ArrayList<>();
        final List<String> second = new ArrayList<>();
        final CapturingPort.Tap one = (sent, address, length) -> first.add(sent + " " + length);
        final CapturingPort.Tap two = (sent, address, length) -> second.add(sent + " " + length);
        try (TestDataplane test = new TestDataplane()) {
            final byte[] frame =
                    fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(4000, 53).build();
            final var proxy = test.dataplane.proxies().getFirst();
            proxy.wrapPort(POD1, port -> new CapturingPort(port, one));
            proxy.wrapPort(POD1, port -> new CapturingPort(port, two));
            proxy.wrapPort(UPLINK, port -> new CapturingPort(port, one));
            test.send(test.pod1, frame);
            assertThat(first).containsExactly("false " + frame.length, "true " + frame.length);
            assertThat(second).containsExactly("false " + frame.length);
            proxy.wrapPort(POD1, port -> CapturingPort.without(one, port));
            proxy.wrapPort(UPLINK, port -> CapturingPort.without(one, port));
            test.send(test.pod1, frame);
            assertThat(first).hasSize(2);
            assertThat(second).hasSize(2);
            assertThat(test.uplink.transmitted()).hasSize(2);
        }
    }
}
