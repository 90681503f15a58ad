package io.weir.dataplane.flow;

import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.pipeline.DataplaneDrop;
import io.weir.dataplane.port.FaultPort;
import io.weir.dataplane.port.FaultSpec;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.TestDataplane;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Every packet that enters is accounted for, whatever its bytes: sent, answered, held, or dropped with a reason. */
class AccountingPropertyTest {
    @Property(tries = 200)
    void everyPacketIsAccountedFor(@ForAll int seed) {
        final Random random = new Random(seed);
        try (TestDataplane test = new TestDataplane()) {
            final int count = 100;
            for (int i = 0; i < count; i++) {
                test.send(random.nextInt(4) == 0 ? test.uplink : test.pod1, mutate(random, seedPacket(random)));
            }
            final long sent = (long) test.uplink.transmitted().size()
                    + test.pod1.transmitted().size()
                    + test.pod2.transmitted().size();
            final long received = test.counters().receivedPackets(TestDataplane.UPLINK)
                    + test.counters().receivedPackets(TestDataplane.POD1);
            assertThat(received).isEqualTo(count);
            assertThat(sent
                            + test.counters().totalDrops()
                            + test.count(PathCounter.ANSWERED)
                            + test.count(PathCounter.HELD))
                    .isEqualTo(count);
            assertThat(test.dataplane.workers().getFirst().pool().inUse()).isZero();
        }
    }

    /** The same behind a bad wire: what it loses is received and dropped, what it doubles is received twice. */
    @Property(tries = 200)
    void everyPacketIsAccountedForBehindABadWire(@ForAll int seed) {
        final Random random = new Random(seed);
        final FaultSpec spec = new FaultSpec(
                random.nextDouble(), random.nextDouble(), random.nextDouble(), random.nextDouble(), 0.2, seed);
        try (TestDataplane test = new TestDataplane()) {
            final FaultPort port = new FaultPort(test.pod1, TestDataplane.POD1, spec, test.counters());
            test.dataplane.proxies().getFirst().wrapPort(TestDataplane.POD1, inner -> port);
            final int count = 100;
            for (int i = 0; i < count; i++) {
                test.pod1.offer(mutate(random, seedPacket(random)));
                if (random.nextInt(8) == 0) {
                    test.dataplane.step();
                }
            }
            do {
                test.dataplane.step();
            } while (port.waiting() != 0);
            final long received = test.counters().receivedPackets(TestDataplane.POD1);
            final long lost = test.counters().drops(DataplaneDrop.FAULT_INJECTED.id());
            final long sent = (long) test.uplink.transmitted().size()
                    + test.pod1.transmitted().size()
                    + test.pod2.transmitted().size();
            assertThat(received).isBetween((long) count, 2L * count);
            assertThat(lost).isLessThanOrEqualTo(count);
            assertThat(sent
                            + test.counters().totalDrops()
                            + test.count(PathCounter.ANSWERED)
                            + test.count(PathCounter.HELD))
                    .isEqualTo(received);
            assertThat(test.dataplane.workers().getFirst().pool().inUse()).isZero();
            port.close();
        }
    }

    private static byte[] seedPacket(Random random) {
        final PacketBuilder ipv4 =
                PacketBuilder.packet().ethernet(POD1_MAC, GATEWAY_MAC).ipv4("10.0.1.1", "192.0.2.9");
        final PacketBuilder ipv6 =
                PacketBuilder.packet().ethernet(POD1_MAC, GATEWAY_MAC).ipv6("fd00:1::1", "2001:db8::9");
        final List<PacketBuilder> seeds =
                List.of(ipv4.udp(1, 2).payloadOf(40), ipv6.tcp(3, 4).flags("A").payloadOf(20));
        return switch (random.nextInt(6)) {
            case 0 -> new byte[random.nextInt(100)];
            case 1 ->
                PacketBuilder.packet()
                        .arpRequest("02:00:00:00:01:01", "10.0.1.1", "169.254.1.1")
                        .build();
            default -> seeds.get(random.nextInt(2)).build();
        };
    }

    private static byte[] mutate(Random random, byte[] frame) {
        final int changes = random.nextInt(4);
        for (int i = 0; i < changes && frame.length > 0; i++) {
            frame[random.nextInt(frame.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(4) == 0 ? java.util.Arrays.copyOf(frame, random.nextInt(frame.length + 1)) : frame;
    }
}
