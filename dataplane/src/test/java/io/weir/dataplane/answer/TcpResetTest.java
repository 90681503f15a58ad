package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.only;
import static io.weir.dataplane.answer.TestRouter.silent;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.ack;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dontFragment;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.dstPort;
import static io.weir.dataplane.wire.PacketField.flags;
import static io.weir.dataplane.wire.PacketField.seq;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.srcPort;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static io.weir.dataplane.wire.PacketField.window;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TcpResetTest {
    private final TestRouter router = new TestRouter();

    @AfterEach
    void everySlotIsBack() {
        assertThat(router.pool().inUse()).isZero();
        router.close();
    }

    private static PacketBuilder toWeir(String letters) {
        return packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv4("10.1.0.2", "10.1.0.1")
                .tcp(40000, 80)
                .flags(letters)
                .seq(1000)
                .ack(7777);
    }

    /** RFC 9293 section 3.10.7.1: without ACK the reset acknowledges the segment's length, SYN and FIN counted. */
    @ParameterizedTest
    @CsvSource({
        "S, 0, RA, 0, 1001",
        "'', 10, RA, 0, 1010",
        "F, 10, RA, 0, 1011",
        "SF, 5, RA, 0, 1007",
        "A, 10, R, 7777, 0",
        "SA, 0, R, 7777, 0",
        "FPA, 3, R, 7777, 0"
    })
    void hasTheNumbersThatTheSenderAccepts(String letters, int length, String reset, long sequence, long acknowledged) {
        router.pod.offer(toWeir(letters).payloadOf(length).build());
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .ipv4(src("10.1.0.1"), dst("10.1.0.2"), ttl(64), dontFragment(true))
                .tcp(srcPort(80), dstPort(40000), flags(reset), seq(sequence), ack(acknowledged), window(0))
                .payloadLength(0);
        assertThat(router.counted()).containsExactly("not-for-us=1", "pipeline-runs=1", "answers-sent=1");
    }

    @Test
    void countsAcrossTheWrapOfSequenceNumbers() {
        router.pod.offer(toWeir("S").seq(0xFFFF_FFFFL).build());
        router.run();
        assertPacket(only(router.pod)).checksumsValid().ethernet().ipv4().tcp(ack(0));
    }

    @Test
    void worksInIpv6() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv6("fd01::2", "fd01::1")
                .tcp(40000, 80)
                .flags("S")
                .seq(5)
                .mss(1440)
                .build());
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv6(src("fd01::1"), dst("fd01::2"), ttl(64))
                .tcp(srcPort(80), dstPort(40000), flags("RA"), seq(0), ack(6));
    }

    @Test
    void neverAnswersAResetNorWhatIsBroken() {
        router.pod.offer(toWeir("R").build());
        router.pod.offer(toWeir("RA").build());
        router.pod.offer(toWeir("S").checksum(0x1234).build());
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv4("10.1.0.2", "10.1.0.1")
                .moreFragments()
                .tcp(1, 2)
                .flags("S")
                .payloadOf(16)
                .build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("not-for-us=4", "pipeline-runs=4");
    }

    @Test
    void trustsAChecksumThatTheDeviceWouldHaveCompleted() {
        router.pod.offer(toWeir("S").checksum(0x1234).build(), Burst.CHECKSUM_PARTIAL);
        router.run();
        assertPacket(only(router.pod)).checksumsValid().ethernet().ipv4().tcp(flags("RA"));
    }

    @Test
    void otherProtocolsGetPortUnreachable() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv4("10.1.0.2", "10.1.0.1")
                .udp(1, 2)
                .build());
        router.run();
        assertPacket(only(router.pod)).checksumsValid().ethernet().ipv4().icmpv4(type(3), code(3));
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv6("fd01::2", "fd01::1")
                .sctp(1, 2)
                .init(1, 1)
                .build());
        router.run();
        assertPacket(only(router.pod)).checksumsValid().ethernet().ipv6().icmpv6(type(1), code(4));
    }

    @Test
    void icmpThatNobodyAskedForIsNotRefused() {
        router.pod.offer(packet().ethernet(POD_MAC, GATEWAY_MAC)
                .ipv4("10.1.0.2", "10.1.0.1")
                .icmpEchoReply(1, 1)
                .build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("not-for-us=1", "pipeline-runs=1");
    }
}
