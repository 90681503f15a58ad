package io.weir.dataplane.flow;

import static io.weir.dataplane.wire.PacketAssert.assertPacket;
import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketParser;
import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.pipeline.Stage;
import io.weir.dataplane.pipeline.Verdict;
import io.weir.dataplane.port.MemoryPort;
import io.weir.dataplane.route.RouteSpec;
import io.weir.dataplane.route.RouteStage;
import io.weir.dataplane.wire.IpAddress;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.TestDataplane;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * The flow cache changes nothing but speed: for random packets, a random translation and random route changes, a dataplane
 * with its cache sends byte for byte what one that runs every packet through the pipeline sends.
 */
class CachedEqualsUncachedPropertyTest {
    /** Translates by a hash of the flow, drops an eighth of them. */
    private record HashNat(int seed) implements Stage {
        @Override
        public String name() {
            return "hash-nat";
        }

        @Override
        public Verdict decide(Packet packet, Decision decision) {
            final Random random = new Random(
                    seed ^ packet.destinationLow() * 31 ^ packet.sourcePort() * 17L ^ packet.destinationPort());
            if (random.nextInt(8) == 0) {
                return decision.drop(DataplaneDrop.BLACKHOLE_ROUTE);
            }
            if (random.nextBoolean()) {
                decision.translateSource(
                        packet.sourceHigh(), packet.sourceLow() ^ random.nextInt(1 << 16), random.nextInt(65536));
            }
            if (random.nextBoolean()) {
                decision.translateDestination(
                        packet.destinationHigh(),
                        packet.destinationLow() ^ random.nextInt(1 << 16),
                        random.nextInt(65536));
            }
            return Verdict.CONTINUE;
        }

        @Override
        public String describe() {
            return "test";
        }
    }

    @Property(tries = 60)
    void sendsTheSameBytes(@ForAll int seed) {
        final Random random = new Random(seed);
        try (TestDataplane cached = dataplane(seed);
                TestDataplane uncached = dataplane(seed)) {
            uncached.dataplane.listen(id -> new PacketListener() {});
            final List<byte[]> packets = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                packets.add(randomPacket(random));
            }
            for (int round = 0; round < 60; round++) {
                final byte[] packet = packets.get(random.nextInt(packets.size()));
                cached.send(cached.pod1, packet);
                uncached.send(uncached.pod1, packet);
                if (random.nextInt(10) == 0) {
                    changeRoute(random, cached, uncached);
                }
                cached.nowNs += 200_000_000L;
                uncached.nowNs += 200_000_000L;
            }
            assertThat(uncached.count(PathCounter.CACHE_HITS)).isZero();
            compare(cached.uplink, uncached.uplink);
            compare(cached.pod2, uncached.pod2);
            assertThat(cached.drops()).isEqualTo(uncached.drops());
        }
    }

    private static TestDataplane dataplane(int seed) {
        return new TestDataplane((routes, self) -> List.of(new HashNat(seed), new RouteStage(routes)));
    }

    private static void changeRoute(Random random, TestDataplane... both) {
        final String prefix = random.nextBoolean()
                ? "192.0." + (random.nextInt(4) << 6) + ".0/" + (17 + random.nextInt(8))
                : "2001:db8::/" + (33 + random.nextInt(90));
        final boolean toPod = random.nextBoolean();
        final RouteSpec spec =
                TestDataplane.via(prefix, toPod ? TestDataplane.POD2 : TestDataplane.UPLINK, GATEWAY_MAC, POD1_MAC);
        final boolean remove = random.nextInt(3) == 0;
        for (final TestDataplane one : both) {
            final Changes changes = new Changes();
            if (remove) {
                one.routes.remove(spec.prefix(), changes);
            } else {
                one.routes.put(spec, changes);
            }
            one.publish(changes);
        }
    }

    private static void compare(MemoryPort cached, MemoryPort uncached) {
        assertThat(cached.transmitted()).hasSameSizeAs(uncached.transmitted());
        byte[] frame = cached.poll();
        while (frame != null) {
            assertThat(frame).isEqualTo(uncached.poll());
            assertPacket(frame).checksumsValid();
            frame = cached.poll();
        }
    }

    private static byte[] randomPacket(Random random) {
        final boolean ipv4 = random.nextBoolean();
        final PacketBuilder builder = PacketBuilder.packet().ethernet(POD1_MAC, GATEWAY_MAC);
        final IpAddress destination = ipv4
                ? IpAddress.ipv4(0xC0000200 | random.nextInt(1 << 16))
                : new IpAddress(0x2001_0db8_0000_0000L, random.nextInt(1 << 20));
        builder.ip(IpAddress.parse(ipv4 ? "10.0.1.1" : "fd00:1::1"), destination)
                .ttl(2 + random.nextInt(250));
        final int port = 1 + random.nextInt(65535);
        return switch (random.nextInt(7)) {
            case 0 -> builder.tcp(port, 80).flags("S").build();
            case 1, 2 ->
                builder.tcp(port, 80).flags("A").payloadOf(random.nextInt(200)).build();
            case 3 -> builder.sctp(port, 5000).init(random.nextInt(), 1).build();
            case 4 -> builder.icmpEcho(port, 1).payloadOf(random.nextInt(50)).build();
            case 5 -> builder.udp(port, 53).payloadOf(random.nextInt(200)).build();
            default ->
                ipv4
                        ? builder.udp(port, 53).checksum(0).payloadOf(9).build()
                        : builder.udp(port, 53).payloadOf(9).build();
        };
    }

    @Property(tries = 300)
    void keyOfTheFastPathIsThatOfTheSlowPath(@ForAll int seed) {
        final Random random = new Random(seed);
        try (TestDataplane test = new TestDataplane()) {
            final byte[] packet = randomPacket(random);
            test.send(test.pod1, packet);
            test.send(test.pod1, packet);
            final boolean cacheable = isPlain(packet);
            assertThat(test.count(PathCounter.CACHE_HITS)).isEqualTo(cacheable ? 1 : 0);
        }
    }

    private static boolean isPlain(byte[] frame) {
        final boolean ipv4 = frame[12] == 8;
        final int protocol = frame[ipv4 ? 23 : 20] & 0xFF;
        final int transport = ipv4 ? 34 : 54;
        return protocol == PacketParser.PROTOCOL_UDP
                || (protocol == PacketParser.PROTOCOL_TCP && (frame[transport + 13] & PacketParser.TCP_SYN) == 0);
    }
}
