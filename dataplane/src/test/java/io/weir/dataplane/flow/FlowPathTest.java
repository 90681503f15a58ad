package io.weir.dataplane.flow;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static io.weir.dataplane.worker.TestDataplane.ROUTER_MAC;
import static io.weir.dataplane.worker.TestDataplane.UPLINK_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.wire.IpPrefix;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.TestDataplane;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packets in, packets out, and the exact counters, for the path itself: cache, slow path, rewriter. */
class FlowPathTest {
    private final TestDataplane test = new TestDataplane();

    @AfterEach
    void close() {
        assertThat(test.dataplane.workers().getFirst().pool().inUse())
                .as("slots leaked")
                .isZero();
        test.close();
    }

    private static PacketBuilder fromPod1() {
        return PacketBuilder.packet().ethernet(POD1_MAC, GATEWAY_MAC);
    }

    private static PacketBuilder toPod1() {
        return PacketBuilder.packet().ethernet(ROUTER_MAC, UPLINK_MAC);
    }

    @Test
    void anIpv4PacketIsRoutedAndItsSecondComesFromTheCache() {
        final byte[] packet = fromPod1()
                .ipv4("10.0.1.1", "192.0.2.9")
                .ttl(64)
                .udp(4000, 53)
                .payload("hello")
                .build();
        test.send(test.pod1, packet);
        test.send(test.pod1, packet);
        final byte[] first = test.uplink.next();
        final byte[] second = test.uplink.next();
        assertThat(first).isEqualTo(second);
        assertPacket(first)
                .isSamePacketAs(PacketBuilder.packet()
                        .ethernet(UPLINK_MAC, ROUTER_MAC)
                        .ipv4("10.0.1.1", "192.0.2.9")
                        .ttl(63)
                        .udp(4000, 53)
                        .payload("hello")
                        .build());
        assertThat(test.count(PathCounter.PIPELINE_RUNS)).isEqualTo(1);
        assertThat(test.count(PathCounter.CACHE_HITS)).isEqualTo(1);
        assertThat(test.drops()).isEmpty();
    }

    @Test
    void anIpv6PacketIsRoutedAndItsSecondComesFromTheCache() {
        final byte[] packet = fromPod1()
                .ipv6("fd00:1::1", "2001:db8::9")
                .ttl(64)
                .udp(4000, 53)
                .payload("hello")
                .build();
        test.send(test.pod1, packet);
        test.send(test.pod1, packet);
        final byte[] first = test.uplink.next();
        assertThat(first).isEqualTo(test.uplink.next());
        assertPacket(first)
                .isSamePacketAs(PacketBuilder.packet()
                        .ethernet(UPLINK_MAC, ROUTER_MAC)
                        .ipv6("fd00:1::1", "2001:db8::9")
                        .ttl(63)
                        .udp(4000, 53)
                        .payload("hello")
                        .build());
        assertThat(test.count(PathCounter.CACHE_HITS)).isEqualTo(1);
    }

    @Test
    void aSynTakesThePipelineEachTimeAndDataTheCache() {
        final byte[] syn = fromPod1()
                .ipv4("10.0.1.1", "192.0.2.9")
                .tcp(4000, 80)
                .flags("S")
                .build();
        final byte[] data = fromPod1()
                .ipv4("10.0.1.1", "192.0.2.9")
                .tcp(4000, 80)
                .flags("PA")
                .payload("x")
                .build();
        test.send(test.pod1, syn);
        test.send(test.pod1, syn);
        test.send(test.pod1, data);
        test.send(test.pod1, data);
        assertThat(test.count(PathCounter.PIPELINE_RUNS)).isEqualTo(3);
        assertThat(test.count(PathCounter.CACHE_HITS)).isEqualTo(1);
        assertThat(test.uplink.transmitted()).hasSize(4);
    }

    @Test
    void aPodSendsOnlyFromItsOwnAddresses() {
        test.send(test.pod1, fromPod1().ipv4("10.0.1.2", "192.0.2.9").udp(1, 2).build());
        test.send(test.pod1, fromPod1().ipv4("10.0.7.7", "192.0.2.9").udp(1, 2).build());
        test.send(
                test.pod1, fromPod1().ipv6("fd00:1::2", "2001:db8::9").udp(1, 2).build());
        test.send(
                test.pod1,
                PacketBuilder.packet()
                        .ethernet(ROUTER_MAC, GATEWAY_MAC)
                        .ipv4("10.0.1.1", "192.0.2.9")
                        .udp(1, 2)
                        .build());
        test.send(test.uplink, toPod1().ipv4("10.0.1.1", "10.0.1.2").udp(1, 2).build());
        assertThat(test.drops()).isEqualTo(Map.of("spoofed-source-address", 4L, "spoofed-source-mac", 1L));
        assertThat(test.uplink.transmitted()).isEmpty();
        assertThat(test.pod2.transmitted()).isEmpty();
    }

