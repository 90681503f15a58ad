package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.BIG_POD_MAC;
import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.HOST_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.answer.TestRouter.only;
import static io.weir.dataplane.answer.TestRouter.silent;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.field;
import static io.weir.dataplane.wire.PacketField.operation;
import static io.weir.dataplane.wire.PacketField.sender;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.target;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.MacAddress;
import io.weir.dataplane.wire.PacketBuilder;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressResolutionTest {
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";

    private final TestRouter router = new TestRouter();

    @AfterEach
    void everySlotIsBack() {
        assertThat(router.pool().inUse()).isZero();
        router.close();
    }

    private static byte[] podAsks(String target) {
        return packet().ethernet(POD_MAC, BROADCAST)
                .arpRequest(POD_MAC, "10.1.0.2", target)
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"169.254.1.1", "10.1.0.1", "192.0.2.1"})
    void answersPodsForTheGatewayAndWeirsOwnAddresses(String address) {
        router.pod.offer(podAsks(address));
        router.run();
        assertPacket(only(router.pod))
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .arp(operation(2), sender(GATEWAY_MAC, address), target(POD_MAC, "10.1.0.2"));
        assertThat(router.counted()).containsExactly("answered=1", "answers-sent=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.1.0.2", "10.1.0.3", "198.51.100.1", "192.0.2.77", "10.66.0.1"})
    void isNoProxyForOtherAddressesTowardsPods(String address) {
        router.pod.offer(podAsks(address));
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("arp-ignored=1", "answered=1");
    }

    @Test
    void answersProbesAndUnicastRequests() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .arpRequest(POD_MAC, "10.1.0.2", "169.254.1.1")
                .build());
        router.run();
        assertPacket(only(router.pod)).ethernet(dst(POD_MAC)).arp(operation(2));

        router.pod.offer(packet().ethernet(POD_MAC, BROADCAST)
                .arpRequest(POD_MAC, "0.0.0.0", "169.254.1.1")
                .build());
        router.run();
        assertPacket(only(router.pod)).ethernet().arp(operation(2), target(POD_MAC, "0.0.0.0"));
    }

    @Test
    void aPodSpeaksForItselfOnly() {
        router.pod.offer(packet().ethernet(POD_MAC, BROADCAST)
                .arpRequest(BIG_POD_MAC, "10.1.0.3", "169.254.1.1")
                .build());
        router.pod.offer(packet().ethernet(BIG_POD_MAC, BROADCAST)
                .arpRequest(BIG_POD_MAC, "10.1.0.3", "169.254.1.1")
                .build());
        router.run();
        silent(router.pod, router.bigPod);
        assertThat(router.counted()).containsExactly("spoofed-source-mac=2", "answered=2");
    }

    @Test
    void answersTheNodeForWhatItRoutes() {
        for (final String pod : new String[] {"10.1.0.2", "192.0.2.9"}) {
            router.host.offer(packet().ethernet(HOST_MAC, BROADCAST)
                    .arpRequest(HOST_MAC, "10.0.0.1", pod)
                    .build());
            router.run();
            assertPacket(only(router.host)).ethernet(dst(HOST_MAC)).arp(sender(GATEWAY_MAC, pod));
        }
        router.host.offer(packet().ethernet(HOST_MAC, BROADCAST)
                .arpRequest(HOST_MAC, "10.0.0.1", "10.0.0.2")
                .build());
        router.run();
        silent(router.host);
    }

    @Test
    void answersOnTheUplinkForTheUplinksAddressesOnly() {
        router.uplink.offer(packet().ethernet(PEER_MAC, BROADCAST)
                .arpRequest(PEER_MAC, "192.0.2.9", "192.0.2.1")
                .build());
        router.run();
        assertPacket(only(router.uplink)).ethernet().arp(sender(UPLINK_MAC, "192.0.2.1"));
        for (final String other : new String[] {"10.1.0.2", "169.254.1.1", "10.1.0.1"}) {
            router.uplink.offer(packet().ethernet(PEER_MAC, BROADCAST)
                    .arpRequest(PEER_MAC, "192.0.2.9", other)
                    .build());
            router.run();
            silent(router.uplink);
            assertThat(router.counted()).containsExactly("arp-ignored=1", "answered=1");
        }
    }

    @Test
    void dropsMalformedArpByName() {
        router.pod.offer(PacketBuilder.packet()
                .ethernet(POD_MAC, BROADCAST)
                .etherType(0x0806)
                .payloadOf(20)
                .build());
        router.pod.offer(packet().ethernet(POD_MAC, BROADCAST)
                .arpRequest(POD_MAC, "10.1.0.2", "169.254.1.1")
                .patch(4, 8)
                .build());
        router.pod.offer(packet().ethernet(POD_MAC, BROADCAST)
                .arpRequest("01:00:00:00:00:01", "10.1.0.2", "169.254.1.1")
                .build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("arp-malformed=3", "answered=3");
    }

    private static PacketBuilder solicitation(String source, String target) {
        final byte[] last = IpAddress.parse(target).toBytes();
        final String group = "ff02::1:ff%02x:%02x%02x".formatted(last[13], last[14], last[15]);
        final String mac = "33:33:ff:%02x:%02x:%02x".formatted(last[13], last[14], last[15]);
        return packet().ethernet(POD_MAC, mac).ipv6(source, group).ttl(255);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fe80::1", "fd01::1", "2001:db8::1"})
    void answersNeighbourSolicitations(String address) {
        router.pod.offer(solicitation("fe80::ff:fe00:2", address)
                .neighbourSolicitation(address, POD_MAC)
                .build());
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .ipv6(src(address), dst("fe80::ff:fe00:2"), ttl(255))
                .icmpv6(type(136), code(0), field("flags", 4, 4, 0xE000_0000L))
                .payload(ByteBuffer.allocate(24)
                        .put(IpAddress.parse(address).toBytes())
                        .put((byte) 2)
                        .put((byte) 1)
                        .put(MacAddress.parse(GATEWAY_MAC).toBytes())
                        .array());
        assertThat(router.counted()).containsExactly("answered=1", "answers-sent=1");
    }

    @Test
    void answersTheUnicastSolicitationOfReachabilityDetection() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv6("fd01::2", "fe80::1")
                .ttl(255)
                .neighbourSolicitation("fe80::1", POD_MAC)
                .build());
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv6(dst("fd01::2"))
                .icmpv6(type(136));
    }

    @Test
    void defendsTheGatewayInDuplicateAddressDetectionAndNothingElse() {
        router.pod.offer(solicitation("::", "fe80::1")
                .icmp(135, 0, 0)
                .payload(IpAddress.parse("fe80::1").toBytes())
                .build());
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(dst("33:33:00:00:00:01"))
                .ipv6(src("fe80::1"), dst("ff02::1"), ttl(255))
                .icmpv6(type(136), field("flags", 4, 4, 0xA000_0000L));

        for (final String own : new String[] {"fe80::ff:fe00:2", "fd01::2", "fd01::3"}) {
            router.pod.offer(solicitation("::", own)
                    .icmp(135, 0, 0)
                    .payload(IpAddress.parse(own).toBytes())
                    .build());
            router.run();
            silent(router.pod);
            assertThat(router.counted()).containsExactly("neighbour-discovery-ignored=1", "answered=1");
        }
    }

    @Test
    void dropsWhatBreaksRfc4861() {
        final byte[] gateway = IpAddress.parse("fe80::1").toBytes();
        router.pod.offer(solicitation("fe80::2", "fe80::1")
                .ttl(254)
                .neighbourSolicitation("fe80::1", POD_MAC)
                .build());
        router.pod.offer(solicitation("fe80::2", "fe80::1")
                .icmp(135, 1, 0)
                .payload(gateway)
                .build());
        router.pod.offer(solicitation("fe80::2", "fe80::1")
                .icmp(135, 0, 0)
                .checksum(0x1234)
                .payload(gateway)
                .build());
        router.pod.offer(solicitation("fe80::2", "fe80::1")
                .icmp(135, 0, 0)
                .payload(ByteBuffer.allocate(24).put(gateway).array())
                .build()); // an option of length 0
        router.pod.offer(solicitation("fe80::2", "fe80::1")
                .icmp(135, 0, 0)
                .payload(new byte[8])
                .build());
        router.pod.offer(solicitation("::", "fe80::1")
                .neighbourSolicitation("fe80::1", POD_MAC)
                .build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("neighbour-discovery-malformed=6", "answered=6");
    }

    @Test
    void ignoresRouterDiscoveryAndRedirects() {
        for (final int type : new int[] {133, 134, 137}) {
            router.pod.offer(packet().ethernet(POD_MAC, "33:33:00:00:00:02")
                    .ipv6("fe80::2", "ff02::2")
                    .ttl(255)
                    .icmp(type, 0, 0)
                    .payloadOf(32)
                    .build());
        }
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("neighbour-discovery-ignored=3", "answered=3");
    }
}
