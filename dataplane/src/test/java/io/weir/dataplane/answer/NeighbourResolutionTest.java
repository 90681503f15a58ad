package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.answer.TestRouter.next;
import static io.weir.dataplane.answer.TestRouter.only;
import static io.weir.dataplane.answer.TestRouter.silent;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.operation;
import static io.weir.dataplane.wire.PacketField.sender;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static io.weir.dataplane.wire.PacketField.target;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NeighbourResolutionTest {
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";
    private static final String OTHER_MAC = "02:00:00:00:cc:02";
    private static final String NO_MAC = "00:00:00:00:00:00";

    private final TestRouter router = new TestRouter();

    @AfterEach
    void close() {
        router.close();
    }

    private static byte[] toLink(String source, String destination, int port) {
        return packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ip(source, destination)
                .udp(port, 53)
                .build();
    }

    private void arpReply(String address, String mac) {
        router.uplink.offer(packet().ethernet(mac, UPLINK_MAC)
                .arpReply(mac, address, UPLINK_MAC, "192.0.2.1")
                .build());
    }

    @Test
    void packetsWaitForArpAndLeaveInOrder() {
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 2));
        router.run();
        assertPacket(only(router.uplink))
                .ethernet(src(UPLINK_MAC), dst(BROADCAST))
                .arp(operation(1), sender(UPLINK_MAC, "192.0.2.1"), target(NO_MAC, "192.0.2.9"));
        assertThat(router.counted()).containsExactly("pipeline-runs=2", "answers-sent=1", "held=2");
        assertThat(router.pool().inUse()).isEqualTo(2);

        arpReply("192.0.2.9", PEER_MAC);
        router.run();
        assertThat(router.uplink.transmitted()).hasSize(2);
        for (int port = 1; port <= 2; port++) {
            assertPacket(next(router.uplink))
                    .checksumsValid()
                    .ethernet(src(UPLINK_MAC), dst(PEER_MAC))
                    .ipv4(src("10.1.0.2"), dst("192.0.2.9"), ttl(63))
                    .udp(srcPort(port));
        }
        assertThat(router.counted()).containsExactly("pipeline-runs=2", "installed-flows=2", "answered=1", "resumed=2");
        assertThat(router.pool().inUse()).isZero();

        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(PEER_MAC)).ipv4().udp(srcPort(1));
        assertThat(router.counted()).containsExactly("cache-hits=1");
    }

    @Test
    void aPacketThatComesWithTheNewRouteDoesNotOvertakeThoseThatWaited() {
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 2));
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(BROADCAST));
        arpReply("192.0.2.9", PEER_MAC);
        router.publishWhatWasHeard();
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 3));
        router.run();
        for (int port = 1; port <= 3; port++) {
            assertPacket(next(router.uplink)).ethernet(dst(PEER_MAC)).ipv4().udp(srcPort(port));
        }
        assertThat(router.counted()).contains("resumed=2");
    }

    @Test
    void packetsWaitForNeighbourDiscovery() {
        router.pod.offer(toLink("fd01::2", "2001:db8::12:3456", 1));
        router.run();
        assertPacket(only(router.uplink))
                .checksumsValid()
                .ethernet(src(UPLINK_MAC), dst("33:33:ff:12:34:56"))
                .ipv6(src("2001:db8::1"), dst("ff02::1:ff12:3456"), ttl(255))
                .icmpv6(type(135));
        router.uplink.offer(packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv6("2001:db8::12:3456", "2001:db8::1")
                .ttl(255)
                .neighbourAdvertisement("2001:db8::12:3456", PEER_MAC)
                .build());
        router.run();
        assertPacket(only(router.uplink))
                .checksumsValid()
                .ethernet(dst(PEER_MAC))
                .ipv6()
                .udp(srcPort(1));
    }

    @Test
    void routesByAGatewayWaitForTheGatewayWhichIsAskedAhead() {
        router.route("0.0.0.0/0", new RouteSpec.Gateway(UPLINK, 1500, IpAddress.parse("192.0.2.254")));
        router.publish();
        router.run();
        assertPacket(only(router.uplink)).ethernet().arp(target(NO_MAC, "192.0.2.254"));
        router.pod.offer(toLink("10.1.0.2", "198.51.100.1", 1));
        router.pod.offer(toLink("10.1.0.2", "198.51.100.2", 2));
        router.run();
        assertPacket(only(router.uplink)).ethernet().arp(target(NO_MAC, "192.0.2.254"));
        arpReply("192.0.2.254", PEER_MAC);
        router.run();
        assertThat(router.uplink.transmitted()).hasSize(2);
        assertPacket(next(router.uplink)).ethernet(dst(PEER_MAC)).ipv4(dst("198.51.100.1"));
        assertPacket(next(router.uplink)).ethernet(dst(PEER_MAC)).ipv4(dst("198.51.100.2"));
    }

    @Test
    void givesUpAfterThreeTriesAndTellsTheSender() {
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        router.advance(500);
        assertThat(router.uplink.transmitted()).hasSize(1);
        router.advance(500);
        assertThat(router.uplink.transmitted()).hasSize(2);
        router.advance(1000);
        assertThat(router.uplink.transmitted()).hasSize(3);
        silent(router.pod);
        router.advance(1000);
        assertThat(router.uplink.transmitted()).hasSize(3);
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(dst(POD_MAC))
                .ipv4(src("169.254.1.1"))
                .icmpv4(type(3), code(1))
                .quoted()
                .ipv4(src("10.1.0.2"), dst("192.0.2.9"))
                .udp(srcPort(1));
        assertThat(router.counted()).containsExactly("neighbour-unresolved=1", "answers-sent=1");
        assertThat(router.pool().inUse()).isZero();
        assertThat(router.neighbours.size()).isOne();
        router.advance(10_000);
        assertThat(router.neighbours.size()).isZero();
    }

    @Test
    void tellsIpv6SendersThatTheAddressIsUnreachable() {
        router.pod.offer(toLink("fd01::2", "2001:db8::9", 1));
        router.run();
        for (int i = 0; i < 3; i++) {
            router.advance(1000);
        }
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv6(src("fe80::1"))
                .icmpv6(type(1), code(3));
    }

    @Test
    void theLatestPacketsWait() {
        final int most = WaitingNeighbour.PACKETS;
        for (int port = 1; port <= most + 2; port++) {
            router.pod.offer(toLink("10.1.0.2", "192.0.2.9", port));
        }
        router.run();
        assertThat(router.counted())
                .containsExactly(
                        "neighbour-queue-full=2",
                        "pipeline-runs=" + (most + 2),
                        "answers-sent=1",
                        "held=" + (most + 2));
        router.uplink.poll();
        arpReply("192.0.2.9", PEER_MAC);
        router.run();
        assertThat(router.uplink.transmitted()).hasSize(most);
        assertPacket(next(router.uplink)).ethernet().ipv4().udp(srcPort(3));
    }

    @Test
    void packetsThatWaitLeaveHalfOfTheSlots() {
        for (int i = 2; i < 60; i++) {
            for (int port = 1; port <= WaitingNeighbour.PACKETS; port++) {
                router.pod.offer(toLink("10.1.0.2", "192.0.2." + i, port));
            }
            router.run();
        }
        assertThat(router.pool().inUse()).isBetween(TestRouter.PACKETS / 2 - 1, TestRouter.PACKETS / 2 + 1);
        for (int i = 0; i < 4; i++) {
            router.advance(1000);
        }
        assertThat(router.pool().inUse()).isZero();
    }

    @Test
    void aScanOfTheLinkIsBounded() {
        for (int i = 2; i < 252; i++) {
            router.pod.offer(toLink("10.1.0.2", "192.0.2." + i, 1));
        }
        router.run();
        assertThat(router.pool().inUse()).isEqualTo(NeighbourResolver.NEIGHBOURS);
        assertThat(router.counted())
                .containsExactly("neighbour-queue-full=186", "pipeline-runs=250", "answers-sent=64", "held=250");
        for (int i = 0; i < 4; i++) {
            router.advance(1000);
        }
        assertThat(router.pool().inUse()).isZero();
    }

    @Test
    void nobodyCanClaimWhatNobodyAskedFor() {
        arpReply("10.1.0.3", PEER_MAC);
        arpReply("192.0.2.77", PEER_MAC);
        router.uplink.offer(packet().ethernet(PEER_MAC, BROADCAST)
                .arpRequest(PEER_MAC, "10.1.0.3", "10.1.0.3")
                .build());
        router.run();
        assertThat(router.neighbours.size()).isZero();
        router.pod.offer(toLink("10.1.0.2", "10.1.0.3", 1));
        router.run();
        assertPacket(only(router.bigPod)).ethernet(dst(TestRouter.BIG_POD_MAC));
        silent(router.uplink);
    }

    @Test
    void aNeighbourMayMove() {
        resolve();
        router.uplink.offer(packet().ethernet(OTHER_MAC, BROADCAST)
                .arpRequest(OTHER_MAC, "192.0.2.9", "192.0.2.9")
                .build());
        router.run();
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(OTHER_MAC));
    }

    private void resolve() {
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        router.uplink.poll();
        arpReply("192.0.2.9", PEER_MAC);
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(PEER_MAC));
    }

    @Test
    void anOldNeighbourIsAskedAndStaysWhenItAnswers() {
        resolve();
        router.advance(60_000);
        assertPacket(only(router.uplink)).ethernet(dst(PEER_MAC)).arp(operation(1), target(NO_MAC, "192.0.2.9"));
        arpReply("192.0.2.9", PEER_MAC);
        router.run();
        router.advance(30_000);
        silent(router.uplink);
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        assertThat(router.counted()).containsExactly("cache-hits=1");
    }

    @Test
    void aSilentNeighbourIsForgotten() {
        resolve();
        router.advance(60_000);
        router.advance(1_000);
        router.advance(1_000);
        assertThat(router.uplink.transmitted()).hasSize(3);
        router.advance(1_000);
        assertThat(router.neighbours.size()).isZero();
        while (router.uplink.poll() != null) {
            // three questions, looked at above
        }
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(BROADCAST)).arp(operation(1));
    }

    @Test
    void fixedNeighboursAreNeitherAskedNorMoved() {
        router.neighbours.fixed(
                List.of(new NeighbourSpec(UPLINK, IpAddress.parse("192.0.2.9"), MacAddress.parse(PEER_MAC))));
        router.publish();
        arpReply("192.0.2.9", OTHER_MAC);
        router.run();
        router.pod.offer(toLink("10.1.0.2", "192.0.2.9", 1));
        router.run();
        assertPacket(only(router.uplink)).ethernet(dst(PEER_MAC)).ipv4();
        router.advance(3_600_000);
        silent(router.uplink);
    }
}