    @Test
    void aCachedFlowIsNoWayAroundTheEthernetCheck() {
        final PacketBuilder good = fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(1, 2);
        test.send(test.pod1, good.build());
        test.send(test.pod1, good.build());
        test.send(
                test.pod1,
                PacketBuilder.packet()
                        .ethernet(ROUTER_MAC, GATEWAY_MAC)
                        .ipv4("10.0.1.1", "192.0.2.9")
                        .udp(1, 2)
                        .build());
        assertThat(test.uplink.transmitted()).hasSize(2);
        assertThat(test.drops()).isEqualTo(Map.of("spoofed-source-mac", 1L));
    }

    @Test
    void oddPacketsAreDroppedByName() {
        test.send(test.pod1, new byte[5]);
        test.send(test.pod1, fromPod1().ipv4("10.0.1.1", "224.0.0.5").udp(1, 2).build());
        test.send(
                test.pod1,
                fromPod1().ipv4("10.0.1.1", "255.255.255.255").udp(1, 2).build());
        test.send(test.pod1, fromPod1().ipv4("127.0.0.1", "192.0.2.9").udp(1, 2).build());
        test.send(test.pod1, fromPod1().ipv4("10.0.1.1", "127.0.0.1").udp(1, 2).build());
        test.send(
                test.pod1,
                fromPod1()
                        .ipv4("10.0.1.1", "192.0.2.9")
                        .ipChecksum(0x1234)
                        .udp(1, 2)
                        .build());
        test.send(test.pod1, fromPod1().ipv4("10.0.1.1", "10.9.1.1").udp(1, 2).build());
        test.send(
                test.pod1,
                fromPod1().ipv4("10.0.1.1", "192.0.2.9").ttl(1).udp(1, 2).build());
        test.send(test.pod1, fromPod1().ipv6("fd00:1::1", "ff02::fb").udp(1, 2).build());
        assertThat(test.drops())
                .isEqualTo(Map.of(
                        "frame-truncated", 1L,
                        "multicast-destination", 2L,
                        "broadcast-destination", 1L,
                        "martian-source", 1L,
                        "martian-destination", 1L,
                        "ipv4-checksum", 1L,
                        "blackhole-route", 1L,
                        "ttl-exceeded", 1L));
    }

    @Test
    void aDropIsRememberedToo() {
        final byte[] packet = fromPod1().ipv4("10.0.1.1", "10.9.1.1").udp(1, 2).build();
        for (int i = 0; i < 5; i++) {
            test.send(test.pod1, packet);
        }
        assertThat(test.counters().drops(DataplaneDrop.BLACKHOLE_ROUTE.id())).isEqualTo(5);
        assertThat(test.count(PathCounter.PIPELINE_RUNS)).isEqualTo(1);
    }

    @Test
    void aRouteChangeDecidesAnewOnlyTheFlowsThatUsedTheRoute() {
        final byte[] here = fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(1, 2).build();
        final byte[] there = fromPod1().ipv4("10.0.1.1", "10.0.1.2").udp(1, 2).build();
        test.send(test.pod1, here);
        test.send(test.pod1, there);
        assertThat(test.count(PathCounter.PIPELINE_RUNS)).isEqualTo(2);

        final Changes changes = new Changes();
        test.routes.put(TestDataplane.via("192.0.2.0/24", TestDataplane.POD2, GATEWAY_MAC, ROUTER_MAC), changes);
        test.publish(changes);
        test.send(test.pod1, here);
        test.send(test.pod1, there);
        assertThat(test.count(PathCounter.PIPELINE_RUNS)).isEqualTo(3);
        assertThat(test.count(PathCounter.STALE_FLOWS)).isEqualTo(1);
        assertThat(test.uplink.transmitted()).hasSize(1);
        assertThat(test.pod2.transmitted()).hasSize(3);

        final Changes back = new Changes();
        test.routes.remove(IpPrefix.parse("192.0.2.0/24"), back);
        test.publish(back);
        test.send(test.pod1, here);
        assertThat(test.uplink.transmitted()).hasSize(2);
    }

    @Test
    void aPodThatMovesAwayStopsBeingServedAtOnce() {
        final byte[] packet = fromPod1().ipv4("10.0.1.1", "192.0.2.9").udp(1, 2).build();
        test.send(test.pod1, packet);
        final Changes changes = new Changes();
        test.endpoints.compile(java.util.List.of(), changes);
        test.publish(changes);
        test.send(test.pod1, packet);
        assertThat(test.drops()).isEqualTo(Map.of("spoofed-source-address", 1L));
    }

    @Test
    void paddingIsCutAndBytesBehindThePacketAreNotSent() {
        test.send(
                test.pod1,
                fromPod1()
                        .ipv4("10.0.1.1", "192.0.2.9")
                        .udp(1, 2)
                        .payload("x")
                        .pad(60)
                        .build());
        final byte[] out = test.uplink.next();
        assertThat(out).hasSize(14 + 20 + 8 + 1);
    }
}
