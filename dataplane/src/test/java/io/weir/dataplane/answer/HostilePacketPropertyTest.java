package io.weir.dataplane.answer;

import static io.weir.dataplane.answer.TestRouter.GATEWAY_MAC;
import static io.weir.dataplane.answer.TestRouter.HOST_MAC;
import static io.weir.dataplane.answer.TestRouter.PEER_MAC;
import static io.weir.dataplane.answer.TestRouter.POD_MAC;
import static io.weir.dataplane.answer.TestRouter.UPLINK_MAC;
import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.wire.PacketBuilder.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.wire.PacketBuilder;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;

/** Whatever is done to packets that weir answers: nothing is thrown, no slot is lost, and all answers are right packets. */
class HostilePacketPropertyTest {
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";
    private static final String NODES = "33:33:ff:00:00:01";

    private final TestRouter router = new TestRouter();

    /** One byte of a frame is overwritten. */
    record Damage(int offset, int value) {}

    @AfterProperty
    void close() {
        router.close();
    }

    @Provide
    Arbitrary<byte[]> frames() {
        return Arbitraries.of(
                arp(POD_MAC, "10.1.0.2", "169.254.1.1"),
                arp(PEER_MAC, "192.0.2.9", "192.0.2.1"),
                packet().ethernet(PEER_MAC, UPLINK_MAC)
                        .arpReply(PEER_MAC, "192.0.2.9", UPLINK_MAC, "192.0.2.1")
                        .build(),
                icmpv6(POD_MAC, NODES, "fe80::2", "ff02::1:ff00:1")
                        .neighbourSolicitation("fe80::1", POD_MAC)
                        .build(),
                icmpv6(PEER_MAC, UPLINK_MAC, "2001:db8::9", "2001:db8::1")
                        .neighbourAdvertisement("2001:db8::9", PEER_MAC)
                        .build(),
                icmpv6(POD_MAC, NODES, "fe80::2", "ff02::2")
                        .icmp(133, 0, 0)
                        .payloadOf(8)
                        .build(),
                icmpv6(POD_MAC, GATEWAY_MAC, "fe80::2", "fe80::1")
                        .icmpEcho(1, 2)
                        .payloadOf(30)
                        .build(),
                icmpv6(HOST_MAC, GATEWAY_MAC, "fd00::9", "fd01::1")
                        .icmpEcho(1, 2)
                        .payloadOf(30)
                        .build(),
                to("10.1.0.2", "169.254.1.1").icmpEcho(1, 2).payloadOf(30).build(),
                to("10.1.0.2", "10.66.0.1").icmpError(3, 3, ip()).build(),
                to("10.1.0.2", "10.66.0.1")
                        .ipOptions(148, 4, 0, 0)
                        .udp(1, 2)
                        .payloadOf(700)
                        .build(),
                to("10.1.0.2", "10.1.0.3").udp(1, 2).payloadOf(1400).build(),
                to("10.1.0.2", "10.1.0.3")
                        .ipOptions(148, 4, 0, 0)
                        .udp(1, 2)
                        .payloadOf(1400)
                        .build(),
                to("10.1.0.2", "192.0.2.9").tcp(1, 2).flags("S").build(),
                to("10.1.0.2", "10.1.0.1").tcp(1, 2).flags("S").mss(1).build(),
                to("fd01::2", "2001:db8::9")
                        .hopByHop(5, 2, 0, 0)
                        .udp(1, 2)
                        .payloadOf(9)
                        .build(),
                to("fd01::2", "fd67::1")
                        .fragment(1, 0, true)
                        .udp(1, 2)
                        .payloadOf(8)
                        .build());
    }

    private static byte[] arp(String mac, String sender, String target) {
        return packet().ethernet(mac, BROADCAST).arpRequest(mac, sender, target).build();
    }

    private static PacketBuilder to(String source, String destination) {
        return packet().ethernet(POD_MAC, GATEWAY_MAC).ip(source, destination);
    }

    private static PacketBuilder icmpv6(String from, String to, String source, String destination) {
        return packet().ethernet(from, to).ipv6(source, destination).ttl(255);
    }

    private static byte[] ip() {
        return packet().ipv4("10.66.0.1", "10.1.0.2").udp(1, 2).build();
    }

    @Provide
    Arbitrary<Damage> damages() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 120),
                        Arbitraries.integers().between(0, 255))
                .as(Damage::new);
    }

    @Property(tries = 5000)
    void nothingHurts(
            @ForAll("frames") byte[] frame,
            @ForAll @Size(max = 4) List<@From("damages") Damage> damages,
            @ForAll @IntRange(min = 1, max = 2000) int cut,
            @ForAll @IntRange(max = 3) int port) {
        final byte[] damaged = Arrays.copyOf(frame, Math.min(frame.length, cut < 200 ? cut : 2000));
        for (final Damage damage : damages) {
            if (damage.offset < damaged.length) {
                damaged[damage.offset] = (byte) damage.value;
            }
        }
        final List<MemoryPort> ports = List.of(router.pod, router.bigPod, router.uplink, router.host);
        ports.get(port).offer(damaged);
        router.run();
        for (int i = 0; i < 15 && router.pool().inUse() != 0; i++) {
            router.advance(1000);
        }
        assertThat(router.pool().inUse()).isZero();
        for (final MemoryPort out : ports) {
            for (byte[] answer = out.poll(); answer != null; answer = out.poll()) {
                if (router.counted().contains("answers-sent=1")) {
                    assertPacket(answer).checksumsValid();
                }
            }
        }
    }
}
