package io.weir.dataplane.flow;

import static io.weir.dataplane.worker.TestDataplane.GATEWAY_MAC;
import static io.weir.dataplane.worker.TestDataplane.POD1_MAC;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.weir.dataplane.packet.Burst;
import io.weir.dataplane.packet.Packet;
import io.weir.dataplane.packet.PacketPool;
import io.weir.dataplane.pipeline.Decision;
import io.weir.dataplane.port.LoopSource;
import io.weir.dataplane.port.NullPort;
import io.weir.dataplane.wire.PacketBuilder;
import io.weir.dataplane.worker.TestDataplane;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** After start, a packet costs no allocation: not on a hit, not on a miss, not when it is dropped. */
class AllocationTest {
    private static final int PACKETS = 1_000_000;

    @Test
    void aMillionPacketsAllocateNothing() {
        final List<byte[]> frames = new ArrayList<>();
        for (int port = 1; port <= 64; port++) {
            frames.add(udp("192.0.2.9", port));
            frames.add(udp("10.9.1.1", port));
            frames.add(PacketBuilder.packet()
                    .ethernet(POD1_MAC, GATEWAY_MAC)
                    .ipv6("fd00:1::1", "2001:db8::9")
                    .tcp(port, 443)
                    .flags(port % 3 == 0 ? "S" : "A")
                    .build());
        }
        try (TestDataplane test = new TestDataplane();
                LoopSource source = new LoopSource("source", frames)) {
            final Snapshot snapshot = test.dataplane.snapshot();
            final Ingress pod = snapshot.ingresses().get(TestDataplane.POD1);
            assertThat(pod).isNotNull();
            try (PacketPool pool = new PacketPool(512, 0);
                    FlowCache cache = new FlowCache(1024)) {
                final Transmitter transmitter = new Transmitter(pool, test.counters(), 8, 256);
                transmitter.port(TestDataplane.UPLINK, new NullPort("null"));
                try (SlowPath slowPath = new SlowPath(cache, transmitter, new NoResponder(), test.counters())) {
                    final FastPath path = new FastPath(cache, transmitter, slowPath, test.counters(), 64);
                    final Burst burst = new Burst(64);
                    run(source, pool, path, transmitter, burst, pod, snapshot, 200_000);
                    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                    final long id = Thread.currentThread().threadId();
                    // the least of some rounds: what the JVM does once (a recompilation) is not per packet
                    long least = Long.MAX_VALUE;
                    for (int round = 0; round < 5 && least > 0; round++) {
                        final long before = threads.getThreadAllocatedBytes(id);
                        run(source, pool, path, transmitter, burst, pod, snapshot, PACKETS);
                        least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
                    }
                    assertThat(least).isZero();
                }
            }
        }
    }

    private static byte[] udp(String destination, int port) {
        return PacketBuilder.packet()
                .ethernet(POD1_MAC, GATEWAY_MAC)
                .ipv4("10.0.1.1", destination)
                .udp(port, 53)
                .payload("allocates nothing")
                .build();
    }

    private static void run(
            LoopSource source,
            PacketPool pool,
            FastPath path,
            Transmitter transmitter,
            Burst burst,
            Ingress ingress,
            Snapshot snapshot,
            int packets) {
        int count = 0;
        long nowNs = 1_000_000_000L;
        while (count < packets) {
            count += source.receive(burst, pool);
            path.process(burst, ingress, snapshot, nowNs);
            transmitter.flush();
            nowNs += 100_000L;
        }
    }

    private static final class NoResponder implements Responder {
        @Override
        public void neighbourPacket(Packet packet, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // not under test
        }

        @Override
        public void answer(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // not under test
        }

        @Override
        public void hold(
                Packet packet, Decision decision, Ingress ingress, Snapshot snapshot, Transmitter transmitter) {
            // not under test
        }

        @Override
        public void fragment(long adjacency, long ip, int ipLength, int notes, int hash, Transmitter transmitter) {
            // not under test
        }
    }
}
