package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.answer.TestRouter.only;
import static io.weir.dataplane.answer.TestRouter.silent;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.echoId;
import static io.weir.dataplane.wire.PacketField.echoSeq;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.trafficClass;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EchoReplyTest {
    private final TestRouter router = new TestRouter();

    @AfterEach
    void everySlotIsBack() {
        assertThat(router.pool().inUse()).isZero();
        router.close();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.2, 169.254.1.1, 0",
        "10.1.0.2, 10.1.0.1, 56",
        "10.1.0.2, 192.0.2.1, 1472",
        "fd01::2, fd01::1, 57",
        "fd01::2, 2001:db8::1, 1452",
        "fe80::2, fe80::1, 56"
    })
    void podsCanPingTheGateway(String pod, String address, int length) {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ip(pod, address)
                .ttl(1)
                .trafficClass(0xB8)
                .icmpEcho(77, 5)
                .payloadOf(length)
                .build());
        router.run();
        final var reply = assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .ip(src(address), dst(pod), ttl(64), trafficClass(0xB8));
        (pod.contains(":")
                        ? reply.icmpv6(type(129), code(0), echoId(77), echoSeq(5))
                        : reply.icmpv4(type(0), code(0), echoId(77), echoSeq(5)))
                .payloadLength(length);
        assertThat(router.counted()).containsExactly("pipeline-runs=1", "answered=1", "answers-sent=1");
    }

    @Test
    void answersTheUplinkAlthoughItsNeighbourIsNotResolved() {
        router.uplink.offer(packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv4("192.0.2.9", "192.0.2.1")
                .icmpEcho(1, 1)
                .build());
        router.run();
        assertPacket(only(router.uplink))
                .checksumsValid()
                .ethernet(src(UPLINK_MAC), dst(PEER_MAC))
                .ipv4(src("192.0.2.1"), dst("192.0.2.9"));
    }

    @Test
    void dropsAWrongChecksum() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv4("10.1.0.2", "169.254.1.1")
                .icmpEcho(1, 1)
                .checksum(0x1234)
                .build());
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv6("fd01::2", "fe80::1")
                .icmpEcho(1, 1)
                .checksum(0x1234)
                .build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("echo-malformed=2", "pipeline-runs=2", "answered=2");
    }

    @Test
    void answersNobodyWhoPretendsToBeWeir() {
        router.uplink.offer(packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv4("10.1.0.1", "192.0.2.1")
                .icmpEcho(1, 1)
                .build());
        router.run();
        silent(router.uplink, router.pod, router.bigPod);
    }
}
