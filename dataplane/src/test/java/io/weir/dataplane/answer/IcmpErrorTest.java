package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.BIG_POD_MTU;
import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.answer.TestRouter.only;
import static io.weir.dataplane.answer.TestRouter.silent;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static io.weir.dataplane.wire.PacketField.code;
import static io.weir.dataplane.wire.PacketField.dontFragment;
import static io.weir.dataplane.wire.PacketField.dst;
import static io.weir.dataplane.wire.PacketField.mtu;
import static io.weir.dataplane.wire.PacketField.src;
import static io.weir.dataplane.wire.PacketField.trafficClass;
import static io.weir.dataplane.wire.PacketField.ttl;
import static io.weir.dataplane.wire.PacketField.type;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.flow.TunnelTermination;
import io.weir.dataplane.memory.OffHeap;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.pipeline.Answer;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.route.AdjacencyTable;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.wire.PacketAssert;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IcmpErrorTest {
    private final TestRouter router = new TestRouter();

    @AfterEach
    void everySlotIsBack() {
        assertThat(router.pool().inUse()).isZero();
        router.close();
    }

    /** Rejects everything from the pod. */
    private record Reject(Answer answer) implements Stage {
        @Override
        public String name() {
            return "reject";
        }

        @Override
        public Verdict decide(Packet packet, Decision decision) {
            return decision.reject(DataplaneDrop.FAULT_INJECTED, answer);
        }

        @Override
        public String describe() {
            return "";
        }
    }

    private static PacketBuilder fromPod(String source, String destination) {
        return packet().ethernet(POD_MAC, GATEWAY_MAC).ip(source, destination);
    }

    private static byte[] ip(byte[] frame) {
        return Arrays.copyOfRange(frame, 14, frame.length);
    }

    private static byte[] ip(byte[] frame, int length) {
        return Arrays.copyOfRange(frame, 14, 14 + length);
    }

    @ParameterizedTest
    @CsvSource({
        "NO_ROUTE, 3, 0, 1, 0",
        "HOST_UNREACHABLE, 3, 1, 1, 3",
        "PORT_UNREACHABLE, 3, 3, 1, 4",
        "RESET_OR_PORT_UNREACHABLE, 3, 3, 1, 4",
        "PROHIBITED, 3, 13, 1, 1",
        "TIME_EXCEEDED, 11, 0, 3, 0"
    })
    void namesTheReasonInBothFamilies(Answer answer, int type4, int code4, int type6, int code6) {
        router.stage(new Reject(answer));
        final byte[] ipv4 = fromPod("10.1.0.2", "198.51.100.1")
                .trafficClass(0xB9)
                .udp(5000, 53)
                .payloadOf(100)
                .build();
        router.pod.offer(ipv4);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .ipv4(
                        src(code4 == 3 ? "198.51.100.1" : "169.254.1.1"),
                        dst("10.1.0.2"),
                        ttl(64),
                        trafficClass(0xD8),
                        dontFragment(false))
                .icmpv4(type(type4), code(code4), mtu(0))
                .payload(ip(ipv4));
        final byte[] ipv6 =
                fromPod("fd01::2", "2001:db8:9::1").udp(5000, 53).payloadOf(100).build();
        router.pod.offer(ipv6);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet(src(GATEWAY_MAC), dst(POD_MAC))
                .ipv6(src(code4 == 3 ? "2001:db8:9::1" : "fe80::1"), dst("fd01::2"), ttl(64))
                .icmpv6(type(type6), code(code6), mtu(0))
                .payload(ip(ipv6));
        assertThat(router.counted()).containsExactly("fault-injected=1", "pipeline-runs=1", "answers-sent=1");
    }

    @Test
    void quotesAsMuchAsFits() {
        final byte[] ipv4 =
                fromPod("10.1.0.2", "203.0.113.1").udp(5000, 53).payloadOf(1472).build();
        final byte[] ipv6 = fromPod("fd01::2", "2001:db8:9::1")
                .udp(5000, 53)
                .payloadOf(1452)
                .build();
        router.pod.offer(ipv4);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv4()
                .icmpv4(type(3), code(0))
                .payload(ip(ipv4, 548));
        router.pod.offer(ipv6);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv6()
                .icmpv6(type(1), code(0))
                .payload(ip(ipv6, 1232));
    }

    @Test
    void tellsTheMtuOfTheWayOut() {
        final byte[] ipv4 = fromPod("10.1.0.2", "10.1.0.3")
                .dontFragment()
                .udp(5000, 53)
                .payloadOf(1400)
                .build();
        router.pod.offer(ipv4);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv4(src("169.254.1.1"))
                .icmpv4(type(3), code(4), mtu(BIG_POD_MTU))
                .payload(ip(ipv4, 548));
        final byte[] ipv6 =
                fromPod("fd01::2", "fd01::3").udp(5000, 53).payloadOf(1400).build();
        router.pod.offer(ipv6);
        router.run();
        assertPacket(only(router.pod))
                .checksumsValid()
                .ethernet()
                .ipv6(src("fe80::1"))
                .icmpv6(type(2), code(0), mtu(BIG_POD_MTU))
                .payload(ip(ipv6, 1232));
        silent(router.bigPod);
        assertThat(router.counted()).containsExactly("packet-too-big=1", "pipeline-runs=1", "answers-sent=1");
    }

    @Test
    void tellsThatTheTimeRanOut() {
        for (final String[] pair : new String[][] {{"10.1.0.2", "10.1.0.3"}, {"fd01::2", "fd01::3"}}) {
            final byte[] sent =
                    fromPod(pair[0], pair[1]).ttl(1).udp(33434, 33435).build();
            router.pod.offer(sent);
            router.run();
            final PacketAssert error =
                    assertPacket(only(router.pod)).checksumsValid().ethernet();
            if (pair[0].contains(":")) {
                error.ipv6(src("fe80::1")).icmpv6(type(3), code(0)).payload(ip(sent));
            } else {
                error.ipv4(src("169.254.1.1")).icmpv4(type(11), code(0)).payload(ip(sent));
            }
            assertThat(router.counted()).containsExactly("ttl-exceeded=1", "pipeline-runs=1", "answers-sent=1");
        }
    }

    @Test
    void comesFromTheUplinksOwnAddressThere() {
        router.uplink.offer(packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv4("192.0.2.9", "10.66.1.1")
                .udp(1, 2)
                .build());
        router.run();
        assertPacket(only(router.uplink))
                .ethernet(src(UPLINK_MAC), dst(PEER_MAC))
                .ipv4(src("192.0.2.1"));
        router.uplink.offer(packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv6("2001:db8::9", "fd66::1")
                .udp(1, 2)
                .build());
        router.run();
        assertPacket(only(router.uplink)).ethernet().ipv6(src("2001:db8::1"));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 11, 12, 40})
    void isNotAboutIcmpv4Errors(int type) {
        router.pod.offer(
                fromPod("10.1.0.2", "10.66.0.1").icmp(type, 0, 0).payloadOf(40).build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("no-route=1", "pipeline-runs=1");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 127})
    void isNotAboutIcmpv6Errors(int type) {
        router.pod.offer(
                fromPod("fd01::2", "fd66::1").icmp(type, 0, 0).payloadOf(40).build());
        router.run();
        silent(router.pod);
        assertThat(router.counted()).containsExactly("no-route=1", "pipeline-runs=1");
    }

    @Test
    void isAboutPings() {
        router.pod.offer(fromPod("10.1.0.2", "10.67.0.1").icmpEcho(1, 1).build());
        router.run();
        assertPacket(only(router.pod)).ethernet().ipv4().icmpv4(type(3), code(13));
        router.pod.offer(fromPod("fd01::2", "fd67::1").icmpEcho(1, 1).build());
        router.run();
        assertPacket(only(router.pod)).ethernet().ipv6().icmpv6(type(1), code(1));
    }

    @Test
    void isAboutFirstFragmentsOnly() {
        router.pod.offer(fromPod("10.1.0.2", "10.66.0.1")
                .moreFragments()
                .udp(1, 2)
                .payloadOf(64)
                .build());
        router.run();
        assertPacket(only(router.pod)).ethernet().ipv4().icmpv4(type(3));
        router.pod.offer(fromPod("10.1.0.2", "10.66.0.1")
                .fragmentOffset(64)
                .protocol(17)
                .payloadOf(64)
                .build());
        router.pod.offer(fromPod("fd01::2", "fd66::1")
                .fragment(1, 64, false)
                .payloadOf(64)
                .build());
        router.run();
        silent(router.pod);
    }

    @Test
    void isNotToTheUnspecifiedAddressNorAboutGroups() {
        router.pod.offer(fromPod("::", "fd66::1").udp(1, 2).build());
        router.pod.offer(fromPod("fd01::2", "ff0e::1").udp(1, 2).build());
        router.pod.offer(fromPod("10.1.0.2", "224.0.0.9").udp(1, 2).build());
        router.pod.offer(fromPod("10.1.0.2", "255.255.255.255").udp(1, 2).build());
        router.pod.offer(fromPod("127.0.0.1", "10.66.0.1").udp(1, 2).build());
        router.run();
        silent(router.pod);
    }

    @Test
    void isLimitedPerDestination() {
        for (int i = 0; i < 10; i++) {
            router.pod.offer(fromPod("10.1.0.2", "10.66.0.1").udp(1, 2).build());
        }
        router.run();
        assertThat(router.pod.transmitted()).hasSize(6);
        assertThat(router.counted())
                .containsExactly("no-route=10", "icmp-rate-limited=4", "pipeline-runs=10", "answers-sent=6");
        router.pod.offer(fromPod("fd01::2", "fd66::1").udp(1, 2).build());
        router.run();
        assertThat(router.pod.transmitted()).hasSize(7);
        router.pod.offer(fromPod("10.1.0.2", "10.66.0.1").udp(1, 2).build());
        router.advance(1000);
        assertThat(router.pod.transmitted()).hasSize(8);
    }

    @Test
    void tooBigIsNotLimited() {
        for (int i = 0; i < 20; i++) {
            router.pod.offer(
                    fromPod("fd01::2", "fd01::3").udp(5000, 53).payloadOf(1400).build());
        }
        router.run();
        assertThat(router.pod.transmitted()).hasSize(20);
    }

    @Test
    void isLimitedInTotal() {
        final TestRouter strict = new TestRouter(new AnswerSettings(1, 2, 0, 1));
        for (int i = 0; i < 5; i++) {
            strict.pod.offer(fromPod("10.1.0.2", "10.66.0.1").udp(1, 2).build());
        }
        strict.run();
        assertThat(strict.pod.transmitted()).hasSize(2);
        strict.close();
    }

    @Test
    void answersAboutWhatCameByATunnelGoBackByRoute() {
        final byte[] header = new byte[64];
        Arrays.fill(header, 0, 6, (byte) 0x77);
        header[12] = 0x08;
        header[14] = 0x45;
        router.route("10.2.0.0/16", new RouteSpec.Via(UPLINK, AdjacencyTable.TUNNEL_IPV4, 1450, header));
        final TunnelTermination strips50 = (frame, length, notes) ->
                OffHeap.getShortBigEndian(frame + 12) == 0x0800 && length > 100 ? 5 << 16 | 50 : 0;
        router.tunnels(strips50);
        router.uplink.offer(tunnelled("10.2.0.9"));
        router.run();
        final byte[] reply = only(router.uplink);
        assertThat(reply[0]).isEqualTo((byte) 0x77);
        PacketAssert.assertIpPacket(Arrays.copyOfRange(reply, 64, reply.length))
                .ipv4(src("192.0.2.1"), dst("10.2.0.9"))
                .icmpv4(type(3), code(0));
        router.uplink.offer(tunnelled("10.3.0.9"));
        router.run();
        silent(router.uplink);
    }

    private static byte[] tunnelled(String source) {
        final byte[] inner = packet().ethernet(PEER_MAC, UPLINK_MAC)
                .ipv4(source, "10.66.0.1")
                .udp(1, 2)
                .payloadOf(60)
                .build();
        final byte[] frame = Arrays.copyOf(
                packet().ethernet(PEER_MAC, UPLINK_MAC)
                        .ipv4("192.0.2.9", "192.0.2.1")
                        .payloadOf(16)
                        .build(),
                50 + inner.length);
        System.arraycopy(inner, 0, frame, 50, inner.length);
        return frame;
    }
}
